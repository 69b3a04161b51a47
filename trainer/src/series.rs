//! A well's training series: months of levels and observation intervals.
//!
//! Steps are months. With `steps = "months"` they are contiguous, and months without an observation still carry their levels.
//! With `steps = "scenes"` (the paper's way) only observed months are steps.
//!
//! **Directly measured series** (extensometer, GNSS, levelling): the value of a month is the mean of its days' means, and an interval spans
//! two successive measured months. This reading reproduces the reference figures for the measured wells' test months: RMSE of "no
//! change" 15.08 mm at D201 and 1.16 mm at Holly.
//!
//! **ps points**: the value of a month is that of the last scene in which the point was observed, and an interval spans two successive scene months. Where
//! points are observed on different days, as those of several tracks, an increment is brought to the interval's days at its own rate.
//!
//! Observations outside the months with levels are left out. Levels before the first observation are kept for up to
//! [`WARM_UP_MONTHS`], so that the state does not start at nothing.

use amlstm_core::{
    month::Month,
    month_mean::{MonthDefinition, MonthMean},
    sizes::MAX_INPUTS,
};
use jiff::civil::Date;

use crate::{
    config::{DataConfig, Steps},
    ps::{PsPoint, WellPoints},
    read::{Ground, Reading, Well},
    table::month_of,
};

/// Months of levels before the first observation that are steps too: an LSTM on levels needs 12 to 36 months to forget its start.
pub const WARM_UP_MONTHS: i32 = 36;

/// Mean length of a month in days (Julian year / 12): rates are per this month.
pub const DAYS_PER_MONTH: f64 = 30.4375;

/// What one well is trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct WellSeries {
    /// Well id.
    pub well: String,
    /// Name for people.
    pub name: String,
    /// Names of the aquifer layers, in the order of the inputs.
    pub aquifer_layers: Vec<String>,
    /// Made by the generator, not measured.
    pub synthetic: bool,
    /// Measured at the well itself, not by ps points; then there is exactly one point.
    pub directly_measured: bool,
    /// How the months of the levels were made.
    pub month_definition: MonthDefinition,
    /// Month of each step, ascending; contiguous unless steps are scenes.
    pub months: Vec<Month>,
    /// Monthly mean level above the site's datum in metres, up +, `[steps][aquifer layers]`; `None` where nothing was measured.
    pub level_m: Vec<Vec<Option<f32>>>,
    /// Levels of the months after the last step, up to the last month that has one: nothing is learnt from them, but a logger starts after them. Empty where
    /// steps are scenes.
    pub later_level_m: Vec<Vec<Option<f32>>>,
    /// Spans between successive observations, ascending; each starts where the one before ends.
    pub intervals: Vec<Interval>,
    /// Observed points; all share the levels.
    pub points: Vec<PointSeries>,
}

/// Time between two successive observations: at the end of step `from` and at the end of step `to`. Steps `from + 1 ..= to` cause it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Step of the earlier observation.
    pub from: usize,
    /// Step of the later observation, above `from`.
    pub to: usize,
    /// Days between them; for monthly means, months times [`DAYS_PER_MONTH`].
    pub days: f64,
}

/// Observed increments of one point.
#[derive(Clone, Debug, PartialEq)]
pub struct PointSeries {
    /// Point id; for a direct measurement the well id.
    pub id: String,
    /// Distance from the well in metres.
    pub distance_m: f32,
    /// Vertical subsidence over each interval in mm, down +, `[intervals]`; `None` where not observed at both ends.
    pub increment_mm: Vec<Option<f32>>,
}

