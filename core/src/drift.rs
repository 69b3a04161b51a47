//! The drift of a sensor, from tape readings, and a month without it.
//!
//! A tape reading says by how much the sensor's level is wrong at that moment. Between two readings the error is taken to grow along a straight line; before the first
//! and after the last it is taken to be theirs. A changed channel, another sensor or a confirmed step begins anew: what was wrong before says nothing of what is wrong
//! after.
//! Logger and laptop take the drift off a month by this code, with the same bits.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::channel_month::ChannelMonth;
use crate::link::{ConfigKey, EventKind, Reading};

/// Most tape readings and most fresh starts of a channel that are told apart in one month and half a month on either side. A month with more is not corrected.
pub const MAX_READINGS: usize = 16;

/// A tape reading beside the sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TapeReading {
    /// UTC by the logger's clock, seconds since 1970.
    pub unix_s: u32,
    /// Depth to water below the measuring point by tape, metres.
    pub tape_m: f32,
    /// The same by the sensor, metres.
    pub sensor_m: f32,
}

impl TapeReading {
    /// Of a channel, from an event of its logger; `None` if the event is another one, or tells no time, no level of the sensor, or no number of metres.
    pub fn of(channel: u8, unix_s: u32, kind: &EventKind) -> Option<Self> {
        match *kind {
            EventKind::Tape {
                channel: taped,
                tape_m,
                sensor_m: Some(sensor_m),
            } if taped == channel && unix_s > 0 && (tape_m - sensor_m).is_finite() => Some(Self {
                unix_s,
                tape_m,
                sensor_m,
            }),
            _ => None,
        }
    }

    /// Metres to add to the sensor's level to get the tape's.
    pub fn correction_m(&self) -> f64 {
        f64::from(self.sensor_m) - f64::from(self.tape_m)
    }
}

/// The drift of one channel's sensor in a stretch of time.
#[derive(Clone, Debug)]
pub struct Drift {
    channel: u8,
    from_unix_s: u32,
    until_unix_s: u32,
    /// When each span begins in which one correction line holds; each ends when the next one begins.
    spans: Vec<u32, MAX_READINGS>,
    /// Tape readings with the place of their span, oldest first.
    readings: Vec<(u8, TapeReading), MAX_READINGS>,
    /// The last span begins after the stretch: its readings tell nothing.
    is_past: bool,
    /// There were too many.
    is_full: bool,
}

impl Drift {
    /// Of a channel in a month, months since 0000-01, wherever the site is: in a stretch that surely holds the month.
    pub fn of_month(channel: u8, month_index: i32) -> Self {
        /// Half a Gregorian month in seconds; months begin some days earlier or later than twelfths of a mean year.
        const HALF_MONTH_S: i64 = 1_314_873;
        let begin = (i64::from(month_index) - 12 * 1970) * 2 * HALF_MONTH_S;
        let bound = |unix_s: i64| unix_s.clamp(0, i64::from(u32::MAX)) as u32;
        Self::of(
            channel,
            bound(begin - HALF_MONTH_S),
            bound(begin + 3 * HALF_MONTH_S),
        )
    }

    /// Of a channel, from `from_unix_s` on and before `until_unix_s`, of which nothing is known yet.
    fn of(channel: u8, from_unix_s: u32, until_unix_s: u32) -> Self {
        let mut spans = Vec::new();
        // There is room.
        let _ = spans.push(0);
        Self {
            channel,
            from_unix_s,
            until_unix_s,
            spans,
            readings: Vec::new(),
            is_past: false,
            is_full: false,
        }
    }

    /// Takes the logger's next event: they come in their order.
    pub fn take(&mut self, unix_s: u32, kind: &EventKind) {
        match kind {
            EventKind::Configured(ConfigKey::Channel(channel))
            | EventKind::StepConfirmed { channel }
            | EventKind::SensorSwapped { channel, .. }
                if *channel == self.channel =>
            {
                self.begin(unix_s);
            }
            _ => {
                if let Some(reading) = TapeReading::of(self.channel, unix_s, kind) {
                    self.read(reading);
                }
            }
        }
    }

