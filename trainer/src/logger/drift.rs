//! The drift of a sensor, from tape readings.
//!
//! A tape reading says by how much the sensor's level is wrong at that moment. Between two readings the error is taken to grow along a straight line; before the first
//! and after the last it is taken to be theirs. A changed channel or a confirmed step begins anew: what was wrong before says nothing of what is wrong after.

use amlstm_core::link::{ConfigKey, Event, EventKind};

/// A tape reading beside the sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TapeReading {
    /// UTC by the logger's clock, seconds since 1970.
    pub unix_s: u32,
    /// Depth to water below the measuring point by tape, metres.
    pub tape_m: f32,
    /// The same by the sensor, metres.
    pub sensor_m: f32,
}

impl TapeReading {
    /// Metres to add to the sensor's level to get the tape's.
    pub fn correction_m(&self) -> f64 {
        f64::from(self.sensor_m) - f64::from(self.tape_m)
    }
}

/// The tape readings of one channel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drift {
    /// Spans in which one correction line holds, oldest first; each begins when the one before ends.
    spans: Vec<Span>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Span {
    from_unix_s: u32,
    readings: Vec<TapeReading>,
}

impl Drift {
    /// Of a channel, from the events of its logger in their order.
    pub fn of(events: &[Event], channel: u8) -> Self {
        let mut spans = vec![Span::default()];
        for event in events {
            match &event.kind {
                EventKind::Configured(ConfigKey::Channel(changed)) if *changed == channel => {
                    spans.push(Span::from(event.unix_s));
                }
                EventKind::StepConfirmed { channel: stepped } if *stepped == channel => {
                    spans.push(Span::from(event.unix_s));
                }
                EventKind::Tape {
                    channel: taped,
                    tape_m,
                    sensor_m: Some(sensor_m),
                } if *taped == channel && event.unix_s > 0 => {
                    let reading = TapeReading {
                        unix_s: event.unix_s,
                        tape_m: *tape_m,
                        sensor_m: *sensor_m,
                    };
                    // There is a span from the start on.
                    if let Some(span) = spans.last_mut() {
                        span.take(reading);
                    }
                }
                _ => {}
            }
        }
        Self { spans }
    }

    /// Every tape reading, oldest first.
    pub fn readings(&self) -> impl Iterator<Item = &TapeReading> {
        self.spans.iter().flat_map(|span| &span.readings)
    }

    /// Metres to add to a level measured at a time; `None` where no tape reading tells.
    pub fn correction_m(&self, unix_s: u32) -> Option<f64> {
        let begun = |span: &&Span| span.from_unix_s <= unix_s;
        let span = self.spans.iter().rev().find(begun)?;
        let later = span
            .readings
            .iter()
            .position(|reading| reading.unix_s > unix_s);
        match later {
            Some(0) => span.readings.first().map(TapeReading::correction_m),
            None => span.readings.last().map(TapeReading::correction_m),
            Some(next) => {
                let (before, after) = (&span.readings[next - 1], &span.readings[next]);
                let (from, to) = (before.correction_m(), after.correction_m());
                let passed = f64::from(unix_s - before.unix_s);
                let share = passed / f64::from(after.unix_s - before.unix_s);
                Some(from + share * (to - from))
            }
        }
    }
}

impl Span {
    fn from(from_unix_s: u32) -> Self {
        Self {
            from_unix_s,
            readings: Vec::new(),
        }
    }

    /// Takes a reading. One that does not follow the last one in time, because it was repeated or the clock set back, takes the place of those it does not follow.
    fn take(&mut self, reading: TapeReading) {
        self.readings.retain(|last| last.unix_s < reading.unix_s);
        self.readings.push(reading);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix_s: u32, kind: EventKind) -> Event {
        Event {
            number: 0,
            unix_s,
            kind,
        }
    }

    fn tape(unix_s: u32, channel: u8, tape_m: f32, sensor_m: f32) -> Event {
        at(
            unix_s,
            EventKind::Tape {
                channel,
                tape_m,
                sensor_m: Some(sensor_m),
            },
        )
    }

    /// By hand: the sensor reads 0.5 m too deep at 1000 s and 1.5 m at 2000 s, so its levels are as much too low.
    #[test]
    fn a_drift_is_a_straight_line_between_tape_readings() {
        let events = [
            tape(1000, 0, 10.0, 10.5),
            tape(1500, 1, 3.0, 99.0),
            tape(2000, 0, 10.0, 11.5),
        ];
        let drift = Drift::of(&events, 0);
        let corrections = [0, 1000, 1250, 2000, 9000].map(|unix_s| drift.correction_m(unix_s));
        assert_eq!(corrections, [0.5, 0.5, 0.75, 1.5, 1.5].map(Some));
        assert_eq!(drift.readings().count(), 2);
        assert_eq!(Drift::of(&events, 2).correction_m(1000), None);
    }

    #[test]
    fn a_changed_channel_or_a_confirmed_step_begins_anew() {
        for kind in [
            EventKind::Configured(ConfigKey::Channel(0)),
            EventKind::StepConfirmed { channel: 0 },
        ] {
            let events = [
                tape(1000, 0, 10.0, 10.5),
                at(2000, kind),
                at(2500, EventKind::Configured(ConfigKey::Channel(1))),
                tape(3000, 0, 10.0, 10.25),
            ];
            let drift = Drift::of(&events, 0);
            let corrections = [1999, 2000, 4000].map(|unix_s| drift.correction_m(unix_s));
            assert_eq!(corrections, [0.5, 0.25, 0.25].map(Some));
        }
    }

    #[test]
    fn a_repeated_reading_takes_the_place_of_the_first() {
        let events = [tape(1000, 0, 10.0, 12.0), tape(1000, 0, 10.0, 10.5)];
        assert_eq!(Drift::of(&events, 0).correction_m(1000), Some(0.5));
        let unknown = at(
            1000,
            EventKind::Tape {
                channel: 0,
                tape_m: 1.0,
                sensor_m: None,
            },
        );
        assert_eq!(Drift::of(&[unknown], 0).correction_m(1000), None);
    }
}
