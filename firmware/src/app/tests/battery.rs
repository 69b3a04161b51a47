//! Rarer samples while the battery is low.

use std::vec::Vec;

use super::*;
use crate::calendar::Moment;

/// 2026-01-01.
const JANUARY_S: u32 = 1_767_225_600;

/// The day of January that a clock without a reset shows.
fn day(clock: &FakeClock) -> u8 {
    Moment::from_unix(JANUARY_S + (clock.uptime_ms() / 1000) as u32).day
}

/// A battery that is low from the 10th to the 19th.
struct Winter<'a>(&'a FakeClock);

impl Machine for Winter<'_> {
    fn last_run(&mut self) -> LastRun {
        SWITCHED_ON
    }

    fn watchdog_ms(&self) -> u32 {
        240_000
    }

    fn feed(&mut self) {}

    fn note_late(&mut self, task: Task) {
        panic!("{task:?} is late");
    }

    fn battery_mv(&mut self) -> Option<u16> {
        let is_winter = (10..20).contains(&day(self.0));
        Some(if is_winter { 3399 } else { 3500 })
    }

    fn program_crc(&self) -> u32 {
        0
    }

    fn restart(&mut self) {}
}

/// A sensor whose level is the day of the month in metres.
struct Calendar<'a>(&'a FakeClock);

impl SensorBus for Calendar<'_> {
    async fn exchange(&mut self, command: &[u8], reply: &mut [u8], _: u32) -> Option<usize> {
        let line = match command {
            b"0M!" => "00001\r\n".into(),
            b"0D0!" => std::format!("0+{}\r\n", day(self.0)),
            _ => return None,
        };
        reply[..line.len()].copy_from_slice(line.as_bytes());
        Some(line.len())
    }

    async fn loop_current(&mut self, _: u8) -> Option<crate::board::LoopCurrent> {
        None
    }
}

struct Wintering<'a>(core::marker::PhantomData<&'a ()>);

impl<'a> Board for Wintering<'a> {
    type Clock = &'a FakeClock;
    type Flash = &'a mut FakeFlash;
    type Bus = Calendar<'a>;
    type Machine = Winter<'a>;
    type FromLaptop = Nobody;
    type ToLaptop = Nobody;
}

/// Days of rare samples count in the month's mean as all others: levels of 1 m to 31 m have a mean of 16 m, whatever each day was sampled.
#[test]
fn samples_are_rarer_while_the_battery_is_low_and_the_month_keeps_its_mean() {
    let mut flash = configured();
    let mut logger = opened(&mut flash);
    let channel = ChannelConfig {
        largest_step_m: 100.0,
        ..logger.settings.channels[0].clone()
    };
    for item in [
        ConfigItem::Channel {
            index: 0,
            channel: Some(channel),
        },
        ConfigItem::LowBattery(Some(LowBattery {
            below_mv: 3400,
            interval_s: 21_600,
        })),
    ] {
        block_on(logger.configure(&FakeClock::default(), item)).unwrap();
    }
    drop(logger);
    let clock = FakeClock::default();
    clock.keep_unix_s(JANUARY_S);
    let parts = Parts::<Wintering<'_>> {
        clock: &clock,
        flash: &mut flash,
        layout: layout(),
        bus: Calendar(&clock),
        machine: Winter(&clock),
        from_laptop: Nobody,
        to_laptop: Nobody,
        fw: [0, 1, 0],
        synthetic: false,
    };
    clock.run(run(parts), 32 * DAY_MS);
    let mut logger = opened(&mut flash);
    // Every quarter of an hour to the first sample of the 10th, every 6 h to the first of the 20th, and so on.
    let mut times = Vec::new();
    block_on(logger.store.each_sample(0, |sample, _| {
        times.push(sample.unix_s - JANUARY_S);
        core::ops::ControlFlow::Continue(())
    }))
    .unwrap();
    let apart: Vec<u32> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let rare = apart.iter().filter(|seconds| **seconds == 21_600).count();
    assert_eq!(rare, 40);
    assert_eq!(
        apart.iter().filter(|seconds| **seconds == 900).count(),
        apart.len() - rare
    );
    let (record, _) = block_on(logger.month_at(0)).unwrap().unwrap();
    assert_eq!(
        (record.channels[0].mean_m, record.channels[0].days),
        (Some(16.0), 31)
    );
    let mut kinds = Vec::new();
    let mut number = 0;
    while let Some(event) = block_on(logger.store.event_from(number)).unwrap() {
        number = event.number + 1;
        kinds.push((
            event.unix_s.saturating_sub(JANUARY_S) / 86_400 + 1,
            event.kind,
        ));
    }
    let low = EventKind::BatteryLow {
        battery_mv: 3399,
        interval_s: 21_600,
    };
    let good = EventKind::BatteryGood {
        battery_mv: 3500,
        interval_s: 900,
    };
    assert!(kinds.contains(&(10, low)), "{kinds:?}");
    assert!(kinds.contains(&(20, good)), "{kinds:?}");
}

/// What the battery recovers when less is drawn does not bring the usual sampling back.
#[test]
fn a_battery_is_good_again_a_tenth_of_a_volt_above_its_limit() {
    let low = LowBattery {
        below_mv: 3400,
        interval_s: 21_600,
    };
    let states = [3400, 3399, 3450, 3499, 3500, 3450].iter();
    let mut was_low = false;
    let states: Vec<bool> = states
        .map(|&battery_mv| {
            was_low = low.is_low(battery_mv, was_low);
            was_low
        })
        .collect();
    assert_eq!(states, [false, true, true, true, false, false]);
}
