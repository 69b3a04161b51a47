//! Water levels of an aquifer layer: its readings, and their monthly means.

use amlstm_core::month::Month;
use amlstm_core::month_mean::{MonthMean, MonthRule};
use jiff::civil::DateTime;

use crate::table::{Cell, is_usual_marker, month_of};

/// Highest and lowest level, m from the site's datum: no terrain and no borehole lies farther from a datum in use, and beyond it are markers for "no data"
/// (-9999 is told by its neighbours).
pub const MAX_LEVEL_M: f64 = 10_000.0;

/// A usual marker for "no data" is none if it lies within this of a neighbour, m.
const CLOSE_M: f64 = 1.0;

/// Values beside which a small usual marker, below 999, stands out.
const ENOUGH: usize = 3;

/// Monthly mean levels of one aquifer layer at one well.
#[derive(Clone, Debug, PartialEq)]
pub struct MonthlyLevels {
    /// Name of the aquifer layer.
    pub aquifer_layer: String,
    /// Month of the first value.
    pub start: Month,
    /// Metres above the site's datum, up +, one a month from `start`; `None` where nothing was measured or too few days.
    pub level_m: Vec<Option<f32>>,
    /// Which months count.
    pub rule: MonthRule,
}

/// One reading of a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelReading {
    /// When, in the site's own time.
    pub time: DateTime,
    /// Metres above the site's datum, up +.
    pub level_m: f32,
    /// The number in the file: the level, or the depth that it was made from, m.
    pub written_m: f32,
    /// Of how many days of its month it is the mean; `None` for a single reading.
    pub days: Option<u8>,
    /// Line of its file.
    pub line: u64,
}

/// Cells and rows of measurements that are not used, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Empty cells.
    pub empty: u64,
    /// `NaN` and `NA`.
    pub not_a_number: u64,
    /// Values that the configuration names as "no reading".
    pub no_data: u64,
    /// Not approved, where only approved levels are wanted.
    pub not_approved: u64,
    /// Copies of other rows.
    pub copies: u64,
    /// Points farther from the well than the buffer.
    pub outside: u64,
}

impl LeftOut {
    /// Counts a cell that holds no value.
    pub fn count(&mut self, cell: Cell) {
        match cell {
            Cell::Value(_) => {}
            Cell::Empty => self.empty += 1,
            Cell::NotANumber => self.not_a_number += 1,
            Cell::NoData => self.no_data += 1,
        }
    }
}

impl std::ops::AddAssign for LeftOut {
    fn add_assign(&mut self, other: Self) {
        self.empty += other.empty;
        self.not_a_number += other.not_a_number;
        self.no_data += other.no_data;
        self.not_approved += other.not_approved;
        self.copies += other.copies;
        self.outside += other.outside;
    }
}

/// All readings of one aquifer layer at one well.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerReadings {
    /// Name of the aquifer layer.
    pub aquifer_layer: String,
    /// Ascending in time, at least one, no two of one time.
    pub readings: Vec<LevelReading>,
    /// What was not used.
    pub left_out: LeftOut,
}

/// Why readings of a series cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub enum SeriesFault {
    /// Two readings of one time with different values.
    Contradiction {
        /// The time.
        time: DateTime,
        /// Line of the first.
        first: u64,
        /// Line of the second.
        again: u64,
        /// Further such pairs.
        more: u64,
    },
    /// A usual marker for "no data" far from its neighbours.
    Marker {
        /// Line of the first.
        line: u64,
        /// The value.
        value: f64,
        /// Further such values.
        more: u64,
    },
}

/// Sorts the readings of a series by their times and leaves out copies: readings of one time and value; gives how many.
///
/// # Errors
/// When two readings of one time differ, or a number as `written` looks like a marker for "no data" beside its neighbours (`close` is how near a neighbour makes
/// it none).
pub fn in_order_of_time<T: Copy>(
    readings: &mut Vec<T>,
    key: impl Fn(&T) -> (DateTime, u64, f64),
    written: impl Fn(&T) -> f64,
    close: f64,
) -> Result<u64, SeriesFault> {
    readings.sort_by_key(|reading| {
        let (time, line, _) = key(reading);
        (time, line)
    });
    let mut contradictions = readings.windows(2).filter_map(|pair| {
        let [(time, first, one), (again_time, again, other)] = [key(&pair[0]), key(&pair[1])];
        (time == again_time && one != other).then_some((time, first, again))
    });
    if let Some((time, first, again)) = contradictions.next() {
        return Err(SeriesFault::Contradiction {
            time,
            first,
            again,
            more: contradictions.count() as u64,
        });
    }
    let all = readings.len();
    readings.dedup_by_key(|reading| key(reading).0);
    let values: Vec<f64> = readings.iter().map(written).collect();
    let markers = isolated_markers(&values, close);
    if let Some(first) = markers.first() {
        let (_, line, _) = key(&readings[*first]);
        return Err(SeriesFault::Marker {
            line,
            value: values[*first],
            more: markers.len() as u64 - 1,
        });
    }
    Ok((all - readings.len()) as u64)
}