    /// Metres to add to a level measured at a time of the stretch; `None` where no tape reading tells.
    pub fn correction_m(&self, unix_s: u32) -> Option<f64> {
        if self.is_full {
            return None;
        }
        let span = self.spans.iter().rposition(|begin| *begin <= unix_s)? as u8;
        let of_span = || {
            let readings = self.readings.iter();
            readings
                .filter(move |(place, _)| *place == span)
                .map(|(_, reading)| reading)
        };
        let before = of_span().rfind(|reading| reading.unix_s <= unix_s);
        let after = of_span().find(|reading| reading.unix_s > unix_s);
        match (before, after) {
            (Some(before), Some(after)) => {
                let (from, to) = (before.correction_m(), after.correction_m());
                let passed = f64::from(unix_s - before.unix_s);
                let share = passed / f64::from(after.unix_s - before.unix_s);
                Some(from + share * (to - from))
            }
            (Some(only), None) | (None, Some(only)) => Some(only.correction_m()),
            (None, None) => None,
        }
    }

    /// A new span. Those that begin later, because the clock was set back, end before they begin; those before it do not reach into a stretch that begins later.
    fn begin(&mut self, unix_s: u32) {
        self.is_past = unix_s >= self.until_unix_s;
        if self.is_past {
            return;
        }
        let kept = if unix_s <= self.from_unix_s {
            0
        } else {
            let begun = |begin: &u32| *begin < unix_s;
            self.spans.iter().filter(|begin| begun(begin)).count()
        };
        self.spans.truncate(kept);
        self.readings
            .retain(|(place, _)| usize::from(*place) < kept);
        self.is_full |= self.spans.push(unix_s).is_err();
    }

    /// A reading of the last span. One that does not follow the last one in time, because it was repeated or the clock set back, takes the place of those it does
    /// not follow.
    fn read(&mut self, reading: TapeReading) {
        if self.is_past {
            return;
        }
        let span = self.spans.len().saturating_sub(1) as u8;
        self.readings
            .retain(|(place, last)| *place != span || last.unix_s < reading.unix_s);
        let mut before = self.readings.iter().filter(|(place, _)| *place == span);
        // Behind the stretch one reading is enough, and in front of it the last one.
        if before
            .clone()
            .any(|(_, last)| last.unix_s >= self.until_unix_s)
        {
            return;
        }
        if reading.unix_s <= self.from_unix_s && before.next().is_some() {
            self.readings.retain(|(place, _)| *place != span);
        }
        self.is_full |= self.readings.push((span, reading)).is_err();
    }
}

/// What was done about the drift of a sensor in a month.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Correction {
    /// Nothing: no level was measured, or no correction wanted.
    None,
    /// So many metres were added to the month's mean.
    Added(f32),
    /// No tape reading tells of the sensor then, or more than [`MAX_READINGS`] do.
    NoTape,
    /// The month's samples are no longer all on the logger, or other ones were counted.
    SamplesGone,
}

/// A month of one channel that is summed up again, as it was closed and without the drift.
#[derive(Clone, Copy, Debug, Default)]
pub struct CorrectedMonth {
    as_closed: ChannelMonth,
    corrected: ChannelMonth,
    is_untold: bool,
}

impl CorrectedMonth {
    /// Adds the channel's reading of a day of the month, 1 to 31, with the drift at its time.
    pub fn add(&mut self, day: u8, reading: &Reading, correction_m: Option<f64>) {
        self.as_closed.add(day, reading, 0.0);
        self.corrected
            .add(day, reading, correction_m.unwrap_or(0.0));
        self.is_untold |= reading.usable_level_m().is_some() && correction_m.is_none();
    }

