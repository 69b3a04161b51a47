//! `levels.csv`: water levels of any sampling.

use std::path::Path;

use super::layers::LayerIndex;
use super::level_row::Columns;
use super::readings::Readings;
use super::rows::{Measured, RowsByWell};
use super::{ReadError, WellIndex};
use crate::{
    level::LayerReadings,
    table::{Conventions, Table, is_usual_marker},
};

/// An opened `levels.csv`.
pub(super) struct Levels {
    rows: RowsByWell,
    columns: Columns,
    /// All aquifer layers of the file.
    layers: LayerIndex,
    approved_only: bool,
}

impl Levels {
    /// Opens the file and checks every row.
    pub(super) fn open(
        path: &Path,
        wells: &WellIndex,
        order: Option<Vec<String>>,
        conventions: &Conventions,
        approved_only: bool,
    ) -> Result<Self, ReadError> {
        let table = Table::open(path, "well, layer, date, level_m")?;
        table.column("well")?;
        let columns = Columns::find(&table, conventions)?;
        let mut layers = LayerIndex {
            complete: order.is_some(),
            names: order.unwrap_or_default(),
            of: "layers.csv",
        };
        let measured = columns.level.column();
        let (rows, found) = RowsByWell::new(
            table,
            wells,
            measured,
            conventions,
            &layers,
            |layers, _, row| {
                let read = columns.read(row, layers)?;
                Ok(read.reading().map(|reading| Measured {
                    series: read.layer,
                    time: reading.time,
                    is_suspect: is_usual_marker(f64::from(reading.written_m)),
                }))
            },
        )?;
        for name in found.into_iter().flat_map(|layers| layers.names) {
            if !layers.names.contains(&name) {
                layers.names.push(name);
            }
        }
        Ok(Self {
            rows,
            columns,
            layers,
            approved_only,
        })
    }

    /// Whether a well's levels must be read wholly to know that they are sound.
    pub(super) fn is_suspect(&self, well: usize) -> bool {
        self.rows.is_suspect(well)
    }

    /// All readings of a well by aquifer layer; layers without any level at the well are left out.
    pub(super) fn readings(&self, well: usize, id: &str) -> Result<Vec<LayerReadings>, ReadError> {
        let mut layers = self.layers.clone();
        let mut readings = Readings::new(self.approved_only);
        self.rows.read(well, |row| {
            readings.add(&self.columns.read(row, &mut layers)?);
            Ok(())
        })?;
        let column = self.columns.level.name();
        readings.by_layer((self.rows.path(), column), id, &self.layers.names)
    }
}
