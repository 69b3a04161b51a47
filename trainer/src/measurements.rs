//! Monthly measurements of a well in memory, for programs that do not read files.

use std::collections::BTreeSet;

use amlstm_core::{month::Month, month_mean::MonthRule, sizes::MAX_INPUTS};
use jiff::civil::date;

use crate::{
    config::DataConfig,
    level::{MAX_LEVEL_M, MonthlyLevels},
    ps::MAX_SUBSIDENCE_MM,
    read::{Ground, Reading, Well},
    series::{SeriesError, WellSeries},
};

/// What was measured at a well, one row per month.
#[derive(Clone, Debug, PartialEq)]
pub struct MonthlyMeasurements {
    /// Well id; "SYNTHETIC" in it marks every model of the well.
    pub well: String,
    /// Names of the aquifer layers from the top, 1 to [`MAX_INPUTS`], no two alike.
    pub aquifer_layers: Vec<String>,
    /// Month of the first row.
    pub start: Month,
    /// Mean level above the site's datum in metres, up +, `[months][aquifer layers]`; `None` where nothing was measured.
    pub level_m: Vec<Vec<Option<f32>>>,
    /// Cumulative subsidence in mm, down +, `[months]`; `None` where nothing was measured.
    pub subsidence_mm: Vec<Option<f64>>,
}

/// Why measurements make no series.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum MeasurementsError {
    /// None, or more than a model can take.
    #[error("well {well}: found {found} aquifer layers, expected 1 to {MAX_INPUTS}")]
    LayerCount {
        /// Well id.
        well: String,
        /// Its layers.
        found: usize,
    },
    /// An empty name, or one that two layers have.
    #[error(
        "well {well}: found aquifer layer \"{layer}\", expected a name that no other layer has"
    )]
    LayerName {
        /// Well id.
        well: String,
        /// The name.
        layer: String,
    },
    /// As many rows of levels as months of subsidence belong together.
    #[error(
        "well {well}: found {levels} rows of levels and {subsidence} of subsidence, expected one of each per month"
    )]
    RowCount {
        /// Well id.
        well: String,
        /// Rows of levels.
        levels: usize,
        /// Rows of subsidence.
        subsidence: usize,
    },
    /// A row whose levels are not those of the layers.
    #[error(
        "well {well}, {month}: found {found} levels, expected {expected}, one per aquifer layer"
    )]
    RowLength {
        /// Well id.
        well: String,
        /// Month of the row.
        month: Month,
        /// Its levels.
        found: usize,
        /// Aquifer layers.
        expected: usize,
    },
    /// A level that is none.
    #[error(
        "well {well}, {month}: found a level of {found} m, expected one within ±{MAX_LEVEL_M} m"
    )]
    Level {
        /// Well id.
        well: String,
        /// Month of the row.
        month: Month,
        /// The value.
        found: f32,
    },
    /// A subsidence that is none.
    #[error(
        "well {well}, {month}: found a subsidence of {found} mm, expected one within ±{MAX_SUBSIDENCE_MM} mm"
    )]
    Subsidence {
        /// Well id.
        well: String,
        /// Month of the row.
        month: Month,
        /// The value.
        found: f64,
    },
    /// A layer without any level.
    #[error(
        "well {well}: found no level of aquifer layer \"{layer}\", expected some; leave the layer out"
    )]
    NoLevels {
        /// Well id.
        well: String,
        /// The layer.
        layer: String,
    },
    /// Levels and subsidence do not meet.
    #[error(transparent)]
    Series(#[from] SeriesError),
}

impl MonthlyMeasurements {
    /// The training series of these measurements.
    ///
    /// # Errors
    /// When rows, layers and values do not fit together, or fewer than two months have both levels and subsidence.
    pub fn series(&self, config: &DataConfig) -> Result<WellSeries, MeasurementsError> {
        self.check()?;
        let layers = self.aquifer_layers.iter().enumerate();
        let well = Well {
            id: self.well.clone(),
            name: self.well.clone(),
            position: None,
            levels: layers
                .map(|(layer, name)| self.levels_of(layer, name))
                .collect::<Result<_, _>>()?,
            ground: Ground::Direct(self.readings()),
        };
        Ok(WellSeries::new(&well, config)?)
    }

    fn check(&self) -> Result<(), MeasurementsError> {
        let well = || self.well.clone();
        let expected = self.aquifer_layers.len();
        if !(1..=MAX_INPUTS).contains(&expected) {
            return Err(MeasurementsError::LayerCount {
                well: well(),
                found: expected,
            });
        }
        let mut names = BTreeSet::new();
        if let Some(layer) = self
            .aquifer_layers
            .iter()
            .find(|name| name.is_empty() || !names.insert(*name))
        {
            return Err(MeasurementsError::LayerName {
                well: well(),
                layer: layer.clone(),
            });
        }
        if self.level_m.len() != self.subsidence_mm.len() {
            return Err(MeasurementsError::RowCount {
                well: well(),
                levels: self.level_m.len(),
                subsidence: self.subsidence_mm.len(),
            });
        }
        for (row, (level_m, subsidence_mm)) in
            self.level_m.iter().zip(&self.subsidence_mm).enumerate()
        {
            let month = self.month(row);
            if level_m.len() != expected {
                return Err(MeasurementsError::RowLength {
                    well: well(),
                    month,
                    found: level_m.len(),
                    expected,
                });
            }
            let within = |level: &f32| f64::from(level.abs()) <= MAX_LEVEL_M;
            if let Some(found) = level_m
                .iter()
                .flatten()
                .copied()
                .find(|level| !within(level))
            {
                return Err(MeasurementsError::Level {
                    well: well(),
                    month,
                    found,
                });
            }
            if let Some(found) =
                subsidence_mm.filter(|mm| mm.is_nan() || mm.abs() > MAX_SUBSIDENCE_MM)
            {
                return Err(MeasurementsError::Subsidence {
                    well: well(),
                    month,
                    found,
                });
            }
        }
        Ok(())
    }