/// Why a well has no series.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SeriesError {
    /// Nothing to learn from.
    #[error("well {well}: found no level, expected rows in levels.csv")]
    NoLevels {
        /// Well id.
        well: String,
    },
    /// More than a model can take.
    #[error(
        "well {well}: found {found} aquifer layers, expected at most {MAX_INPUTS}; leave some out of levels.csv"
    )]
    TooManyLayers {
        /// Well id.
        well: String,
        /// Its layers.
        found: usize,
    },
    /// Nothing to learn.
    #[error(
        "well {well}: found no ps point within {buffer_m} m and no row in subsidence.csv; enlarge buffer_m in [data] or remove the well"
    )]
    NoGround {
        /// Well id.
        well: String,
        /// Radius of the buffer.
        buffer_m: f64,
    },
    /// Levels and observations do not meet.
    #[error(
        "well {well}: found {found} months with an observation of the ground between {from} and {until}, where levels are, expected at least 2"
    )]
    TooFewObservations {
        /// Well id.
        well: String,
        /// Months with both.
        found: usize,
        /// First month with a level.
        from: Month,
        /// Last month with a level.
        until: Month,
    },
}

impl WellSeries {
    /// Builds a well's series from its measurements.
    ///
    /// # Errors
    /// When there are no levels, no observations, or they do not overlap.
    ///
    /// # Panics
    /// Never: what it expects was checked before.
    pub fn new(well: &Well, config: &DataConfig) -> Result<Self, SeriesError> {
        let id = || well.id.clone();
        let from = well.levels.iter().map(|layer| layer.start).min();
        let until = well
            .levels
            .iter()
            .map(crate::level::MonthlyLevels::last)
            .max();
        let (Some(from), Some(until)) = (from, until) else {
            return Err(SeriesError::NoLevels { well: id() });
        };
        if well.levels.len() > MAX_INPUTS {
            return Err(SeriesError::TooManyLayers {
                well: id(),
                found: well.levels.len(),
            });
        }
        let observations = match &well.ground {
            Ground::Direct(readings) => Observations::direct(&well.id, readings, from, until),
            Ground::Points(points) if points.points.is_empty() => {
                return Err(SeriesError::NoGround {
                    well: id(),
                    buffer_m: config.buffer_m,
                });
            }
            Ground::Points(points) => Observations::points(points, config.drop_scenes, from, until),
        };
        let observed = &observations.months;
        let (Some(first), Some(last), 2..) = (observed.first(), observed.last(), observed.len())
        else {
            return Err(SeriesError::TooFewObservations {
                well: id(),
                found: observed.len(),
                from,
                until,
            });
        };
        let months: Vec<Month> = match config.steps {
            Steps::Scenes => observed.clone(),
            Steps::Months => {
                let start = from.max(first.offset(-WARM_UP_MONTHS));
                (0..=last.index() - start.index())
                    .map(|step| start.offset(step))
                    .collect()
            }
        };
        let step = |month: &Month| {
            months
                .binary_search(month)
                .expect("every observed month is a step")
        };
        let pairs = observed.windows(2).zip(&observations.days);
        let levels_of = |month: Month| -> Vec<Option<f32>> {
            well.levels.iter().map(|layer| layer.at(month)).collect()
        };
        let later = match config.steps {
            Steps::Scenes => 0,
            Steps::Months => until.index() - last.index(),
        };
        let later_level_m = (1..=later)
            .map(|month| levels_of(last.offset(month)))
            .collect();
        let intervals = pairs.map(|(pair, days)| Interval {
            from: step(&pair[0]),
            to: step(&pair[1]),
            days: *days,
        });
        Ok(Self {
            well: id(),
            name: well.name.clone(),
            aquifer_layers: well
                .levels
                .iter()
                .map(|layer| layer.aquifer_layer.clone())
                .collect(),
            synthetic: well.is_synthetic(),
            directly_measured: matches!(well.ground, Ground::Direct(_)),
            level_m: months.iter().map(|month| levels_of(*month)).collect(),
            later_level_m,
            intervals: intervals.collect(),
            points: observations.points,
            month_definition: MonthDefinition::new(
                config.conventions().utc_offset_minutes as i16,
                well.levels.iter().map(|layer| layer.rule),
            )
            .unwrap_or_default(),
            months,
        })
    }

