mod battery;

use std::cell::Cell;

use amlstm_core::link::{
    ChannelConfig, ConfigItem, EventKind, LowBattery, MAX_MESSAGE, Name, Quality, Quantity,
    ResetCause, Sdi12Value, Sensor,
};
use embassy_futures::block_on;
use embedded_io_async::{ErrorType, Read};

use super::*;
use crate::board::{LastRun, SensorBus};
use crate::fake::{Answer, FakeBus, FakeClock, FakeFlash, Nobody, SWITCHED_ON, Screen};
use crate::store::Key;

const FLASH: u32 = 512 * 1024;
const DAY_MS: u64 = 86_400_000;

/// Counts feedings and keeps the late task.
struct FakeMachine<'a> {
    fed: &'a Cell<u32>,
    late: &'a Cell<Option<Task>>,
}

impl Machine for FakeMachine<'_> {
    fn last_run(&mut self) -> LastRun {
        LastRun {
            cause: ResetCause::Panic,
            late_task: None,
            panic: heapless::String::<MAX_MESSAGE>::try_from("oh").ok(),
        }
    }

    fn watchdog_ms(&self) -> u32 {
        240_000
    }

    fn feed(&mut self) {
        self.fed.set(self.fed.get() + 1);
    }

    fn note_late(&mut self, task: Task) {
        self.late.set(Some(task));
    }

    fn battery_mv(&mut self) -> Option<u16> {
        None
    }

    fn program_crc(&self) -> u32 {
        0x1234_5678
    }

    fn restart(&mut self) {}
}

/// Sensors whose exchange never ends, or that answer.
struct Hanging(Option<FakeBus>);

impl SensorBus for Hanging {
    async fn exchange(
        &mut self,
        command: &[u8],
        reply: &mut [u8],
        timeout_ms: u32,
    ) -> Option<usize> {
        match &mut self.0 {
            Some(bus) => bus.exchange(command, reply, timeout_ms).await,
            None => core::future::pending().await,
        }
    }

    async fn loop_current(&mut self, _: u8) -> Option<crate::board::LoopCurrent> {
        None
    }
}

/// A board of fakes.
struct Fakes<'a>(core::marker::PhantomData<&'a ()>);

impl<'a> Board for Fakes<'a> {
    type Clock = &'a FakeClock;
    type Flash = &'a mut FakeFlash;
    type Bus = Hanging;
    type Machine = FakeMachine<'a>;
    type FromLaptop = Nobody;
    type ToLaptop = Nobody;
}

fn layout() -> Layout {
    Layout::with_slots(FLASH, 16 * 1024, 8 * 1024).unwrap()
}

/// The logger of a flash.
fn opened(flash: &mut FakeFlash) -> Logger<&mut FakeFlash> {
    block_on(Logger::open(
        flash,
        layout(),
        &FakeClock::default(),
        &SWITCHED_ON,
    ))
    .unwrap()
}

/// A flash with one channel and a clock that was set to 2026-01-01.
fn configured() -> FakeFlash {
    let clock = FakeClock::default();
    let mut logger = block_on(Logger::open(
        FakeFlash::new(FLASH),
        layout(),
        &clock,
        &SWITCHED_ON,
    ))
    .unwrap();
    let sensor = Sensor::Sdi12(Sdi12Value {
        address: b'0',
        value: 0,
        crc: false,
    });
    let channel = ChannelConfig {
        stuck_after: 0,
        ..ChannelConfig::new(
            Name::try_from("phreatic").unwrap(),
            sensor,
            Quantity::LevelM,
        )
    };
    block_on(logger.configure(
        &clock,
        ConfigItem::Channel {
            index: 0,
            channel: Some(channel),
        },
    ))
    .unwrap();
    block_on(logger.set_clock(&clock, 1_767_225_600, true)).unwrap();
    logger.store.into_flash()
}

/// Runs the whole application for some days of virtual time; returns the number of feedings and the late task.
fn run_for(days: u64, flash: &mut FakeFlash, bus: Option<FakeBus>) -> (u32, Option<Task>) {
    run_until(days * DAY_MS, &FakeClock::default(), flash, bus)
}

