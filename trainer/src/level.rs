//! Monthly means of water levels.

use amlstm_core::month::Month;
use jiff::civil::DateTime;

use crate::table::{month_of, shown_time};

/// Monthly mean levels of one aquifer layer at one well.
#[derive(Clone, Debug, PartialEq)]
pub struct MonthlyLevels {
    /// Name of the aquifer layer.
    pub aquifer_layer: String,
    /// Month of the first value.
    pub start: Month,
    /// Metres above the site's datum, up +, one a month from `start`; `None` where nothing was measured.
    pub level_m: Vec<Option<f32>>,
}

/// One reading of a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelReading {
    /// When, in the site's own time.
    pub time: DateTime,
    /// Metres above the site's datum, up +.
    pub level_m: f32,
    /// Line of its file.
    pub line: u64,
}

/// Two readings of one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twice {
    /// The time.
    pub time: String,
    /// Line of the first.
    pub first: u64,
    /// Line of the second.
    pub again: u64,
}

impl MonthlyLevels {
    /// Means of each month's readings, which may come in any order.
    ///
    /// # Errors
    /// When two readings have one time.
    ///
    /// # Panics
    /// Without any reading.
    pub fn from_readings(
        aquifer_layer: &str,
        mut readings: Vec<LevelReading>,
    ) -> Result<Self, Twice> {
        readings.sort_by_key(|reading| (reading.time, reading.line));
        if let Some(pair) = readings
            .windows(2)
            .find(|pair| pair[0].time == pair[1].time)
        {
            return Err(Twice {
                time: shown_time(pair[1].time),
                first: pair[0].line,
                again: pair[1].line,
            });
        }
        let month = |reading: &LevelReading| month_of(reading.time.date());
        let start = month(readings.first().expect("the caller has readings"));
        let mut level_m = Vec::new();
        for of_month in readings.chunk_by(|a, b| month(a) == month(b)) {
            let sum: f64 = of_month
                .iter()
                .map(|reading| f64::from(reading.level_m))
                .sum();
            level_m.resize((month(&of_month[0]).index() - start.index()) as usize, None);
            level_m.push(Some((sum / of_month.len() as f64) as f32));
        }
        Ok(Self {
            aquifer_layer: aquifer_layer.to_owned(),
            start,
            level_m,
        })
    }

    /// Level of a month, if it was measured.
    pub fn at(&self, month: Month) -> Option<f32> {
        let index = month.index() - self.start.index();
        usize::try_from(index)
            .ok()
            .and_then(|index| self.level_m.get(index).copied().flatten())
    }

    /// Last month with a level.
    pub fn last(&self) -> Month {
        self.start.offset(self.level_m.len() as i32 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(time: &str, level_m: f32, line: u64) -> LevelReading {
        LevelReading {
            time: time.parse().unwrap(),
            level_m,
            line,
        }
    }

    #[test]
    fn a_month_is_the_mean_of_its_readings_in_any_order() {
        let levels = MonthlyLevels::from_readings(
            "upper",
            vec![
                reading("2011-03-31T23:59:00", 4.0, 2),
                reading("2010-12-31T00:00:00", 1.0, 3),
                reading("2011-03-01T00:00:00", 1.0, 4),
                reading("2011-03-01T12:00:00", 4.0, 5),
            ],
        )
        .unwrap();
        assert_eq!(levels.start, Month::new(2010, 12).unwrap());
        assert_eq!(levels.level_m, [Some(1.0), None, None, Some(3.0)]);
        assert_eq!(levels.at(Month::new(2011, 3).unwrap()), Some(3.0));
        assert_eq!(levels.at(Month::new(2011, 4).unwrap()), None);
        assert_eq!(levels.at(Month::new(2010, 11).unwrap()), None);
        assert_eq!(levels.last(), Month::new(2011, 3).unwrap());
    }

    #[test]
    fn two_readings_of_one_time_are_refused() {
        let readings = vec![
            reading("2011-03-01T00:00:00", 4.0, 9),
            reading("2011-03-01T00:00:00", 4.0, 7),
        ];
        let twice = MonthlyLevels::from_readings("upper", readings).unwrap_err();
        assert_eq!(
            twice,
            Twice {
                time: "2011-03-01".into(),
                first: 7,
                again: 9
            }
        );
    }
}
