//! `subsidence.csv`: a directly measured series.

use std::path::Path;

use super::{ReadError, Reading, WellIndex};
use crate::table::{Place, Table};

/// Readings of each well in well order, ascending in time; none where a well has no row.
pub(super) fn read(path: &Path, wells: &WellIndex) -> Result<Vec<Vec<Reading>>, ReadError> {
    let mut table = Table::open(path, "well, date, subsidence_mm")?;
    let (well, date, subsidence) = (
        table.column("well")?,
        table.column("date")?,
        table.column("subsidence_mm")?,
    );
    let mut readings = vec![Vec::new(); wells.ids.len()];
    while let Some(row) = table.next_row()? {
        let well = wells.number(row.name(well)?, &row)?;
        let time = row.time(date)?;
        if let Some(subsidence_mm) = row.optional_number(subsidence, "mm or an empty field")? {
            readings[well].push((time, row.line(), subsidence_mm));
        }
    }
    for (of_well, well) in readings.iter_mut().zip(&wells.ids) {
        of_well.sort_by_key(|(time, line, _)| (*time, *line));
        if let Some(pair) = of_well.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(ReadError::DuplicateDate {
                place: Place {
                    path: path.to_owned(),
                    line: pair[1].1,
                },
                time: crate::table::shown_time(pair[1].0),
                of: format!("well {well}"),
                first: pair[0].1,
            });
        }
    }
    let reading = |(time, _, subsidence_mm): (jiff::civil::DateTime, u64, f64)| Reading {
        date: time.date(),
        subsidence_mm,
    };
    Ok(readings
        .into_iter()
        .map(|of_well| of_well.into_iter().map(reading).collect())
        .collect())
}