/// The same with this clock, until the time that it counts in milliseconds or ticks.
fn run_until(
    end: u64,
    clock: &FakeClock,
    flash: &mut FakeFlash,
    bus: Option<FakeBus>,
) -> (u32, Option<Task>) {
    let (fed, late) = (Cell::new(0), Cell::new(None));
    let parts = Parts::<Fakes<'_>> {
        clock,
        flash,
        layout: layout(),
        bus: Hanging(bus),
        machine: FakeMachine {
            fed: &fed,
            late: &late,
        },
        from_laptop: Nobody,
        to_laptop: Nobody,
        fw: [0, 1, 0],
        synthetic: false,
    };
    let ended = clock.run(run(parts), end);
    assert!(!ended);
    (fed.get(), late.get())
}

#[test]
fn two_months_of_the_whole_application_close_one_and_keep_the_watchdog_fed() {
    let mut flash = configured();
    let bus = FakeBus::new(&[
        ("0M!", Answer::Line(b"00001\r\n")),
        ("0D0!", Answer::Line(b"0-12.5\r\n")),
    ]);
    let (fed, late) = run_for(40, &mut flash, Some(bus));
    assert_eq!(late, None);
    // Every 120 s for 40 days.
    assert_eq!(fed, 28_801);
    let mut logger = opened(&mut flash);
    assert_eq!(logger.store.next_sample(), 40 * 96);
    let (record, estimate) = block_on(logger.month_at(0)).unwrap().unwrap();
    assert_eq!(
        (record.channels[0].mean_m, record.channels[0].days, estimate),
        (Some(-12.5), 31, None)
    );
    assert_eq!(logger.store.held().months, 1);
}

/// Retained memory continues from the last time that was kept: after a reset the clock is late by as much as that is old.
#[test]
fn a_reset_loses_two_minutes_at_the_most() {
    let mut flash = configured();
    let clock = FakeClock::default();
    // The first sample is due after 900 s.
    run_until(850_000, &clock, &mut flash, None);
    let kept = clock.kept.get().expect("the clock is set");
    assert!(kept >= 1_767_225_600 + 850 - 120, "{kept}");
}

/// Once an error code that came with a reset was a good level.
#[test]
fn a_level_far_from_the_last_one_before_a_reset_is_a_step() {
    // Of three hours.
    const SAMPLES: usize = 12;
    let mut flash = configured();
    let run_with = |flash: &mut FakeFlash, kept: u32, value: &'static [u8]| {
        let clock = FakeClock::default();
        clock.kept.set(Some(kept));
        let bus = FakeBus::new(&[
            ("0M!", Answer::Line(b"00001\r\n")),
            ("0D0!", Answer::Line(value)),
        ]);
        run_until(SAMPLES as u64 * 900_000, &clock, flash, Some(bus));
        clock.kept.get().expect("the clock is set")
    };
    let kept = run_with(&mut flash, 1_767_225_600, b"0-12.5\r\n");
    let kept = run_with(&mut flash, kept, b"0-99.9\r\n");
    // Two days without power: the water may have moved.
    run_with(&mut flash, kept + 2 * 86_400, b"0-14.0\r\n");

    let mut logger = opened(&mut flash);
    let mut steps = std::vec::Vec::new();
    block_on(logger.store.each_sample(0, |sample, _| {
        let [reading] = sample.channels.as_slice() else {
            panic!("{sample:?}");
        };
        steps.push(reading.quality.has(Quality::STEP));
        core::ops::ControlFlow::Continue(())
    }))
    .unwrap();
    let expected = [[false; SAMPLES], [true; SAMPLES], [false; SAMPLES]].concat();
    assert_eq!(steps, expected);
}

#[test]
fn a_sensor_bus_that_hangs_starves_the_watchdog_and_is_named() {
    let mut flash = configured();
    let (fed, late) = run_for(1, &mut flash, None);
    assert_eq!(late, Some(Task::Sense));
    // The first sample is due after 900 s and may take 120 s: feedings at 0, 120 ... 960 s, none at 1080 s.
    assert_eq!(fed, 9);
}