/// Places of values that are usual markers for "no data" and lie far from the readings before and after: farther than `close` and than a quarter of the
/// range of all other values. Small ones, such as 77 and -99.9, are told only among at least [`ENOUGH`] other values.
pub fn isolated_markers(values: &[f64], close: f64) -> Vec<usize> {
    if !values.iter().any(|value| is_usual_marker(*value)) {
        return Vec::new();
    }
    let other = |value: &&f64| !is_usual_marker(**value);
    let others = || values.iter().filter(other).copied();
    let [lowest, highest] = [
        others().fold(f64::INFINITY, f64::min),
        others().fold(f64::NEG_INFINITY, f64::max),
    ];
    let far = close.max(0.25 * (highest - lowest));
    let enough = others().count() >= ENOUGH;
    let is_marker = |place: &usize| {
        let value = values[*place];
        let before = values[..*place].iter().rfind(other);
        let after = values[place + 1..].iter().find(other);
        let distance = |neighbour: &f64| (neighbour - value).abs();
        let nearest = [before, after]
            .into_iter()
            .flatten()
            .map(distance)
            .fold(f64::INFINITY, f64::min);
        is_usual_marker(value) && nearest > far && (enough || value.abs() >= 999.0)
    };
    (0..values.len()).filter(is_marker).collect()
}

impl LayerReadings {
    /// Readings of a layer in any order, at least one.
    ///
    /// # Errors
    /// When two readings contradict each other or one is a marker for "no data".
    pub fn new(
        aquifer_layer: &str,
        mut readings: Vec<LevelReading>,
        mut left_out: LeftOut,
    ) -> Result<Self, SeriesFault> {
        let key = |reading: &LevelReading| {
            let level_m = f64::from(reading.level_m);
            (reading.time, reading.line, level_m)
        };
        let written = |reading: &LevelReading| f64::from(reading.written_m);
        left_out.copies += in_order_of_time(&mut readings, key, written, CLOSE_M)?;
        Ok(Self {
            aquifer_layer: aquifer_layer.to_owned(),
            readings,
            left_out,
        })
    }

    /// Which months of such a record count: most days are wanted where more than half of the months have more readings than days, or where readings say of
    /// how many days they are the mean.
    pub fn month_rule(&self) -> MonthRule {
        let (mut months, mut dense) = (0, 0);
        for (month, mean) in self.months() {
            months += 1;
            dense += usize::from(mean.readings() > u32::from(month.days()));
        }
        let means = self.readings.iter().any(|reading| reading.days.is_some());
        if means || 2 * dense > months {
            MonthRule::MostDays
        } else {
            MonthRule::AnyDay
        }
    }

    /// The readings of each month that has any.
    pub fn months(&self) -> impl Iterator<Item = (Month, MonthMean)> {
        let month = |reading: &LevelReading| month_of(reading.time.date());
        self.readings
            .chunk_by(move |a, b| month(a) == month(b))
            .map(move |of_month| {
                let mut mean = MonthMean::default();
                for reading in of_month {
                    let level_m = f64::from(reading.level_m);
                    match reading.days {
                        Some(days) => mean.add_mean(days, level_m),
                        None => {
                            mean.add(reading.time.day() as u8, level_m);
                        }
                    }
                }
                (month(&of_month[0]), mean)
            })
    }

    /// Means of the months that count by a rule; `None` if none does.
    pub fn monthly(&self, rule: MonthRule) -> Option<MonthlyLevels> {
        let mut counted = self.months().filter_map(|(month, mean)| {
            let level_m = mean.counted(month, rule)?;
            Some((month, level_m as f32))
        });
        let (start, first) = counted.next()?;
        let mut level_m = vec![Some(first)];
        for (month, level) in counted {
            level_m.resize((month.index() - start.index()) as usize, None);
            level_m.push(Some(level));
        }
        Some(MonthlyLevels {
            aquifer_layer: self.aquifer_layer.clone(),
            start,
            level_m,
            rule,
        })
    }
}

