//! `subsidence.csv`: a directly measured series.

use std::path::Path;

use jiff::civil::DateTime;

use super::{ReadError, Reading, WellIndex, rows::Measured, rows::RowsByWell};
use crate::{
    level::{LeftOut, in_order_of_time},
    ps::{CLOSE_MM, MAX_SUBSIDENCE_MM},
    table::{Cell, Column, Conventions, Row, Table, is_usual_marker},
};

/// An opened `subsidence.csv`.
pub(super) struct Subsidence {
    rows: RowsByWell,
    columns: Columns,
    /// Whether each well has a reading.
    measured: Vec<bool>,
}

/// Where the fields of a reading are.
#[derive(Clone)]
struct Columns {
    date: Column,
    value: Column,
    conventions: Conventions,
}

impl Columns {
    fn read(&self, row: &Row) -> Result<(DateTime, Cell), ReadError> {
        let time = row.time(self.date, &self.conventions)?;
        let cell = row.measurement(self.value, &self.conventions, "mm or an empty field")?;
        if cell
            .value()
            .is_some_and(|value| value.abs() > MAX_SUBSIDENCE_MM)
        {
            let expected = "mm within 100 m; list a value for \"no reading\" in no_data of [data]";
            return Err(row.wrong_field(self.value, expected).into());
        }
        Ok((time, cell))
    }
}

impl Subsidence {
    /// Opens the file and checks every row.
    pub(super) fn open(
        path: &Path,
        wells: &WellIndex,
        conventions: &Conventions,
    ) -> Result<Self, ReadError> {
        let table = Table::open(path, "well, date, subsidence_mm")?;
        table.column("well")?;
        let columns = Columns {
            date: table.column("date")?,
            value: table.column("subsidence_mm")?,
            conventions: conventions.clone(),
        };
        let none: Vec<usize> = Vec::new();
        let value = columns.value;
        let (rows, found) = RowsByWell::new(
            table,
            wells,
            value,
            conventions,
            &none,
            |measured, well, row| {
                let (time, cell) = columns.read(row)?;
                let Some(subsidence_mm) = cell.value() else {
                    return Ok(None);
                };
                if measured.last() != Some(&well) {
                    measured.push(well);
                }
                Ok(Some(Measured {
                    series: 0,
                    time,
                    is_suspect: is_usual_marker(subsidence_mm),
                }))
            },
        )?;
        let mut measured = vec![false; wells.ids.len()];
        for well in found.into_iter().flatten() {
            measured[well] = true;
        }
        Ok(Self {
            rows,
            columns,
            measured,
        })
    }

    /// Whether a well has a reading.
    pub(super) fn has(&self, well: usize) -> bool {
        self.measured[well]
    }

    /// Whether a well's readings must be read wholly to know that they are sound.
    pub(super) fn is_suspect(&self, well: usize) -> bool {
        self.rows.is_suspect(well)
    }

    /// Readings of a well, ascending in time, and what was not used.
    pub(super) fn readings(
        &self,
        well: usize,
        id: &str,
    ) -> Result<(Vec<Reading>, LeftOut), ReadError> {
        let mut readings: Vec<(DateTime, u64, f64)> = Vec::new();
        let mut left_out = LeftOut::default();
        self.rows.read(well, |row| {
            let (time, cell) = self.columns.read(row)?;
            match cell {
                Cell::Value(value) => readings.push((time, row.line(), value)),
                nothing => left_out.count(nothing),
            }
            Ok(())
        })?;
        let copies = in_order_of_time(
            &mut readings,
            |reading| *reading,
            |reading| reading.2,
            CLOSE_MM,
        );
        left_out.copies += copies.map_err(|fault| ReadError::Series {
            path: self.rows.path().to_owned(),
            column: "subsidence_mm",
            of: format!("well {id}"),
            fault,
        })?;
        let reading = |(time, _, subsidence_mm): (DateTime, u64, f64)| Reading {
            date: time.date(),
            subsidence_mm,
        };
        Ok((readings.into_iter().map(reading).collect(), left_out))
    }
}
