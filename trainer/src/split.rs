//! Which observations train, validate and test.

use std::ops::Range;

use amlstm_core::month::Month;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{
    config::{SplitConfig, SplitKind},
    series::WellSeries,
};

/// What an observation is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Weights are fitted to it.
    Train,
    /// Chooses the best epoch.
    Validate,
    /// Only scored.
    Test,
    /// An interval across the border of two parts: neither fitted nor scored.
    Border,
}

/// The parts of a well's observations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Split {
    /// Each ps point belongs to one part, with all its intervals (the paper's): tests interpolation within the buffer, not forecasts.
    Points(Vec<Part>),
    /// Each interval belongs to one part, for all points: tests unseen months.
    Time(Vec<Part>),
}

/// Why a series cannot be split.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// Each part needs a point of its own.
    #[error(
        "well {well}: found {points} ps points, expected at least 3 for a split by points; use [split] kind = \"time\" or a larger buffer_m"
    )]
    TooFewPoints {
        /// Well id.
        well: String,
        /// Its points.
        points: usize,
    },
    /// Nothing was observed twice.
    #[error("well {well}: nothing to split, expected observations in at least two months")]
    NoInterval {
        /// Well id.
        well: String,
    },
    /// A part got no interval.
    #[error(
        "well {well}: the {part} part has no complete interval between {from} and {until}; change train_until, validate_until or the shares in [split]"
    )]
    EmptyPart {
        /// Well id.
        well: String,
        /// Name of the part.
        part: &'static str,
        /// First observed month.
        from: Month,
        /// Last observed month.
        until: Month,
    },
    /// Both dates or none.
    #[error("[split]: found only one of train_until and validate_until, expected both or none")]
    OneDate,
    /// Validation must follow training.
    #[error("well {well}: validate_until {validate_until} is not after train_until {train_until}")]
    DatesOutOfOrder {
        /// Well id.
        well: String,
        /// Last training month.
        train_until: Month,
        /// Last validation month.
        validate_until: Month,
    },
}

impl Split {
    /// Divides a well's observations as the configuration says; `seed` matters for points only.
    ///
    /// # Errors
    /// When a part would be empty or the dates make no sense.
    pub fn new(series: &WellSeries, config: &SplitConfig, seed: u64) -> Result<Self, SplitError> {
        let by_months = match config.kind {
            SplitKind::Points => false,
            SplitKind::Time => true,
            SplitKind::Auto => series.directly_measured,
        };
        if by_months {
            by_time(series, config)
        } else {
            by_points(series, config, seed)
        }
    }

    /// The same kind of split with everything observed in the training part.
    #[must_use]
    pub fn of_everything(&self) -> Self {
        match self {
            Self::Points(parts) => Self::Points(vec![Part::Train; parts.len()]),
            Self::Time(parts) => Self::Time(vec![Part::Train; parts.len()]),
        }
    }

    /// Part of one point's increment over one interval.
    pub fn part(&self, point: usize, interval: usize) -> Part {
        match self {
            Self::Points(parts) => parts[point],
            Self::Time(parts) => parts[interval],
        }
    }

    /// Intervals of a part with the one that leads into it across the border; nothing where points are held out.
    pub fn intervals_of(&self, part: Part) -> Option<Range<usize>> {
        let Self::Time(parts) = self else {
            return None;
        };
        let first = parts.iter().position(|of| *of == part)?;
        let last = parts.iter().rposition(|of| *of == part)?;
        let leads = first > 0 && parts[first - 1] == Part::Border;
        Some(first - usize::from(leads)..last + 1)
    }

    /// Number of points of a part: where months are held out, all points.
    pub fn points_of(&self, series: &WellSeries, part: Part) -> usize {
        match self {
            Self::Points(parts) => parts.iter().filter(|of_point| **of_point == part).count(),
            Self::Time(_) => series.points.len(),
        }
    }

    /// Number of steps, from the first, that training may look at: levels of later ones are unseen.
    pub fn training_steps(&self, series: &WellSeries) -> usize {
        let last = match self {
            Self::Points(_) => series.intervals.last(),
            Self::Time(parts) => series
                .intervals
                .iter()
                .zip(parts)
                .filter_map(|(interval, part)| (*part == Part::Train).then_some(interval))
                .next_back(),
        };
        last.map_or(0, |interval| interval.to + 1)
    }
}

/// Shuffles the points; the first are train, then validation, then test.
fn by_points(series: &WellSeries, config: &SplitConfig, seed: u64) -> Result<Split, SplitError> {
    let count = series.points.len();
    if count < 3 {
        return Err(SplitError::TooFewPoints {
            well: series.well.clone(),
            points: count,
        });
    }
    let (train, fitted) = shares(count, config);
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut parts = vec![Part::Test; count];
    for (rank, &point) in order.iter().enumerate() {
        if rank < train {
            parts[point] = Part::Train;
        } else if rank < fitted {
            parts[point] = Part::Validate;
        }
    }
    Ok(Split::Points(parts))
}

/// How many of `count` (at least 3) train, and how many train or validate; each part gets at least one.
fn shares(count: usize, config: &SplitConfig) -> (usize, usize) {
    let share = |of: usize, share: f64| (of as f64 * share).round() as usize;
    let fitted = share(count, config.train_share).clamp(2, count - 1);
    let validate = share(fitted, config.validate_share).clamp(1, fitted - 1);
    (fitted - validate, fitted)
}