/// Times of the samples of three days, by a clock that was started before.
fn stamped(clock: &FakeClock, end: u64) -> std::vec::Vec<u32> {
    let mut flash = configured();
    let bus = FakeBus::new(&[
        ("0M!", Answer::Line(b"00001\r\n")),
        ("0D0!", Answer::Line(b"0-12.5\r\n")),
    ]);
    run_until(end, clock, &mut flash, Some(bus));
    let mut logger = opened(&mut flash);
    let mut times = std::vec::Vec::new();
    block_on(logger.store.each_sample(0, |sample, _| {
        times.push(sample.unix_s);
        core::ops::ControlFlow::Continue(())
    }))
    .unwrap();
    assert!(times.len() >= 3 * 96 - 1, "{}", times.len());
    times
}

fn are_quarters_of_an_hour(times: &[u32]) {
    for pair in times.windows(2) {
        assert_eq!((pair[0] % 900, pair[1] - pair[0]), (0, 900), "{pair:?}");
    }
}

/// Most due times lie between two ticks of 32,768 Hz: a sample taken one tick early would belong to the previous second, day and month.
#[test]
fn samples_carry_their_due_time_by_a_clock_of_32768_hz() {
    let mut clock = FakeClock::default();
    clock.ticks = true;
    // Not a whole millisecond after the start.
    clock.advance_to_ms(12_345);
    are_quarters_of_an_hour(&stamped(&clock, 3 * 86_400 * 32_768));
}

#[test]
fn samples_carry_their_due_time_however_late_they_are_taken() {
    let mut clock = FakeClock::default();
    clock.late_ms = 1_300;
    are_quarters_of_an_hour(&stamped(&clock, 3 * DAY_MS));
}

/// A laptop that types a text, after an overrun and, for a second, reads that returned nothing.
struct Typed<'a> {
    clock: &'a FakeClock,
    text: &'static [u8],
    reads: u32,
}

impl ErrorType for Typed<'_> {
    type Error = embedded_io_async::ErrorKind;
}

impl Read for Typed<'_> {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Self::Error> {
        self.reads += 1;
        if self.reads == 1 {
            return Err(embedded_io_async::ErrorKind::Other);
        }
        if self.clock.uptime_ms() < 1000 {
            assert!(self.reads < 100, "it reads without a pause");
            return Ok(0);
        }
        if self.text.is_empty() {
            return core::future::pending().await;
        }
        let count = self.text.len().min(bytes.len());
        bytes[..count].copy_from_slice(&self.text[..count]);
        self.text = &self.text[count..];
        Ok(count)
    }
}

/// A board of fakes with a technician.
struct Repaired<'a>(core::marker::PhantomData<&'a ()>);

impl<'a> Board for Repaired<'a> {
    type Clock = &'a FakeClock;
    type Flash = &'a mut FakeFlash;
    type Bus = Hanging;
    type Machine = FakeMachine<'a>;
    type FromLaptop = Typed<'a>;
    type ToLaptop = Screen;
}

/// A flash of another format once ended the program, and with it the port.
#[test]
fn a_flash_that_cannot_be_opened_leaves_a_port_for_repair() {
    let mut flash = FakeFlash::new(FLASH);
    let mut store = opened(&mut flash).store;
    block_on(store.put(Key::Format as u8, &"another")).unwrap();
    let (fed, late) = (Cell::new(0), Cell::new(None));
    let clock = FakeClock::default();
    let screen = Screen::default();
    let parts = Parts::<Repaired<'_>> {
        clock: &clock,
        flash: &mut flash,
        layout: layout(),
        bus: Hanging(None),
        machine: FakeMachine {
            fed: &fed,
            late: &late,
        },
        from_laptop: Typed {
            clock: &clock,
            text: b"status\rerase\rerase confirm\r",
            reads: 0,
        },
        to_laptop: screen.clone(),
        fw: [0, 1, 0],
        synthetic: false,
    };
    assert!(!clock.run(run(parts), DAY_MS));
    let shown = std::string::String::from_utf8(screen.0.borrow().clone()).unwrap();
    assert!(
        shown.contains("REPAIR: nothing is recorded") && shown.contains("erased; restarting"),
        "{shown}"
    );
    assert!(fed.get() > 700, "the watchdog is fed meanwhile");
    let opened = block_on(Logger::open(&mut flash, layout(), &&clock, &SWITCHED_ON));
    assert!(opened.is_ok(), "the erased flash is laid out anew");
}