    /// The steps that cause each interval.
    pub(crate) fn spans(&self) -> Vec<std::ops::Range<usize>> {
        let span = |interval: &Interval| interval.from + 1..interval.to + 1;
        self.intervals.iter().map(span).collect()
    }

    /// Whether scores count an interval: of a directly measured series only between successive months.
    pub fn is_scored(&self, interval: &Interval) -> bool {
        !self.directly_measured || self.months[interval.from].next() == self.months[interval.to]
    }

    /// Mean increment of all points over an interval in mm, down +; nothing where none was observed.
    pub fn mean_increment_mm(&self, interval: usize) -> Option<f64> {
        let observed = || {
            self.points
                .iter()
                .filter_map(|point| point.increment_mm[interval])
                .map(f64::from)
        };
        let count = observed().count();
        (count > 0).then(|| observed().sum::<f64>() / count as f64)
    }
}

/// What was observed of all points.
struct Observations {
    /// Months with an observation.
    months: Vec<Month>,
    /// Days between successive observed months.
    days: Vec<f64>,
    points: Vec<PointSeries>,
}

impl Observations {
    /// Means of each month's days.
    fn direct(well: &str, readings: &[Reading], from: Month, until: Month) -> Self {
        let month = |reading: &Reading| month_of(reading.date);
        let inside: Vec<Reading> = readings
            .iter()
            .filter(|reading| (from..=until).contains(&month(reading)))
            .copied()
            .collect();
        let (months, means): (Vec<Month>, Vec<Option<f64>>) = inside
            .chunk_by(|a, b| month(a) == month(b))
            .map(|of_month| {
                let mut mean = MonthMean::default();
                for reading in of_month {
                    mean.add(reading.date.day() as u8, reading.subsidence_mm);
                }
                (month(&of_month[0]), mean.mean())
            })
            .unzip();
        let span = |pair: &[Month]| f64::from(pair[1].index() - pair[0].index()) * DAYS_PER_MONTH;
        let moved = |pair: &[Option<f64>]| Some((pair[1]? - pair[0]?) as f32);
        Self {
            days: months.windows(2).map(span).collect(),
            months,
            points: vec![PointSeries {
                id: well.to_owned(),
                distance_m: 0.0,
                increment_mm: means.windows(2).map(moved).collect(),
            }],
        }
    }

    /// The last observed scene of each month.
    fn points(points: &WellPoints, drop_scenes: usize, from: Month, until: Month) -> Self {
        let scenes: Vec<(usize, Date)> = points
            .scenes
            .iter()
            .copied()
            .enumerate()
            .skip(drop_scenes)
            .collect();
        let month = |scene: &(usize, Date)| month_of(scene.1);
        let of_months: Vec<&[(usize, Date)]> = scenes
            .chunk_by(|a, b| month(a) == month(b))
            .filter(|scenes| (from..=until).contains(&month(&scenes[0])))
            .collect();
        let last: Vec<Date> = of_months
            .iter()
            .filter_map(|scenes| Some(scenes.last()?.1))
            .collect();
        let days: Vec<f64> = last
            .windows(2)
            .map(|pair| days_between(pair[0], pair[1]))
            .collect();
        let increments = |point: &PsPoint| {
            let last_observed = |scenes: &&[(usize, Date)]| {
                let observed = |(scene, date): &(usize, Date)| {
                    Some((f64::from(point.subsidence_mm[*scene]?), *date))
                };
                scenes.iter().rev().find_map(observed)
            };
            let observed: Vec<Option<(f64, Date)>> = of_months.iter().map(last_observed).collect();
            let pairs = observed.windows(2).zip(&days);
            pairs
                .map(|(pair, days)| Some(moved_mm(pair[0]?, pair[1]?, *days) as f32))
                .collect()
        };
        Self {
            months: of_months.iter().map(|scenes| month(&scenes[0])).collect(),
            points: points
                .points
                .iter()
                .map(|point| PointSeries {
                    id: point.id.clone(),
                    distance_m: point.distance_m,
                    increment_mm: increments(point),
                })
                .collect(),
            days,
        }
    }
}

