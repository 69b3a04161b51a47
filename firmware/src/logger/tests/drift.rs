//! Estimates of months without the drift of the sensors.

use amlstm_core::drift::Correction;
use amlstm_core::month_mean::MonthMean;

use super::*;

fn tape(logger: &mut Logger<FakeFlash>, clock: &FakeClock, time: &str, sensor_m: f32) {
    block_on(logger.set_clock(clock, unix(time), true)).unwrap();
    let tape = EventKind::Tape {
        channel: 0,
        tape_m: 10.0,
        sensor_m: Some(sensor_m),
    };
    block_on(logger.note(clock, tape)).unwrap();
}

#[test]
fn a_drift_between_two_visits_is_taken_off_when_asked_and_nothing_is_kept() {
    let clock = FakeClock::default();
    let (begin, end) = ("2026-01-01 00:00:00", "2026-03-02 00:00:00");
    let mut logger = station(begin, &clock);
    let file = model(3, Month::new(2025, 12).unwrap());
    push(&mut logger, &clock, &file).unwrap();
    tape(&mut logger, &clock, begin, 10.0);
    append_from_to(&mut logger, &clock, begin, end, 6 * 3600);
    tape(&mut logger, &clock, end, 10.5);
    block_on(logger.estimate_missing(&clock)).unwrap();
    let closed = months(&mut logger);
    assert_eq!(closed.len(), 2);

    // From nothing to half a metre, sample by sample.
    let mut corrected = closed.clone();
    for (record, _) in &mut corrected {
        let mut mean = MonthMean::default();
        for sample in 0..60 * 4 {
            let unix_s = unix(begin) + sample * 21_600;
            let moment = Moment::from_unix(unix_s);
            if moment.month_index() == record.month_index {
                let share = f64::from(unix_s - unix(begin)) / f64::from(unix(end) - unix(begin));
                mean.add(
                    moment.day,
                    f64::from(levels(unix_s)[0].unwrap()) + share * 0.5,
                );
            }
        }
        record.channels[0].mean_m = mean.mean().map(|mean_m| mean_m as f32);
    }
    let host = host_estimates(&file, &corrected);
    let before = (logger.store.held().months, logger.store.held().next_event);
    for (position, ((record, _), host)) in corrected.iter().zip(&host).enumerate() {
        let asked = block_on(logger.corrected_estimate(Some(position as u16))).unwrap();
        assert_eq!(bits(Some(&asked.estimate)), *host, "{record:?}");
        let [first, second, third] = asked.levels.as_slice() else {
            panic!("{asked:?}");
        };
        assert_eq!(first.mean_m, record.channels[0].mean_m);
        assert!(matches!(first.correction, Correction::Added(added_m) if added_m > 0.1));
        for (level, channel) in [second, third].into_iter().zip(&record.channels[1..]) {
            assert_eq!(
                (level.mean_m, level.correction),
                (channel.mean_m, Correction::NoTape)
            );
        }
    }
    let after = (logger.store.held().months, logger.store.held().next_event);
    assert_eq!(after, before);
    assert_eq!(months(&mut logger), closed);
}

#[test]
fn a_month_whose_samples_are_gone_is_taken_as_it_was_closed() {
    let clock = FakeClock::default();
    let begin = "2026-01-01 00:00:00";
    let mut logger = station(begin, &clock);
    let file = model(3, Month::new(2025, 12).unwrap());
    push(&mut logger, &clock, &file).unwrap();
    tape(&mut logger, &clock, begin, 10.25);
    // The ring keeps fewer samples than four months of one each half hour.
    append_from_to(&mut logger, &clock, begin, "2026-05-02 00:00:00", 1800);
    assert!(logger.store.first_sample() > 31 * 48);
    let closed = months(&mut logger);
    let asked = block_on(logger.corrected_estimate(Some(0))).unwrap();
    assert_eq!(asked.levels[0].correction, Correction::SamplesGone);
    assert_eq!(asked.levels[0].mean_m, closed[0].0.channels[0].mean_m);
    let asked = block_on(logger.corrected_estimate(Some(3))).unwrap();
    assert!(
        matches!(asked.levels[0].correction, Correction::Added(added_m) if (added_m - 0.25).abs() < 1e-6)
    );
}
