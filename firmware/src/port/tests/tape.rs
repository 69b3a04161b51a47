//! Tape readings and visits.

use super::*;

/// Time, tape and sensor of each tape reading in the events.
fn tapes(desk: &Desk) -> Vec<(u32, f32, Option<f32>)> {
    let mut logger = block_on(desk.logger.lock());
    let mut found = Vec::new();
    let read = logger.store.each_lasting_event(|event| {
        if let EventKind::Tape {
            tape_m, sensor_m, ..
        } = event.kind
        {
            found.push((event.unix_s, tape_m, sensor_m));
        }
    });
    block_on(read).unwrap();
    found
}

/// A bus whose sensor measures without a CRC.
fn bus_that_says(value: &'static [u8]) -> FakeBus {
    FakeBus::new(&[
        ("0M!", Answer::Line(b"00001\r\n")),
        ("0D0!", Answer::Line(value)),
    ])
}

/// 2026-01-01 00:00 UTC, by `date -u -d 2026-01-01 +%s`.
const JANUARY: u32 = 1_767_225_600;

/// A sensor in trouble can be metres off; a line to there would be taken off all months since the last visit.
#[test]
fn a_reading_that_would_not_count_tells_no_drift() {
    let desk = desk();
    for line in [
        "set channel 0 phreatic sdi12 0 0 level",
        "set channel 0 crc off",
        "clock 2026-01-01 00:00:00",
    ] {
        typed(&desk, line);
    }
    assert_eq!(sampled(&desk), Quality::GOOD);
    typed(&desk, "tape 0 -12.4");
    // It counts, however far the tape is from it.
    typed(&desk, "tape 0 -11 confirm");
    assert_eq!(sampled(&desk), Quality::GOOD);
    put_on_the_cable(&desk, bus_that_says(b"0+99.5\r\n"));
    let shown = typed(&desk, "tape 0 -12.4 confirm");
    assert!(shown.contains("sensor -99.500 m"), "{shown}");
    // The tape says that the step is true.
    typed(&desk, "tape 0 -99.25");
    put_on_the_cable(&desk, bus_that_says(b"0+2000\r\n"));
    typed(&desk, "tape 0 -2000");
    let told: Vec<_> = tapes(&desk)
        .into_iter()
        .map(|(unix_s, tape_m, sensor_m)| {
            assert_eq!(unix_s, JANUARY);
            (tape_m, sensor_m)
        })
        .collect();
    let expected = [
        (-12.4, Some(-12.5)),
        (-11.0, Some(-12.5)),
        (-12.4, None),
        (-99.25, Some(-99.5)),
        // Outside the channel's range: no tape makes that good.
        (-2000.0, None),
    ];
    assert_eq!(told, expected);
}

/// What is recorded by a clock that is not set would be taken for the truth once it is set.
#[test]
fn a_tape_reading_has_a_time_that_is_sure_or_none() {
    let visit = |desk: &Desk, laptop_unix_s, tape_m: &[f32]| {
        let visit = Request::Visit {
            laptop_unix_s,
            tape_m: tape_m.iter().map(|tape_m| Some(*tape_m)).collect(),
        };
        ask(desk, &visit, |reply| {
            assert!(matches!(reply, Ok(Response::Visit(_))), "{reply:?}");
        });
    };
    let unset = desk();
    typed(&unset, "set channel 0 phreatic sdi12 0 0 level");
    typed(&unset, "set channel 0 crc off");
    let asked_for = "recorded without a time: set the clock";
    assert!(typed(&unset, "tape 0 -12.5").contains(asked_for));
    visit(&unset, JANUARY + 100, &[-12.5]);
    typed(&unset, "clock 2026-01-01 00:00:00");
    assert!(!typed(&unset, "tape 0 -12.5").contains("without a time"));
    visit(&unset, JANUARY + 100, &[-12.5]);
    sampled(&unset);
    let round = block_on(unset.look());
    block_on(block_on(unset.logger.lock()).append(&unset.clock, JANUARY, &round)).unwrap();
    let unsure = desk_on(unset.logger.into_inner().store.into_flash());
    assert!(typed(&unsure, "clock").contains("UNSURE"));
    assert!(typed(&unsure, "tape 0 -12.5").contains(asked_for));
    visit(&unsure, JANUARY + 9000, &[-12.5]);
    let times: Vec<u32> = tapes(&unsure).iter().map(|(unix_s, ..)| *unix_s).collect();
    assert_eq!(
        times,
        [0, JANUARY + 100, JANUARY, JANUARY, 0, JANUARY + 9000]
    );
}

#[test]
fn a_visit_with_a_tape_reading_that_cannot_be_is_refused_as_a_whole() {
    let desk = desk();
    typed(&desk, "set channel 0 phreatic sdi12 0 0 level");
    for (tape_m, fault) in [
        (&[Some(f32::NAN)][..], Fault::Malformed),
        (&[Some(f32::INFINITY)], Fault::Malformed),
        (&[Some(-12.5), Some(1.0)], Fault::NotFound),
        (&[Some(-12.5), Some(f32::NAN)], Fault::Malformed),
    ] {
        let visit = Request::Visit {
            laptop_unix_s: JANUARY,
            tape_m: tape_m.iter().copied().collect(),
        };
        ask(&desk, &visit, |reply| assert_eq!(reply, Err(fault)));
    }
    assert_eq!(tapes(&desk), []);
    let visit = Request::Visit {
        laptop_unix_s: JANUARY,
        tape_m: [Some(-12.5), None, None].into_iter().collect(),
    };
    ask(&desk, &visit, |reply| {
        assert!(matches!(reply, Ok(Response::Visit(_))), "{reply:?}");
    });
    assert_eq!(tapes(&desk).len(), 1);
}