/// Movement in mm between two observations, brought at its own rate to an interval of so many days.
fn moved_mm((from_mm, from): (f64, Date), (to_mm, to): (f64, Date), days: f64) -> f64 {
    let own_days = days_between(from, to);
    let moved_mm = to_mm - from_mm;
    if own_days == days {
        moved_mm
    } else {
        moved_mm / own_days * days
    }
}

fn days_between(from: Date, to: Date) -> f64 {
    f64::from((to - from).get_days())
}

impl Interval {
    /// An increment over this interval as a rate in mm per month.
    pub fn rate_mm_per_month(&self, increment_mm: f64) -> f64 {
        increment_mm / self.days * DAYS_PER_MONTH
    }

    /// The increment in mm that a rate in mm per month makes over this interval.
    pub fn increment_mm(&self, rate_mm_per_month: f64) -> f64 {
        rate_mm_per_month * self.days / DAYS_PER_MONTH
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, geodesy::Position, level::MonthlyLevels};
    use amlstm_core::month_mean::MonthRule;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn well(ground: Ground) -> Well {
        let layer = |name: &str, start, level_m: &[f32]| MonthlyLevels {
            aquifer_layer: name.into(),
            start: month(start),
            level_m: level_m.iter().copied().map(Some).collect(),
            rule: MonthRule::AnyDay,
        };
        let levels = vec![
            layer("upper", "2010-01", &[1.0, 2.0, 3.0, 4.0, 5.0]),
            layer("lower", "2010-02", &[-1.0, -2.0]),
        ];
        Well {
            id: "W".into(),
            name: "SYNTHETIC W".into(),
            position: None,
            levels,
            ground,
        }
    }

    fn direct(readings: &[(&str, f64)]) -> Ground {
        let reading = |(date, subsidence_mm): &(&str, f64)| Reading {
            date: date.parse().unwrap(),
            subsidence_mm: *subsidence_mm,
        };
        Ground::Direct(readings.iter().map(reading).collect())
    }

    #[test]
    fn a_directly_measured_month_is_the_mean_of_its_readings() {
        // 2009-12 and 2010-06 are outside the levels, 2010-02 was not measured.
        let ground = direct(&[
            ("2009-12-31", 0.0),
            ("2010-01-01", 1.0),
            ("2010-01-31", 2.0),
            ("2010-03-05", 5.0),
            ("2010-04-05", 4.0),
            ("2010-06-01", 9.0),
        ]);
        let series = WellSeries::new(&well(ground), &Config::default().data).unwrap();
        assert_eq!(
            series.months,
            [
                month("2010-01"),
                month("2010-02"),
                month("2010-03"),
                month("2010-04")
            ]
        );
        assert_eq!(series.level_m[0], [Some(1.0), None]);
        assert_eq!(series.level_m[3], [Some(4.0), None]);
        let days = 2.0 * DAYS_PER_MONTH;
        assert_eq!(
            series.intervals,
            [
                Interval {
                    from: 0,
                    to: 2,
                    days
                },
                Interval {
                    from: 2,
                    to: 3,
                    days: DAYS_PER_MONTH
                }
            ]
        );
        assert_eq!(series.points[0].increment_mm, [Some(3.5), Some(-1.0)]);
        assert!(!series.is_scored(&series.intervals[0]) && series.is_scored(&series.intervals[1]));
        assert!(series.synthetic && series.directly_measured);
    }