impl MonthlyLevels {
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
            written_m: level_m,
            days: None,
            line,
        }
    }

    fn layer(readings: Vec<LevelReading>) -> Result<LayerReadings, SeriesFault> {
        LayerReadings::new("upper", readings, LeftOut::default())
    }

    #[test]
    fn a_month_is_the_mean_of_its_days_in_any_order() {
        let layer = layer(vec![
            reading("2011-03-31T23:59:00", 6.0, 2),
            reading("2010-12-31T00:00:00", 1.0, 3),
            reading("2011-03-01T00:00:00", 1.0, 4),
            reading("2011-03-01T12:00:00", 3.0, 5),
        ])
        .unwrap();
        let levels = layer.monthly(layer.month_rule()).unwrap();
        assert_eq!(levels.start, Month::new(2010, 12).unwrap());
        // March: the days' means 2 and 6.
        assert_eq!(levels.level_m, [Some(1.0), None, None, Some(4.0)]);
        assert_eq!(levels.at(Month::new(2011, 3).unwrap()), Some(4.0));
        assert_eq!(levels.at(Month::new(2011, 4).unwrap()), None);
        assert_eq!(levels.at(Month::new(2010, 11).unwrap()), None);
        assert_eq!(levels.last(), Month::new(2011, 3).unwrap());
    }

    #[test]
    fn a_month_of_a_quarter_hourly_record_wants_most_of_its_days() {
        let day = |month, day, level_m| {
            let reading = move |hour| {
                reading(
                    &format!("2011-{month:02}-{day:02}T{hour:02}:00:00"),
                    level_m,
                    1,
                )
            };
            [0, 6, 12, 18].map(reading)
        };
        let january = (1..=25).flat_map(|date| day(1, date, 1.0));
        let february = (1..=22).flat_map(|date| day(2, date, 2.0));
        let march = (1..=31).flat_map(|date| day(3, date, 3.0));
        let layer = layer(january.chain(february).chain(march).collect()).unwrap();
        assert_eq!(layer.month_rule(), MonthRule::MostDays);
        let levels = layer.monthly(MonthRule::MostDays).unwrap();
        // 25 of 31 days are 81 %, 22 of 28 are 79 %.
        assert_eq!(levels.level_m, [Some(1.0), None, Some(3.0)]);
    }

    #[test]
    fn one_burst_does_not_make_a_record_quarter_hourly() {
        let mut readings: Vec<_> = (1..=20)
            .map(|day| reading(&format!("2011-01-{day:02}T12:00:00"), 10.0, 1))
            .collect();
        readings.extend(
            (0..60).map(|minute| reading(&format!("2011-02-07T13:{minute:02}:00"), 1.0, 1)),
        );
        assert_eq!(layer(readings).unwrap().month_rule(), MonthRule::AnyDay);
        let visits = ["2011-01-07T13:00:00", "2011-01-07T13:01:00"];
        let visits = visits.map(|time| reading(time, 1.0, 1)).to_vec();
        assert_eq!(layer(visits).unwrap().month_rule(), MonthRule::AnyDay);
    }

    #[test]
    fn copies_are_left_out_and_contradictions_refused() {
        let copies = vec![
            reading("2011-03-01T00:00:00", 4.0, 9),
            reading("2011-03-01T00:00:00", 4.0, 7),
            reading("2011-03-01T00:00:00", 4.0, 8),
        ];
        let kept = layer(copies).unwrap();
        assert_eq!((kept.readings[0].line, kept.left_out.copies), (7, 2));
        let readings = vec![
            reading("2011-03-01T00:00:00", 4.0, 9),
            reading("2011-03-01T00:00:00", 5.0, 7),
            reading("2011-03-02T00:00:00", 4.0, 11),
            reading("2011-03-02T00:00:00", 5.0, 10),
        ];
        assert_eq!(
            layer(readings).unwrap_err(),
            SeriesFault::Contradiction {
                time: "2011-03-01T00:00:00".parse().unwrap(),
                first: 7,
                again: 9,
                more: 1,
            }
        );
    }

    #[test]
    fn a_marker_is_told_by_its_neighbours() {
        assert_eq!(isolated_markers(&[29.3, -999.0, -999.0, 28.0], 1.0), [1, 2]);
        assert_eq!(isolated_markers(&[29.3, 28.0, 28.5, 99.99], 1.0), [3]);
        // A series that passes through such a number.
        assert!(isolated_markers(&[997.0, 998.1, 999.0, 1000.2], 1.0).is_empty());
        assert!(isolated_markers(&[-98.5, -99.0, -99.3], 1.0).is_empty());
        assert_eq!(isolated_markers(&[-9999.0, -9999.0], 1.0), [0, 1]);
        // Too few values to know.
        assert!(isolated_markers(&[0.0, 77.0], 1.0).is_empty());
    }
}