    fn month(&self, row: usize) -> Month {
        self.start.offset(i32::try_from(row).unwrap_or(i32::MAX))
    }

    /// Levels of one layer from its first to its last.
    fn levels_of(&self, layer: usize, name: &str) -> Result<MonthlyLevels, MeasurementsError> {
        let level_m: Vec<Option<f32>> = self.level_m.iter().map(|row| row[layer]).collect();
        let first = level_m.iter().position(Option::is_some);
        let last = level_m.iter().rposition(Option::is_some);
        let (Some(first), Some(last)) = (first, last) else {
            return Err(MeasurementsError::NoLevels {
                well: self.well.clone(),
                layer: name.to_owned(),
            });
        };
        Ok(MonthlyLevels {
            aquifer_layer: name.to_owned(),
            start: self.month(first),
            level_m: level_m[first..=last].to_vec(),
            rule: MonthRule::AnyDay,
        })
    }

    /// The month's subsidence, read at its middle.
    fn readings(&self) -> Vec<Reading> {
        let measured = self.subsidence_mm.iter().enumerate();
        measured
            .filter_map(|(row, subsidence_mm)| {
                let month = self.month(row);
                Some(Reading {
                    date: date(month.year() as i16, month.month() as i8, 15),
                    subsidence_mm: (*subsidence_mm)?,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn measurements() -> MonthlyMeasurements {
        MonthlyMeasurements {
            well: "W".into(),
            aquifer_layers: vec!["upper".into(), "lower".into()],
            start: Month::new(2020, 11).unwrap(),
            level_m: vec![
                vec![Some(1.0), None],
                vec![Some(2.0), Some(-4.0)],
                vec![None, Some(-5.0)],
                vec![Some(4.0), Some(-6.0)],
            ],
            subsidence_mm: vec![Some(0.0), None, Some(3.0), Some(4.5)],
        }
    }

    fn refusal(change: impl FnOnce(&mut MonthlyMeasurements)) -> String {
        let mut measurements = measurements();
        change(&mut measurements);
        let series = measurements.series(&Config::default().data);
        series.unwrap_err().to_string()
    }

    #[test]
    fn months_with_gaps_make_a_series() {
        let series = measurements().series(&Config::default().data).unwrap();
        let months = ["2020-11", "2020-12", "2021-01", "2021-02"];
        assert_eq!(series.months, months.map(|month| month.parse().unwrap()));
        assert_eq!(series.level_m, measurements().level_m);
        assert_eq!(series.aquifer_layers, ["upper", "lower"]);
        let spans: Vec<_> = series.intervals.iter().map(|i| (i.from, i.to)).collect();
        assert_eq!(spans, [(0, 2), (2, 3)]);
        assert_eq!(series.points[0].increment_mm, [Some(3.0), Some(1.5)]);
        assert!(series.directly_measured && !series.synthetic);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let refusals = [
            (
                refusal(|of| of.aquifer_layers.clear()),
                "well W: found 0 aquifer layers, expected 1 to 8",
            ),
            (
                refusal(|of| of.aquifer_layers[1] = "upper".into()),
                "well W: found aquifer layer \"upper\", expected a name that no other layer has",
            ),
            (
                refusal(|of| of.subsidence_mm.truncate(3)),
                "well W: found 4 rows of levels and 3 of subsidence, expected one of each per month",
            ),
            (
                refusal(|of| of.level_m[2].truncate(1)),
                "well W, 2021-01: found 1 levels, expected 2, one per aquifer layer",
            ),
            (
                refusal(|of| of.level_m[1][0] = Some(f32::NAN)),
                "well W, 2020-12: found a level of NaN m, expected one within ±10000 m",
            ),
            (
                refusal(|of| of.subsidence_mm[0] = Some(f64::INFINITY)),
                "well W, 2020-11: found a subsidence of inf mm, expected one within ±100000 mm",
            ),
            (
                refusal(|of| of.level_m.iter_mut().for_each(|row| row[1] = None)),
                "well W: found no level of aquifer layer \"lower\", expected some; leave the layer out",
            ),
            (
                refusal(|of| of.subsidence_mm[2..].fill(None)),
                "well W: found 1 months with an observation of the ground between 2020-11 and 2021-02, where levels are, expected at least 2",
            ),
        ];
        for (found, expected) in refusals {
            assert_eq!(found, expected);
        }
    }
}