    #[test]
    fn the_later_scene_of_a_month_counts_and_a_missing_value_empties_both_its_intervals() {
        let scenes = [
            "2009-12-01",
            "2010-01-02",
            "2010-01-26",
            "2010-02-19",
            "2010-04-08",
        ];
        let point = |subsidence_mm: [Option<f32>; 5]| PsPoint {
            id: "p".into(),
            position: Position::Planar {
                easting: 0.0,
                northing: 0.0,
            },
            distance_m: 12.0,
            incidence_degrees: None,
            subsidence_mm: subsidence_mm.to_vec(),
        };
        let points = WellPoints {
            scenes: scenes.iter().map(|date| date.parse().unwrap()).collect(),
            points: vec![
                point([Some(9.0), Some(0.0), Some(1.0), Some(3.0), Some(7.0)]),
                point([Some(9.0), Some(0.0), Some(1.0), None, Some(7.0)]),
            ],
        };
        let mut config = Config::default().data;
        config.drop_scenes = 1;
        let ground = Ground::Points(points);
        let series = WellSeries::new(&well(ground.clone()), &config).unwrap();
        assert_eq!(series.months.len(), 4);
        assert_eq!(
            series.intervals,
            [
                Interval {
                    from: 0,
                    to: 1,
                    days: 24.0
                },
                Interval {
                    from: 1,
                    to: 3,
                    days: 48.0
                }
            ]
        );
        assert_eq!(series.points[0].increment_mm, [Some(2.0), Some(4.0)]);
        assert_eq!(series.points[1].increment_mm, [None, None]);
        config.steps = Steps::Scenes;
        let series = WellSeries::new(&well(ground), &config).unwrap();
        assert_eq!(
            series.months,
            [month("2010-01"), month("2010-02"), month("2010-04")]
        );
        assert_eq!(
            series.intervals[1],
            Interval {
                from: 1,
                to: 2,
                days: 48.0
            }
        );
    }

    #[test]
    fn a_point_without_the_months_last_scene_uses_its_own_last_one() {
        // Two tracks of one month: the second sees the point 10 days later.
        let scenes = ["2010-01-05", "2010-01-15", "2010-02-04", "2010-02-16"];
        let point = |subsidence_mm: [Option<f32>; 4]| PsPoint {
            id: "p".into(),
            position: Position::Planar {
                easting: 0.0,
                northing: 0.0,
            },
            distance_m: 12.0,
            incidence_degrees: None,
            subsidence_mm: subsidence_mm.to_vec(),
        };
        let points = WellPoints {
            scenes: scenes.iter().map(|date| date.parse().unwrap()).collect(),
            points: vec![
                point([Some(0.0), None, Some(3.0), None]),
                point([None, Some(1.0), None, Some(5.0)]),
            ],
        };
        let series =
            WellSeries::new(&well(Ground::Points(points)), &Config::default().data).unwrap();
        assert_eq!(series.intervals[0].days, 32.0);
        // 3 mm in 30 days are 3.2 mm in the interval's 32 days.
        assert_eq!(series.points[0].increment_mm, [Some(3.2)]);
        assert_eq!(series.points[1].increment_mm, [Some(4.0)]);
    }

    #[test]
    fn at_most_three_years_of_levels_warm_up() {
        let mut well = well(direct(&[("2010-04-01", 0.0), ("2010-05-01", 1.0)]));
        well.levels[0].start = month("2001-01");
        well.levels[0].level_m = vec![Some(1.0); 12 * 10];
        let series = WellSeries::new(&well, &Config::default().data).unwrap();
        assert_eq!(
            (series.months[0], series.intervals[0].from),
            (month("2007-04"), 36)
        );
    }

    #[test]
    fn a_well_without_levels_or_ground_says_so() {
        let config = Config::default().data;
        let message = |well: &Well| WellSeries::new(well, &config).unwrap_err().to_string();
        let nothing = well(Ground::Points(WellPoints::default()));
        assert!(message(&nothing).contains("no ps point within 300 m"));
        let once = well(direct(&[("2010-01-01", 1.0), ("2010-01-02", 1.0)]));
        assert!(
            message(&once).contains("found 1 months with an observation"),
            "{}",
            message(&once)
        );
        assert!(
            message(&Well {
                levels: Vec::new(),
                ..once
            })
            .contains("found no level")
        );
    }
}
