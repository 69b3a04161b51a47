//! `layers.csv`: the order of the aquifer layers, and their numbers in other files.

use std::path::Path;

use amlstm_core::artifact::MAX_NAME_BYTES;

use super::ReadError;
use crate::table::{Row, Table, listed};

/// Names of the aquifer layers in the order of the inputs.
#[derive(Clone)]
pub struct LayerIndex {
    pub names: Vec<String>,
    /// Layers that are not there yet are an error, not new.
    pub complete: bool,
    /// Who names the layers, for messages.
    pub of: &'static str,
}

impl LayerIndex {
    pub fn number(&mut self, name: &str, row: &Row) -> Result<usize, ReadError> {
        match self.names.iter().position(|known| known == name) {
            Some(number) => Ok(number),
            None if self.complete => Err(ReadError::UnknownLayer {
                place: row.place(),
                layer: name.to_owned(),
                of: self.of,
                known: listed(&self.names),
            }),
            None => {
                check_length("layer", name, row)?;
                self.names.push(name.to_owned());
                Ok(self.names.len() - 1)
            }
        }
    }
}

/// Refuses a name that a model file cannot hold.
pub fn check_length(column: &'static str, name: &str, row: &Row) -> Result<(), ReadError> {
    if name.len() > MAX_NAME_BYTES {
        return Err(ReadError::LongName {
            place: row.place(),
            column,
            name: name.to_owned(),
        });
    }
    Ok(())
}

/// Reads the order of the aquifer layers, from the top.
pub fn read_order(path: &Path) -> Result<Vec<String>, ReadError> {
    let mut table = Table::open(path, "layer")?;
    let layer = table.column("layer")?;
    let mut names: Vec<String> = Vec::new();
    while let Some(row) = table.next_row()? {
        let name = row.name(layer)?;
        if names.iter().any(|known| *known == name) {
            return Err(row.wrong_field(layer, "every layer once").into());
        }
        check_length("layer", &name, &row)?;
        names.push(name.into_owned());
    }
    Ok(names)
}
