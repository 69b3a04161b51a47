//! Readings of one well by aquifer layer.

use std::path::Path;

use amlstm_core::month::Month;

use super::ReadError;
use super::level_row::LevelRow;
use crate::{
    level::{LayerReadings, LeftOut, LevelReading},
    table::{Cell, month_of},
};

/// Readings of one well by aquifer layer.
pub struct Readings {
    layers: Vec<(Vec<LevelReading>, LeftOut)>,
    approved_only: bool,
    /// First and last month of all rows, with a level or without.
    pub months: Option<(Month, Month)>,
}

impl Readings {
    pub fn new(approved_only: bool) -> Self {
        Self {
            layers: Vec::new(),
            approved_only,
            months: None,
        }
    }

    pub fn add(&mut self, row: &LevelRow) {
        if self.layers.len() <= row.layer {
            self.layers.resize_with(row.layer + 1, Default::default);
        }
        let month = month_of(row.time.date());
        let (first, last) = self.months.unwrap_or((month, month));
        self.months = Some((first.min(month), last.max(month)));
        let (readings, left_out) = &mut self.layers[row.layer];
        match (row.cell, row.reading()) {
            (_, Some(_)) if self.approved_only && !row.is_approved => left_out.not_approved += 1,
            (_, Some(reading)) => readings.push(reading),
            (Cell::NotANumber, _) => left_out.not_a_number += 1,
            (Cell::NoData, _) => left_out.no_data += 1,
            _ => left_out.empty += 1,
        }
    }

    pub fn by_layer(
        self,
        (path, column): (&Path, &'static str),
        well: &str,
        names: &[String],
    ) -> Result<Vec<LayerReadings>, ReadError> {
        self.layers
            .into_iter()
            .zip(names)
            .filter(|((readings, _), _)| !readings.is_empty())
            .map(|((readings, left_out), name)| {
                LayerReadings::new(name, readings, left_out).map_err(|fault| ReadError::Series {
                    path: path.to_owned(),
                    column,
                    of: format!("well {well}, layer {name}"),
                    fault,
                })
            })
            .collect()
    }
}