/// Divides the observed months at two dates.
fn by_time(series: &WellSeries, config: &SplitConfig) -> Result<Split, SplitError> {
    let well = || series.well.clone();
    let observed = || {
        series
            .intervals
            .iter()
            .flat_map(|i| [i.from, i.to])
            .map(|step| series.months[step])
    };
    let (Some(from), Some(until)) = (observed().min(), observed().max()) else {
        return Err(SplitError::NoInterval { well: well() });
    };
    let (train_until, validate_until) = match (
        config.wells.get(&series.well),
        config.train_until,
        config.validate_until,
    ) {
        (Some(dates), ..) => (dates.train_until, dates.validate_until),
        (None, Some(train), Some(validate)) => (train, validate),
        (None, None, None) => {
            let months = (until.index() - from.index() + 1) as usize;
            let (train, fitted) = shares(months.max(3), config);
            (
                from.offset(train as i32 - 1),
                from.offset(fitted as i32 - 1),
            )
        }
        _ => return Err(SplitError::OneDate),
    };
    if validate_until <= train_until {
        return Err(SplitError::DatesOutOfOrder {
            well: well(),
            train_until,
            validate_until,
        });
    }
    let part_of = |step: usize| match series.months[step] {
        month if month <= train_until => Part::Train,
        month if month <= validate_until => Part::Validate,
        _ => Part::Test,
    };
    let parts: Vec<Part> = series
        .intervals
        .iter()
        .map(|interval| {
            let part = part_of(interval.to);
            if part_of(interval.from) == part {
                part
            } else {
                Part::Border
            }
        })
        .collect();
    for (part, name) in [
        (Part::Train, "training"),
        (Part::Validate, "validation"),
        (Part::Test, "test"),
    ] {
        if !parts.contains(&part) {
            return Err(SplitError::EmptyPart {
                well: well(),
                part: name,
                from,
                until,
            });
        }
    }
    Ok(Split::Time(parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, SplitDates};
    use crate::series::{DAYS_PER_MONTH, Interval, PointSeries};

    /// A series from 2000-01 with one interval a month and some points.
    fn series(months: usize, points: usize) -> WellSeries {
        let start = Month::new(2000, 1).unwrap();
        let interval = |from| Interval {
            from,
            to: from + 1,
            days: DAYS_PER_MONTH,
        };
        let point = |id: usize| PointSeries {
            id: id.to_string(),
            distance_m: 0.0,
            increment_mm: vec![Some(1.0); months - 1],
        };
        WellSeries {
            later_level_m: Vec::new(),
            well: "W".into(),
            name: "W".into(),
            aquifer_layers: vec!["upper".into()],
            synthetic: false,
            directly_measured: points == 1,
            month_definition: amlstm_core::month_mean::MonthDefinition::default(),
            months: (0..months).map(|step| start.offset(step as i32)).collect(),
            level_m: vec![vec![Some(0.0)]; months],
            intervals: (0..months - 1).map(interval).collect(),
            points: (0..points).map(point).collect(),
        }
    }

    fn counts(parts: &[Part]) -> [usize; 4] {
        [Part::Train, Part::Validate, Part::Test, Part::Border]
            .map(|part| parts.iter().filter(|of| **of == part).count())
    }

    #[test]
    fn points_are_split_by_seed_into_seven_one_and_two_tenths() {
        let config = Config::default().split;
        let split = |seed| Split::new(&series(5, 120), &config, seed).unwrap();
        let Split::Points(parts) = split(1) else {
            panic!("points")
        };
        assert_eq!(counts(&parts), [84, 12, 24, 0]);
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
    }

    #[test]
    fn each_part_gets_a_point_of_the_fewest_and_none_is_too_few() {
        let config = Config::default().split;
        let Split::Points(parts) = Split::new(&series(5, 3), &config, 1).unwrap() else {
            panic!("points")
        };
        assert_eq!(counts(&parts), [1, 1, 1, 0]);
        let error = Split::new(&series(5, 2), &config, 1).unwrap_err();
        assert_eq!(
            error,
            SplitError::TooFewPoints {
                well: "W".into(),
                points: 2
            }
        );
    }

    #[test]
    fn months_split_in_order_and_an_interval_across_a_border_is_in_no_part() {
        let Split::Time(parts) = Split::new(&series(20, 1), &Config::default().split, 1).unwrap()
        else {
            panic!("time")
        };
        // 14 + 2 + 4 months.
        let mut expected = vec![Part::Train; 13];
        expected.extend([
            Part::Border,
            Part::Validate,
            Part::Border,
            Part::Test,
            Part::Test,
            Part::Test,
        ]);
        assert_eq!(parts, expected);
        assert_eq!(Split::Time(parts).training_steps(&series(20, 1)), 14);
    }

    #[test]
    fn dates_of_a_well_go_before_the_general_ones() {
        let month = |text: &str| text.parse::<Month>().unwrap();
        let mut config = Config::default().split;
        config.train_until = Some(month("2000-04"));
        assert_eq!(
            Split::new(&series(20, 1), &config, 1).unwrap_err(),
            SplitError::OneDate
        );
        config.validate_until = Some(month("2000-08"));
        let Split::Time(parts) = Split::new(&series(20, 1), &config, 1).unwrap() else {
            panic!("time")
        };
        assert_eq!(counts(&parts), [3, 3, 11, 2]);
        let dates = SplitDates {
            train_until: month("2001-01"),
            validate_until: month("2000-12"),
        };
        config.wells.insert("W".into(), dates);
        assert!(matches!(
            Split::new(&series(20, 1), &config, 1),
            Err(SplitError::DatesOutOfOrder { .. })
        ));
        let dates = SplitDates {
            train_until: month("2001-05"),
            validate_until: month("2001-12"),
        };
        config.wells.insert("W".into(), dates);
        let error = Split::new(&series(20, 1), &config, 1)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the test part has no complete interval between 2000-01 and 2001-08"),
            "{error}"
        );
    }
}
