//! Tables of a run as CSV.

use std::path::Path;

use serde::Serialize;

use super::{Row, RunError, columns::columns};

/// The first line of a table.
pub fn header<T: Row>() -> Vec<u8> {
    let mut line = columns::<T>().join(",").into_bytes();
    line.push(b'\n');
    line
}

/// Rows as CSV without a header.
pub fn rows<T: Serialize>(rows: &[T]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    for row in rows {
        writer
            .serialize(row)
            .expect("rows are flat and memory does not fail");
    }
    writer.into_inner().expect("memory does not fail")
}

/// What to do with a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Take it.
    Yes,
    /// Pass it over.
    No,
    /// Stop before it.
    NoMore,
}

/// Hands the rows of a table to `take`; `wanted` gets the first column, which is the well.
///
/// # Errors
/// When the table is missing, or a wanted row is not as the run writes it.
pub fn read_wanted<T: Row>(
    folder: &Path,
    mut wanted: impl FnMut(&str) -> Wanted,
    mut take: impl FnMut(T),
) -> Result<(), RunError> {
    let path = folder.join(T::TABLE);
    let refused = |error| refused(&path, error);
    let mut reader = csv::Reader::from_path(&path).map_err(refused)?;
    let header = reader.headers().map_err(refused)?.clone();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(refused)? {
        match wanted(record.get(0).unwrap_or_default()) {
            Wanted::Yes => take(record.deserialize(Some(&header)).map_err(refused)?),
            Wanted::No => {}
            Wanted::NoMore => break,
        }
    }
    Ok(())
}

/// All rows of a table; none where the run has no such table.
///
/// # Errors
/// When a row is not as the run writes it.
pub fn read_optional<T: Row>(folder: &Path) -> Result<Vec<T>, RunError> {
    let mut rows = Vec::new();
    if folder.join(T::TABLE).is_file() {
        read_wanted(folder, |_| Wanted::Yes, |row| rows.push(row))?;
    }
    Ok(rows)
}

/// What is wrong with a table.
fn refused(path: &Path, error: csv::Error) -> RunError {
    let cause = match error.into_kind() {
        csv::ErrorKind::Io(source) => return RunError::file(path, source),
        csv::ErrorKind::Deserialize { pos, err } => {
            let line = pos.map_or(String::new(), |pos| format!("line {}: ", pos.line()));
            format!("{line}{err}")
        }
        other => format!("{other:?}"),
    };
    RunError::Table {
        path: path.to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;
    use crate::{
        attribution::Method,
        run::{
            AttentionRow, FailureRow, LevelledPoint, MetricRow, ModelKind, PredictionRow,
            RatePoint, Share, Stage, TrainingRow,
        },
        split::Part,
    };

    /// The table of one row, which is read back as it was written.
    fn written<T: Row + PartialEq + Debug>(row: T) -> String {
        let mut text = header::<T>();
        text.extend(rows(std::slice::from_ref(&row)));
        let mut reader = csv::Reader::from_reader(&text[..]);
        let read: Vec<T> = reader.deserialize().collect::<Result<_, _>>().unwrap();
        assert_eq!(read, [row]);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_written_table_is_read_back() {
        let well = || "A, north".to_owned();
        let month = "2010-01".parse().unwrap();
        let metrics = written(MetricRow {
            well: well(),
            model: ModelKind::FLOOR,
            part: Part::Test,
            selected_on: None,
            points: 3,
            increments: 30,
            rmse_mm_per_month: 1.5,
            mae_mm_per_month: 1.25,
            bias_mm_per_month: -0.5,
            r2: 0.75,
            floor_mm_per_month: Some(1.5),
            cumulative_rmse_mm: None,
        });
        assert_eq!(
            metrics,
            "well,model,part,selected_on,points,increments,rmse_mm_per_month,mae_mm_per_month,bias_mm_per_month,r2,floor_mm_per_month,cumulative_rmse_mm\n\
             \"A, north\",floor,test,,3,30,1.5,1.25,-0.5,0.75,1.5,\n"
        );
        let predictions = written(PredictionRow {
            well: well(),
            model: ModelKind::AM_LSTM,
            month,
            part: Some(Part::Border),
            days: Some(24.0),
            observed_subsidence_mm: None,
            observed_low_mm: None,
            observed_high_mm: None,
            predicted_increment_mm: 2.0,
            predicted_subsidence_mm: None,
        });
        assert!(
            predictions.ends_with("am-lstm,2010-01,border,24.0,,,,2.0,\n"),
            "{predictions}"
        );
        written(TrainingRow {
            well: well(),
            model: ModelKind::LSTM,
            epoch: 1,
            train_rmse_mm_per_month: 1.5,
            validate_rmse_mm_per_month: None,
            test_rmse_mm_per_month: Some(2.0),
            kept: true,
        });
        let share = written(Share {
            well: well(),
            aquifer_layer: "upper".into(),
            method: Method::Permutation,
            share: 0.5,
            share_lower_quartile: Some(0.25),
            share_upper_quartile: None,
        });
        assert!(
            share.starts_with("well,layer,method,share,"),
            "the name in files: {share}"
        );
        written(RatePoint {
            well: well(),
            point: "P1".into(),
            east_m: 1.5,
            north_m: -2.5,
            vertical_rate_mm_per_year: 3.25,
            los_rate_mm_per_year: None,
        });
        written(LevelledPoint {
            benchmark: "BM1".into(),
            levelling_mm_per_year: -3.5,
            ps_mm_per_year: -4.0,
        });
        let failure = written(FailureRow {
            well: well(),
            stage: Stage::Train,
            message: "well A, north: diverged".into(),
        });
        assert!(failure.starts_with("well,stage,message\n"), "{failure}");
    }

    #[test]
    fn a_number_has_six_digits_and_none_is_an_empty_field() {
        let attention = AttentionRow {
            well: "A".into(),
            month: "2010-01".parse().unwrap(),
            layer: "upper".into(),
            level_m: None,
            attention: 1.0 / 3.0,
        };
        let text = String::from_utf8(rows(&[attention])).unwrap();
        assert_eq!(text, "A,2010-01,upper,,0.333333\n");
    }
}
