//! `subsidence.csv`: a directly measured series.

use std::path::Path;

use jiff::civil::DateTime;

use super::{ReadError, Reading, WellIndex, rows::RowsByWell};
use crate::table::{Column, Place, Row, Table, shown_time};

/// An opened `subsidence.csv`.
pub(super) struct Subsidence {
    rows: RowsByWell,
    date: Column,
    value: Column,
    /// Whether each well has a reading.
    measured: Vec<bool>,
}

impl Subsidence {
    /// Opens the file and checks every row.
    pub(super) fn open(path: &Path, wells: &WellIndex) -> Result<Self, ReadError> {
        let table = Table::open(path, "well, date, subsidence_mm")?;
        table.column("well")?;
        let (date, value) = (table.column("date")?, table.column("subsidence_mm")?);
        let none: Vec<usize> = Vec::new();
        let (rows, found) = RowsByWell::new(table, wells, &none, |measured, well, row| {
            let reading = reading(row, date, value)?;
            if reading.is_some() && measured.last() != Some(&well) {
                measured.push(well);
            }
            Ok(reading.map(|(time, ..)| (0, time)))
        })?;
        let mut measured = vec![false; wells.ids.len()];
        for well in found.into_iter().flatten() {
            measured[well] = true;
        }
        Ok(Self {
            rows,
            date,
            value,
            measured,
        })
    }

    /// Whether a well has a reading.
    pub(super) fn has(&self, well: usize) -> bool {
        self.measured[well]
    }

    /// Whether a well may have two readings of one time.
    pub(super) fn is_unordered(&self, well: usize) -> bool {
        self.rows.is_unordered(well)
    }

    /// Readings of a well, ascending in time.
    pub(super) fn readings(&self, well: usize, id: &str) -> Result<Vec<Reading>, ReadError> {
        let mut readings = Vec::new();
        self.rows.read(well, |row| {
            readings.extend(reading(row, self.date, self.value)?);
            Ok(())
        })?;
        readings.sort_by_key(|(time, line, _)| (*time, *line));
        if let Some(pair) = readings.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(ReadError::DuplicateDate {
                place: Place {
                    path: self.rows.path().to_owned(),
                    line: pair[1].1,
                },
                time: shown_time(pair[1].0),
                of: format!("well {id}"),
                first: pair[0].1,
            });
        }
        let reading = |(time, _, subsidence_mm): (DateTime, u64, f64)| Reading {
            date: time.date(),
            subsidence_mm,
        };
        Ok(readings.into_iter().map(reading).collect())
    }
}

/// Time, line and value of a row; `None` where the value is empty.
fn reading(
    row: &Row,
    date: Column,
    value: Column,
) -> Result<Option<(DateTime, u64, f64)>, ReadError> {
    let time = row.time(date)?;
    let subsidence_mm = row.optional_number(value, "mm or an empty field")?;
    Ok(subsidence_mm.map(|subsidence_mm| (time, row.line(), subsidence_mm)))
}
