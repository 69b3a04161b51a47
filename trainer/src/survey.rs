//! What a careful colleague says of a well's files before anything is trained: what is in them, and what looks wrong.
//!
//! Nothing here refuses a well. What is malformed or impossible was refused by [`read`](crate::read); this is about data that can be used and may yet be
//! wrong: a depth taken for a level, increments for a cumulative series, metres for millimetres, two datums, masked pixels.

pub mod cells;
mod ground;
mod hint;
mod layer;
mod site;
mod trend;

use serde::{Deserialize, Serialize};

use jiff::civil::{Time, date};

use crate::{
    config::DataConfig,
    level::{LayerReadings, LeftOut, LevelReading, MonthlyLevels},
    read::{Ground, Well, WellReadings},
    series::WellSeries,
};

pub use ground::{GroundSurvey, STILL_MM_PER_YEAR, Verdict};
pub use layer::LayerSurvey;
pub use site::SurveyedWell;

/// All that is to be said of one well's files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Survey {
    /// Well id.
    pub well: String,
    /// One for each aquifer layer that has levels.
    pub layers: Vec<LayerSurvey>,
    /// The ground; `None` where it was not observed.
    pub ground: Option<GroundSurvey>,
    /// What looks wrong, one sentence each.
    pub hints: Vec<Hint>,
}

/// Something that looks wrong with a well's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Well id.
    pub well: String,
    /// One sentence.
    pub hint: String,
}

impl Survey {
    /// Looks at a well that comes from no files: a level a month.
    pub fn of_monthly(well: &Well, config: &DataConfig) -> Self {
        let readings = WellReadings {
            id: well.id.clone(),
            name: well.name.clone(),
            position: well.position,
            layers: well.levels.iter().map(as_readings).collect(),
            ground: well.ground.clone(),
            ground_left_out: LeftOut::default(),
        };
        let series = WellSeries::new(well, config).ok();
        Self::of(&readings, series.as_ref(), config)
    }

    /// Looks at a well's readings; `series` is what they become for training, if they can.
    pub fn of(well: &WellReadings, series: Option<&WellSeries>, config: &DataConfig) -> Self {
        let mut layers: Vec<LayerSurvey> = well
            .layers
            .iter()
            .map(|layer| LayerSurvey::of(&well.id, layer))
            .collect();
        layer::mark_shared_steps(&mut layers);
        let months = layer::months_with_levels(well);
        let ground = match &well.ground {
            Ground::Direct(readings) => {
                GroundSurvey::of_readings(&well.id, readings, well.ground_left_out, months)
            }
            Ground::Points(points) => {
                GroundSurvey::of_points(&well.id, points, well.ground_left_out, months, config)
            }
        };
        let ground = ground.map(|ground| ground.with_increments(series));
        let hints = hint::all(well, &layers, ground.as_ref())
            .into_iter()
            .map(|hint| Hint {
                well: well.id.clone(),
                hint,
            })
            .collect();
        Self {
            well: well.id.clone(),
            layers,
            ground,
            hints,
        }
    }
}

/// A layer of a well that comes from no file, each of its monthly levels as one reading in the middle of the month, as the generator writes it.
fn as_readings(levels: &MonthlyLevels) -> LayerReadings {
    let mut left_out = LeftOut::default();
    let mut readings = Vec::new();
    for (number, level_m) in levels.level_m.iter().enumerate() {
        let month = levels.start.offset(number as i32);
        let Some(level_m) = *level_m else {
            left_out.empty += 1;
            continue;
        };
        let day = date(month.year() as i16, month.month() as i8, 15);
        readings.push(LevelReading {
            time: day.to_datetime(Time::midnight()),
            level_m,
            written_m: level_m,
            days: None,
            line: number as u64 + 1,
        });
    }
    LayerReadings {
        aquifer_layer: levels.aquifer_layer.clone(),
        readings,
        left_out,
    }
}

/// What was left out, in words; empty for nothing.
fn in_words(left_out: LeftOut) -> String {
    [
        (left_out.empty, "empty"),
        (left_out.not_a_number, "NaN or NA"),
        (left_out.no_data, "no_data"),
        (left_out.not_approved, "not approved"),
        (left_out.copies, "copies"),
        (left_out.outside, "points outside the buffer"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect::<Vec<_>>()
    .join(", ")
}

#[cfg(test)]
mod tests;
