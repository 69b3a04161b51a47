//! `levels.csv`: water levels of any sampling as monthly means, and `layers.csv`, the order of the aquifer layers.

use std::path::Path;

use super::{ReadError, WellIndex, listed};
use crate::{
    level::{LevelReading, MonthlyLevels},
    table::{Place, Row, Table},
};

/// Names of the aquifer layers in the order of the inputs.
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

/// Monthly means of each well's aquifer layers, in well order; layers without any level at a well are left out there.
pub(super) fn read(
    path: &Path,
    wells: &WellIndex,
    order: Option<Vec<String>>,
) -> Result<Vec<Vec<MonthlyLevels>>, ReadError> {
    let mut table = Table::open(path, "well, layer, date, level_m")?;
    let well = table.column("well")?;
    let mut layers = LayerIndex {
        complete: order.is_some(),
        names: order.unwrap_or_default(),
        of: "layers.csv",
    };
    let readings = collect(&mut table, wells.ids.len(), &mut layers, |row| {
        wells.number(row.name(well)?, row).map(Some)
    })?;
    let mut levels = Vec::with_capacity(readings.len());
    for (of_well, well) in readings.into_iter().zip(&wells.ids) {
        levels.push(monthly(path, of_well, well, &layers.names)?);
    }
    Ok(levels)
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
    let column = table.find("well");
    let mut layers = LayerIndex {
        names: aquifer_layers.to_vec(),
        complete: true,
        of: "the model",
    };
    let mut readings = collect(&mut table, 1, &mut layers, |row| {
        let other = match column {
            Some(column) => row.name(column)? != well,
            None => false,
        };
        Ok((!other).then_some(0))
    })?;
    let levels = monthly(path, readings.swap_remove(0), well, aquifer_layers)?;
    if levels.is_empty() {
        return Err(ReadError::NoLevels {
            path: path.to_owned(),
            well: well.to_owned(),
        });
    }
    Ok(levels)
}

/// All readings, `[wells][aquifer layers]`; rows for which `well_of` gives nothing are passed over.
fn collect(
    table: &mut Table,
    wells: usize,
    layers: &mut LayerIndex,
    well_of: impl Fn(&Row) -> Result<Option<usize>, ReadError>,
) -> Result<Vec<Vec<Vec<LevelReading>>>, ReadError> {
    let (layer, date, level) = (
        table.column("layer")?,
        table.column("date")?,
        table.column("level_m")?,
    );
    let mut readings = vec![Vec::new(); wells];
    while let Some(row) = table.next_row()? {
        let Some(well) = well_of(&row)? else { continue };
        let layer = layers.number(row.name(layer)?, &row)?;
        let time = row.time(date)?;
        if let Some(level_m) = row.optional_number(level, "metres or an empty field")? {
            let of_well: &mut Vec<Vec<LevelReading>> = &mut readings[well];
            if of_well.len() <= layer {
                of_well.resize(layer + 1, Vec::new());
            }
            of_well[layer].push(LevelReading {
                time,
                level_m: level_m as f32,
                line: row.line(),
            });
        }
    }
    Ok(readings)
}

/// Monthly means of one well's aquifer layers.
fn monthly(
    path: &Path,
    of_well: Vec<Vec<LevelReading>>,
    well: &str,
    layers: &[String],
) -> Result<Vec<MonthlyLevels>, ReadError> {
    let measured = of_well
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
