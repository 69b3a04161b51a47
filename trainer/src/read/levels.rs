//! `levels.csv`: water levels of any sampling as monthly means, and `layers.csv`, the order of the aquifer layers.

use std::path::Path;

use super::{ReadError, WellIndex, listed, rows::RowsByWell};
use crate::{
    level::{LevelReading, MonthlyLevels},
    table::{Column, Place, Row, Table},
};

/// Names of the aquifer layers in the order of the inputs.
#[derive(Clone)]
struct LayerIndex {
    names: Vec<String>,
    /// Layers that are not there yet are an error, not new.
    complete: bool,
    /// Who names the layers, for messages.
    of: &'static str,
}

impl LayerIndex {
    fn number(&mut self, name: &str, row: &Row) -> Result<usize, ReadError> {
        match self.names.iter().position(|known| known == name) {
            Some(number) => Ok(number),
            None if self.complete => Err(ReadError::UnknownLayer {
                place: row.place(),
                layer: name.to_owned(),
                of: self.of,
                known: listed(&self.names),
            }),
            None => {
                self.names.push(name.to_owned());
                Ok(self.names.len() - 1)
            }
        }
    }
}

/// Reads the order of the aquifer layers, from the top.
pub(super) fn read_order(path: &Path) -> Result<Vec<String>, ReadError> {
    let mut table = Table::open(path, "layer")?;
    let layer = table.column("layer")?;
    let mut names: Vec<String> = Vec::new();
    while let Some(row) = table.next_row()? {
        let name = row.name(layer)?;
        if names.iter().any(|known| known == name) {
            return Err(row.refuse(layer, "every layer once").into());
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// An opened `levels.csv`.
pub(super) struct Levels {
    rows: RowsByWell,
    columns: Columns,
    /// All aquifer layers of the file.
    layers: LayerIndex,
}

impl Levels {
    /// Opens the file and checks every row.
    pub(super) fn open(
        path: &Path,
        wells: &WellIndex,
        order: Option<Vec<String>>,
    ) -> Result<Self, ReadError> {
        let table = Table::open(path, "well, layer, date, level_m")?;
        table.column("well")?;
        let columns = Columns::find(&table)?;
        let mut layers = LayerIndex {
            complete: order.is_some(),
            names: order.unwrap_or_default(),
            of: "layers.csv",
        };
        let (rows, found) = RowsByWell::new(table, wells, &layers, |layers, _, row| {
            let (layer, reading) = columns.read(row, layers)?;
            Ok(reading.map(|reading| (layer, reading.time)))
        })?;
        for name in found.into_iter().flat_map(|layers| layers.names) {
            if !layers.names.contains(&name) {
                layers.names.push(name);
            }
        }
        Ok(Self {
            rows,
            columns,
            layers,
        })
    }

    /// Whether a well may have two levels of one time.
    pub(super) fn is_unordered(&self, well: usize) -> bool {
        self.rows.is_unordered(well)
    }

    /// Monthly means of a well's aquifer layers; layers without any level at the well are left out.
    pub(super) fn monthly(&self, well: usize, id: &str) -> Result<Vec<MonthlyLevels>, ReadError> {
        let mut layers = self.layers.clone();
        let mut readings = Readings::default();
        self.rows.read(well, |row| {
            readings.add(self.columns.read(row, &mut layers)?);
            Ok(())
        })?;
        monthly(self.rows.path(), readings, id, &self.layers.names)
    }
}

/// Where the fields of a level are.
#[derive(Clone, Copy)]
struct Columns {
    layer: Column,
    date: Column,
    level: Column,
}

impl Columns {
    fn find(table: &Table) -> Result<Self, ReadError> {
        Ok(Self {
            layer: table.column("layer")?,
            date: table.column("date")?,
            level: table.column("level_m")?,
        })
    }

    /// Number of a row's aquifer layer, and its level unless that is empty.
    fn read(
        &self,
        row: &Row,
        layers: &mut LayerIndex,
    ) -> Result<(usize, Option<LevelReading>), ReadError> {
        let layer = layers.number(row.name(self.layer)?, row)?;
        let time = row.time(self.date)?;
        let level_m = row.optional_number(self.level, "metres or an empty field")?;
        let reading = level_m.map(|level_m| LevelReading {
            time,
            level_m: level_m as f32,
            line: row.line(),
        });
        Ok((layer, reading))
    }
}

/// Readings of one well by aquifer layer.
#[derive(Default)]
struct Readings(Vec<Vec<LevelReading>>);

impl Readings {
    fn add(&mut self, (layer, reading): (usize, Option<LevelReading>)) {
        if let Some(reading) = reading {
            if self.0.len() <= layer {
                self.0.resize(layer + 1, Vec::new());
            }
            self.0[layer].push(reading);
        }
    }
}

/// Monthly means of the levels of one well, for the aquifer layers that are known beforehand and in their order.
///
/// A file without a column `well` has only this well; of one with that column, the rows of other wells are passed over.
///
/// # Errors
/// When the file is malformed, names another aquifer layer, or has no level of this well.
pub fn read_levels_of(
    path: &Path,
    well: &str,
    aquifer_layers: &[String],
) -> Result<Vec<MonthlyLevels>, ReadError> {
    let mut table = Table::open(path, "layer, date, level_m")?;
    let of_well = table.find("well");
    let columns = Columns::find(&table)?;
    let mut layers = LayerIndex {
        names: aquifer_layers.to_vec(),
        complete: true,
        of: "the model",
    };
    let mut readings = Readings::default();
    while let Some(row) = table.next_row()? {
        if let Some(column) = of_well
            && row.name(column)? != well
        {
            continue;
        }
        readings.add(columns.read(&row, &mut layers)?);
    }
    let levels = monthly(path, readings, well, aquifer_layers)?;
    if levels.is_empty() {
        return Err(ReadError::NoLevels {
            path: path.to_owned(),
            well: well.to_owned(),
        });
    }
    Ok(levels)
}

/// Monthly means of one well's aquifer layers.
fn monthly(
    path: &Path,
    readings: Readings,
    well: &str,
    layers: &[String],
) -> Result<Vec<MonthlyLevels>, ReadError> {
    let measured = readings
        .0
        .into_iter()
        .zip(layers)
        .filter(|(readings, _)| !readings.is_empty());
    measured
        .map(|(readings, layer)| {
            MonthlyLevels::from_readings(layer, readings).map_err(|twice| {
                ReadError::DuplicateDate {
                    place: Place {
                        path: path.to_owned(),
                        line: twice.again,
                    },
                    time: twice.time,
                    of: format!("well {well}, layer {layer}"),
                    first: twice.first,
                }
            })
        })
        .collect()
}