    /// The month's mean without the drift, in metres above the datum, if the readings are those it was closed with, bit for bit; otherwise the mean as it was closed.
    pub fn mean(&self, closed_m: Option<f32>, closed_days: u8) -> (Option<f32>, Correction) {
        let bits = |mean_m: f32| mean_m.to_bits();
        let closed = self.as_closed.mean();
        let as_closed = closed.mean();
        let same = as_closed.map(|mean_m| bits(mean_m as f32)) == closed_m.map(bits)
            && closed.days() == closed_days;
        let correction = match (as_closed, self.corrected.mean().mean()) {
            _ if !same => Correction::SamplesGone,
            (None, _) => Correction::None,
            (Some(without), Some(with)) if !self.is_untold => {
                return (
                    Some(with as f32),
                    Correction::Added((with - without) as f32),
                );
            }
            (Some(_), _) => Correction::NoTape,
        };
        (closed_m, correction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALWAYS: (u32, u32) = (0, u32::MAX);

    fn tape(channel: u8, tape_m: f32, sensor_m: f32) -> EventKind {
        EventKind::Tape {
            channel,
            tape_m,
            sensor_m: Some(sensor_m),
        }
    }

    fn drift(channel: u8, (from, until): (u32, u32), events: &[(u32, EventKind)]) -> Drift {
        let mut drift = Drift::of(channel, from, until);
        events
            .iter()
            .for_each(|(unix_s, kind)| drift.take(*unix_s, kind));
        drift
    }

    /// By hand: the sensor reads 0.5 m too deep at 1000 s and 1.5 m at 2000 s, so its levels are as much too low.
    #[test]
    fn a_drift_is_a_straight_line_between_tape_readings() {
        let events = [
            (1000, tape(0, 10.0, 10.5)),
            (1500, tape(1, 3.0, 99.0)),
            (2000, tape(0, 10.0, 11.5)),
        ];
        let of_channel = drift(0, ALWAYS, &events);
        let corrections = [0, 1000, 1250, 2000, 9000].map(|unix_s| of_channel.correction_m(unix_s));
        assert_eq!(corrections, [0.5, 0.5, 0.75, 1.5, 1.5].map(Some));
        assert_eq!(drift(2, ALWAYS, &events).correction_m(1000), None);
    }

    #[test]
    fn a_changed_channel_another_sensor_or_a_confirmed_step_begins_anew() {
        for kind in [
            EventKind::Configured(ConfigKey::Channel(0)),
            EventKind::StepConfirmed { channel: 0 },
            EventKind::SensorSwapped {
                channel: 0,
                found: heapless::String::new(),
            },
        ] {
            let events = [
                (1000, tape(0, 10.0, 10.5)),
                (2000, kind),
                (2500, EventKind::Configured(ConfigKey::Channel(1))),
                (3000, tape(0, 10.0, 10.25)),
            ];
            let drift = drift(0, ALWAYS, &events);
            let corrections = [1999, 2000, 4000].map(|unix_s| drift.correction_m(unix_s));
            assert_eq!(corrections, [0.5, 0.25, 0.25].map(Some));
        }
    }

    #[test]
    fn a_repeated_reading_takes_the_place_of_the_first() {
        let events = [(1000, tape(0, 10.0, 12.0)), (1000, tape(0, 10.0, 10.5))];
        assert_eq!(drift(0, ALWAYS, &events).correction_m(1000), Some(0.5));
        let unknown = EventKind::Tape {
            channel: 0,
            tape_m: 1.0,
            sensor_m: None,
        };
        assert_eq!(
            drift(0, ALWAYS, &[(1000, unknown)]).correction_m(1000),
            None
        );
    }

    /// Of a firmware that let them in, or of damaged bytes.
    #[test]
    fn a_reading_that_is_no_number_of_metres_tells_nothing() {
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for kind in [tape(0, wrong, 10.5), tape(0, 10.0, wrong)] {
                let events = [(1000, tape(0, 10.0, 10.5)), (2000, kind)];
                let drift = drift(0, ALWAYS, &events);
                assert_eq!(drift.correction_m(1500), Some(0.5), "{events:?}");
            }
        }
        // Each is a number; their difference is none of 32 bits.
        let far = [(1000, tape(0, f32::MAX, -f32::MAX))];
        assert_eq!(drift(0, ALWAYS, &far).correction_m(1500), None);
        let before_the_clock_was_set = [(0, tape(0, 10.0, 10.5))];
        let drift = drift(0, ALWAYS, &before_the_clock_was_set);
        assert_eq!(drift.correction_m(1500), None);
    }

    /// A stretch keeps what tells of it alone, and says the same as the whole record would, whatever came before and after and however the clock was set.
    #[test]
    fn a_stretch_says_what_the_whole_record_says() {
        // A xorshift generator's numbers, in place of a technician's.
        let mut word = 0x9e37_79b9_u32;
        let mut random = |below: u32| {
            word ^= word << 13;
            word ^= word >> 17;
            word ^= word << 5;
            word % below
        };
        for _ in 0..2000 {
            let mut unix_s = 1;
            let events: std::vec::Vec<_> = (0..random(14))
                .map(|_| {
                    unix_s = if random(5) == 0 {
                        1 + random(100)
                    } else {
                        unix_s + random(20)
                    };
                    let kind = if random(4) == 0 {
                        EventKind::StepConfirmed { channel: 0 }
                    } else {
                        tape(0, 10.0, 10.0 + random(100) as f32 / 64.0)
                    };
                    (unix_s, kind)
                })
                .collect();
            let whole = drift(0, ALWAYS, &events);
            let (from, length) = (random(100), 1 + random(40));
            let stretch = drift(0, (from, from + length), &events);
            for unix_s in from..from + length {
                assert_eq!(
                    stretch.correction_m(unix_s),
                    whole.correction_m(unix_s),
                    "{unix_s} of {from}, {length}: {events:?}"
                );
            }
        }
    }

    /// By hand: (9 + 11) / 2 = 10 m, a quarter of a metre more by the tape.
    #[test]
    fn a_month_is_corrected_where_its_readings_give_its_mean_and_the_tape_tells_of_each() {
        use crate::link::Quality;
        let reading = |level_m, quality| Reading {
            raw: None,
            level_m: Some(level_m),
            quality,
        };
        let mut month = CorrectedMonth::default();
        month.add(1, &reading(9.0, Quality::GOOD), Some(0.25));
        // It did not count when the month was closed, and counts no more than then.
        month.add(1, &reading(99.0, Quality::STEP), None);
        month.add(2, &reading(11.0, Quality::SWAPPED), Some(0.25));
        let added = (Some(10.25), Correction::Added(0.25));
        assert_eq!(month.mean(Some(10.0), 2), added);
        let other_days = (Some(10.0), Correction::SamplesGone);
        assert_eq!(month.mean(Some(10.0), 3), other_days);
        let other_mean = (Some(10.5), Correction::SamplesGone);
        assert_eq!(month.mean(Some(10.5), 2), other_mean);
        assert_eq!(month.mean(None, 0), (None, Correction::SamplesGone));
        month.add(3, &reading(10.0, Quality::GOOD), None);
        let untold = (Some(10.0), Correction::NoTape);
        assert_eq!(month.mean(Some(10.0), 3), untold);
        let empty = CorrectedMonth::default();
        assert_eq!(empty.mean(None, 0), (None, Correction::None));
        let gone = (Some(10.0), Correction::SamplesGone);
        assert_eq!(empty.mean(Some(10.0), 2), gone);
    }

    /// By `date -u`: the first and the last month that clocks show, and one between.
    #[test]
    fn a_month_lies_in_its_stretch() {
        for (month_index, begin, end) in [
            (12 * 2020, 1_577_836_800_u32, 1_580_515_200_u32),
            (12 * 2026 + 1, 1_769_904_000, 1_772_323_200),
            (12 * 2100 + 11, 4_131_302_400, 4_133_980_800),
        ] {
            let drift = Drift::of_month(0, month_index);
            // Clocks go from -12 to +14 hours.
            assert!(drift.from_unix_s + 14 * 3600 < begin, "{month_index}");
            assert!(drift.until_unix_s > end + 12 * 3600, "{month_index}");
        }
    }

    /// Three years of monthly visits: each month keeps few of them.
    #[test]
    fn a_month_needs_few_of_many_readings() {
        const MONTH_S: u32 = 30 * 86_400;
        let visit = |month: u32| {
            (
                1 + month * MONTH_S,
                tape(0, 10.0, 10.0 + month as f32 / 64.0),
            )
        };
        let events: std::vec::Vec<_> = (0..36).map(visit).collect();
        for month in 0..35 {
            let begin = 1 + month * MONTH_S;
            let drift = drift(0, (begin, begin + MONTH_S), &events);
            let middle = drift.correction_m(begin + MONTH_S / 2);
            assert_eq!(middle, Some((f64::from(month) + 0.5) / 64.0));
        }
        assert_eq!(
            drift(0, ALWAYS, &events).correction_m(5),
            None,
            "too many at once"
        );
    }
}
