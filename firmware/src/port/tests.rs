use std::vec::Vec;

use amlstm_core::link::{
    ChannelConfig, EventKind, Fault, Hello, MAX_FRAME, MAX_PAYLOAD, Name, Quality, Quantity,
    Reading, Reply, Request, Response, Sample, Sdi12Value, Sensor, decode_reply, encode_frame,
};
use amlstm_core::month::Month;
use embassy_futures::block_on;
use embedded_io_async::ErrorType;

use super::answer::answer;
use super::*;
use crate::board::{LastRun, Machine};
use crate::calendar::Moment;
use crate::fake::{
    Answer, FakeBus, FakeClock, FakeFlash, LAYERS, Nobody, SWITCHED_ON, Screen, model, upload,
};
use crate::logger::Logger;
use crate::power::Currents;
use crate::sense::Round;
use crate::store::{Key, Layout};

mod tape;
mod verify;

const FLASH: u32 = 128 * 1024;

/// A machine that counts its restarts.
#[derive(Default)]
struct FakeMachine {
    restarts: u32,
}

impl Machine for FakeMachine {
    fn last_run(&mut self) -> LastRun {
        SWITCHED_ON
    }

    fn watchdog_ms(&self) -> u32 {
        1000
    }

    fn feed(&mut self) {}

    fn note_late(&mut self, _task: Task) {}

    fn battery_mv(&mut self) -> Option<u16> {
        Some(3600)
    }

    fn currents(&self) -> Option<Currents> {
        Some(Currents {
            asleep_ua: 10.0,
            asking_ua: 1000.0,
            sample_uc: 0.0,
        })
    }

    fn program_crc(&self) -> u32 {
        0x1234_5678
    }

    fn restart(&mut self) {
        self.restarts += 1;
    }
}

/// A board of fakes.
struct Fakes;

impl Board for Fakes {
    type Clock = FakeClock;
    type Flash = FakeFlash;
    type Bus = FakeBus;
    type Machine = FakeMachine;
    type FromLaptop = Nobody;
    type ToLaptop = Nobody;
}

type Desk = Shared<Fakes>;

fn desk() -> Desk {
    desk_on(FakeFlash::new(FLASH))
}

/// A logger that starts with this flash, after a loss of power.
fn desk_on(flash: FakeFlash) -> Desk {
    let clock = FakeClock::default();
    let layout = Layout::with_slots(FLASH, 16 * 1024, 8 * 1024).unwrap();
    let logger = block_on(Logger::open(flash, layout, &clock, &SWITCHED_ON)).unwrap();
    let bus = FakeBus::new(&[
        ("0M!", Answer::Line(b"00001\r\n")),
        ("0D0!", Answer::Line(b"0+12.5\r\n")),
    ]);
    Shared::new(clock, logger, bus, FakeMachine::default(), [0, 1, 0], false)
}

/// The payload of a frame.
fn payload(frame: &[u8]) -> Vec<u8> {
    let mut reader = FrameReader::new();
    for &byte in frame {
        if let Received::Payload(payload) = reader.push(byte) {
            return payload.to_vec();
        }
    }
    panic!("no frame in {frame:?}");
}

fn request(request: &Request<'_>) -> Vec<u8> {
    let mut frame = [0; MAX_FRAME];
    payload(encode_frame(9, request, &mut frame).unwrap())
}

fn ask<T>(desk: &Desk, asked: &Request<'_>, read: impl FnOnce(Reply<'_>) -> T) -> T {
    let mut frame = [0; MAX_FRAME];
    let answer = block_on(answer(desk, &request(asked), &mut frame));
    let payload = payload(answer.frame);
    let (sequence, reply) = decode_reply(&payload).unwrap();
    assert_eq!(sequence, 9);
    read(reply)
}

#[allow(clippy::unnecessary_wraps, reason = "it stands where a reply stands")]
fn hello() -> Reply<'static> {
    Ok(Response::Hello(Hello {
        proto_major: 1,
        proto_minor: 0,
        fw: [0, 1, 0],
        model_format: amlstm_core::artifact::FORMAT as u8,
        serial: 0,
    }))
}

#[test]
fn a_channel_is_configured_and_read() {
    let desk = desk();
    let sensor = Sensor::Sdi12(Sdi12Value {
        address: b'0',
        value: 0,
        crc: false,
    });
    let channel = ChannelConfig::new(
        Name::try_from("phreatic").unwrap(),
        sensor,
        Quantity::LevelM,
    );
    let item = amlstm_core::link::ConfigItem::Channel {
        index: 0,
        channel: Some(channel),
    };
    ask(&desk, &Request::ConfigSet(item), |reply| {
        assert_eq!(reply, Ok(Response::Done));
    });
    ask(&desk, &Request::Now, |reply| match reply {
        Ok(Response::Now(now)) => assert_eq!(now.channels[0].level_m, Some(12.5)),
        other => panic!("{other:?}"),
    });
    ask(&desk, &Request::Estimate, |reply| {
        assert_eq!(reply, Err(Fault::NotFound));
    });
    ask(&desk, &Request::ModelRead { offset: 0 }, |reply| {
        assert_eq!(reply, Err(Fault::NoModel));
    });
}

/// A million payloads: random bytes, and requests with a byte changed or cut off. Each gets an answer that can be read, and the logger works after
/// the last as after the first.
#[test]
fn hostile_payloads_get_an_answer_each() {
    let desk = desk();
    let seeds = [
        request(&Request::Hello),
        request(&Request::Samples { number: 3 }),
        request(&Request::ConfigGet(amlstm_core::link::ConfigKey::Station)),
        request(&Request::UploadChunk {
            offset: 0,
            bytes: &[1; 192],
        }),
        request(&Request::ClockSet {
            unix_s: 1_790_000_000,
            confirm_jump: true,
        }),
    ];
    let mut seed = 0x9e37_79b9_u32;
    let mut noise = || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed
    };
    for round in 0..1_000_000_usize {
        let mut bytes = seeds[round % seeds.len()].clone();
        match noise() % 3 {
            0 => {
                bytes.resize(noise() as usize % MAX_PAYLOAD, 0);
                for byte in &mut bytes {
                    *byte = noise() as u8;
                }
            }
            1 => {
                let place = noise() as usize % bytes.len();
                bytes[place] = noise() as u8;
            }
            _ => bytes.truncate(noise() as usize % bytes.len()),
        }
        let mut frame = [0; MAX_FRAME];
        let answer = block_on(answer(&desk, &bytes, &mut frame));
        let answered = decode_reply(&payload(answer.frame)).map(|(sequence, _)| sequence);
        assert_eq!(
            answered,
            Ok(bytes.first().copied().unwrap_or(0)),
            "{bytes:?}"
        );
    }
    ask(&desk, &Request::Hello, |reply| match reply {
        Ok(Response::Hello(found)) => {
            assert_eq!(Ok(Response::Hello(Hello { serial: 0, ..found })), hello());
        }
        other => panic!("{other:?}"),
    });
}

/// A laptop's end of the cable: bytes arrive at 115,200 baud in a buffer of 512, like that of a UART; what does not fit is lost with an error.
struct Pasted {
    clock: &'static FakeClock,
    bytes: Vec<u8>,
    taken: usize,
    /// From this byte on everything arrives that many milliseconds later.
    pause: (usize, u64),
    /// Until then the cable is not plugged in: every read returns nothing at once.
    plugged_in_ms: u64,
    /// Reads that returned nothing.
    empty_reads: u32,
}

/// The buffer ran over.
#[derive(Debug)]
struct Overrun;

impl core::fmt::Display for Overrun {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("overrun")
    }
}

impl core::error::Error for Overrun {}

impl embedded_io_async::Error for Overrun {
    fn kind(&self) -> embedded_io_async::ErrorKind {
        embedded_io_async::ErrorKind::Other
    }
}

impl ErrorType for Pasted {
    type Error = Overrun;
}

impl Read for Pasted {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Overrun> {
        if self.clock.uptime_ms() < self.plugged_in_ms {
            self.empty_reads += 1;
            assert!(self.empty_reads < 100, "it reads without a pause");
            return Ok(0);
        }
        if self.taken == self.bytes.len() {
            return core::future::pending().await;
        }
        // 11.52 bytes per millisecond, from the first second on.
        let (paused, pause_ms) = self.pause;
        let delay_ms = |byte: usize| if byte < paused { 0 } else { pause_ms };
        let due_ms = 1000 + ((self.taken as u64 + 1) * 100).div_ceil(1152) + delay_ms(self.taken);
        self.clock.wait_until_ms(due_ms).await;
        let now_ms = self.clock.uptime_ms() - 1000;
        let arrived = (now_ms * 1152 / 100).min(paused as u64) as usize;
        let later = (now_ms.saturating_sub(pause_ms) * 1152 / 100) as usize;
        let arrived = arrived.max(later).min(self.bytes.len());
        if arrived - self.taken > 512 {
            self.taken = arrived;
            return Err(Overrun);
        }
        let count = (arrived - self.taken).min(bytes.len());
        bytes[..count].copy_from_slice(&self.bytes[self.taken..][..count]);
        self.taken += count;
        Ok(count)
    }
}

/// Sensors that take two seconds to answer.
struct Slow(&'static FakeClock);

impl crate::board::SensorBus for Slow {
    async fn exchange(&mut self, _: &[u8], _: &mut [u8], _: u32) -> Option<usize> {
        self.0.wait_until_ms(self.0.uptime_ms() + 2000).await;
        None
    }

    async fn loop_current(&mut self, _: u8) -> Option<crate::board::LoopCurrent> {
        None
    }
}

struct Table;

impl Board for Table {
    type Clock = &'static FakeClock;
    type Flash = FakeFlash;
    type Bus = Slow;
    type Machine = FakeMachine;
    type FromLaptop = Pasted;
    type ToLaptop = Screen;
}

/// Text on a terminal after `bytes` were pasted into it, those from `pause_at` on a minute later.
fn pasted(bytes: &[u8], pause_at: usize) -> std::string::String {
    pasted_once_plugged_in(bytes, pause_at, 0)
}

/// The same, after reads that returned nothing.
fn pasted_once_plugged_in(
    bytes: &[u8],
    pause_at: usize,
    plugged_in_ms: u64,
) -> std::string::String {
    let clock: &'static FakeClock = std::boxed::Box::leak(std::boxed::Box::default());
    let layout = Layout::with_slots(FLASH, 16 * 1024, 8 * 1024).unwrap();
    let logger = block_on(Logger::open(
        FakeFlash::new(FLASH),
        layout,
        &clock,
        &SWITCHED_ON,
    ))
    .unwrap();
    let machine = FakeMachine::default();
    let shared = Shared::<Table>::new(clock, logger, Slow(clock), machine, [0, 1, 0], false);
    let screen = Screen::default();
    let from = Pasted {
        clock,
        bytes: bytes.to_vec(),
        taken: 0,
        pause: (pause_at, 60_000),
        plugged_in_ms,
        empty_reads: 0,
    };
    clock.run(serve(&shared, from, screen.clone()), 120_000);
    let shown = screen.0.borrow().clone();
    std::string::String::from_utf8(shown).unwrap()
}

#[test]
fn a_block_pasted_while_a_slow_command_runs_is_run_to_its_end() {
    let mut block = b"set channel 0 phreatic sdi12 0 0 level\rnow\r".to_vec();
    for point in 0..40 {
        block.extend_from_slice(std::format!("set channel 0 point {point}\r").as_bytes());
    }
    block.extend_from_slice(b"set\r");
    let shown = pasted(&block, usize::MAX >> 1);
    assert!(shown.contains("point 39.000 m"), "{shown}");
    assert!(!shown.contains("input lost"), "{shown}");
}

#[test]
fn an_overrun_is_said_and_the_port_goes_on() {
    let mut block = b"set channel 0 phreatic sdi12 0 0 level\rnow\r".to_vec();
    // More than port and UART buffer while the sensors are read.
    for _ in 0..500 {
        block.extend_from_slice(b"clock\r");
    }
    let pause_at = block.len();
    block.extend_from_slice(b"\rset limit 3.5\rset\r");
    let shown = pasted(&block, pause_at);
    assert!(shown.contains("input lost"), "{shown}");
    assert!(shown.contains("limit 3.500 mm"), "{shown}");
}

#[test]
fn a_port_that_reads_nothing_waits_and_goes_on() {
    let shown = pasted_once_plugged_in(b"set limit 3.5\rset\r", usize::MAX >> 1, 900);
    assert!(shown.contains("limit 3.500 mm"), "{shown}");
}

/// What the console prints for a line, without the prompt.
fn typed(desk: &Desk, line: &str) -> std::string::String {
    let screen = Screen::default();
    let mut session = session::Session::new(desk, screen.clone());
    for byte in std::format!("{line}\r").bytes() {
        block_on(session.take_typed(byte)).unwrap();
    }
    let shown = std::string::String::from_utf8(screen.0.take()).unwrap();
    let shown = shown.split_once("\r\n").unwrap().1;
    shown.strip_suffix("> ").unwrap().to_owned()
}

/// The laptop's test compares with the same files.
#[test]
fn the_console_exports_what_the_laptop_exports() {
    let desk = desk();
    for line in [
        "set station A NAVD88 107",
        "set channel 0 phreatic sdi12 0 0 absolute",
        "set channel 1 confined1 sdi12 1 0 submergence",
    ] {
        typed(&desk, line);
    }
    let mut logger = block_on(desk.logger.lock());
    // A name that cannot be typed as a word on the console.
    logger.settings.channels[1].aquifer_layer = Name::try_from("confined, 1").unwrap();
    let reading = |raw, level_m, quality| Reading {
        raw,
        level_m,
        quality,
    };
    let unsure = Quality::CLOCK_UNSURE;
    let samples = [
        (
            1_777_673_700,
            Some(101.324_295),
            [
                reading(Some(240.943), Some(20.657_146), Quality::GOOD),
                reading(Some(35.243), Some(6.642_999_6), unsure),
            ],
        ),
        (
            1_777_674_600,
            None,
            [
                reading(None, None, Quality::TIMEOUT.with(unsure)),
                reading(None, None, Quality::BAROMETER_MISSING),
            ],
        ),
    ];
    for (unix_s, barometer_kpa, channels) in samples {
        let sample = Sample {
            number: 0,
            unix_s,
            barometer_kpa,
            channels: channels.into_iter().collect(),
        };
        block_on(logger.store.push_sample(sample)).unwrap();
    }
    drop(logger);
    let csv = include_str!("../../../tests/fixtures/samples.csv");
    assert_eq!(typed(&desk, "export csv").replace("\r\n", "\n"), csv);
    let toa5 = include_str!("../../../tests/fixtures/samples.toa5.dat");
    assert_eq!(typed(&desk, "export toa5"), toa5);
}

/// A desk with the SYNTHETIC model and its layers, which closed January 2026 and estimated it.
fn desk_in_february() -> Desk {
    let desk = desk();
    for (channel, layer) in LAYERS.iter().enumerate() {
        let line = std::format!("set channel {channel} {layer} sdi12 {channel} 0 level");
        assert_eq!(typed(&desk, &line), "set\r\n");
    }
    typed(&desk, "clock 2026-01-01 00:00:00");
    let file = model(1, Month::new(2025, 12).unwrap());
    let mut logger = block_on(desk.logger.lock());
    upload(&mut logger, &file).unwrap();
    block_on(logger.upload_commit(&desk.clock, false)).unwrap();
    drop(logger);
    sample_days(&desk, "2026-01-01 00:00:00", 33);
    desk.clock.advance_to_ms(33 * 86_400_000);
    block_on(block_on(desk.logger.lock()).estimate_missing(&desk.clock)).unwrap();
    desk
}

/// A sample of every layer at the same time on so many days.
fn sample_days(desk: &Desk, from: &str, days: u32) {
    let start = Moment::parse(from).unwrap().to_unix().unwrap();
    let reading = |level_m| Reading {
        raw: Some(level_m),
        level_m: Some(level_m),
        quality: Quality::GOOD,
    };
    let round = Round {
        barometer_kpa: None,
        barometer_quality: Quality::GOOD,
        channels: [-10.0, -20.0, -30.0].map(reading).into_iter().collect(),
    };
    let mut logger = block_on(desk.logger.lock());
    for day in 0..days {
        block_on(logger.append(&desk.clock, start + day * 86_400, &round)).unwrap();
    }
}

#[test]
fn what_is_synthetic_is_said_wherever_it_is_shown() {
    let mut desk = desk_in_february();
    let commands = ["status", "months", "est", "model"];
    for command in commands {
        let shown = typed(&desk, command);
        assert!(shown.contains("SYNTHETIC MODEL"), "{command}: {shown}");
        assert!(!shown.contains("SYNTHETIC SENSORS"), "{command}: {shown}");
    }
    desk.synthetic = true;
    for command in commands {
        let shown = typed(&desk, command);
        assert!(shown.contains("SYNTHETIC SENSORS"), "{command}: {shown}");
    }
    let head = typed(&desk, "export csv 9999");
    assert!(head.contains("(SYNTHETIC)"), "{head}");
}

/// The tape is a quarter of a metre above the sensor, whose levels were -10 m.
#[test]
fn an_estimate_without_the_drift_says_what_was_done_for_each_layer() {
    let desk = desk_in_february();
    let tape = EventKind::Tape {
        channel: 0,
        tape_m: 10.0,
        sensor_m: Some(10.25),
    };
    block_on(block_on(desk.logger.lock()).note(&desk.clock, tape)).unwrap();
    let shown = typed(&desk, "est corrected");
    assert!(
        shown.starts_with("CORRECTED by the tape readings"),
        "{shown}"
    );
    let corrected = std::format!("{}: -9.750 m, +0.250 m of it by the tape", LAYERS[0]);
    let untold = std::format!("{}: as it was closed: no tape reading", LAYERS[1]);
    assert!(
        shown.contains(&corrected) && shown.contains(&untold),
        "{shown}"
    );
    assert!(shown.contains("2026-01   increment"), "{shown}");
    assert!(!typed(&desk, "est").contains("CORRECTED"));
}

#[test]
fn a_clock_in_a_closed_month_is_said_to_count_nothing_until_the_month_is_void() {
    let desk = desk_in_february();
    let refused = typed(&desk, "clock 2026-01-10 00:00:00");
    assert!(
        refused.contains("go back 24 days, and no sample would count before 2026-02"),
        "{refused}"
    );
    typed(&desk, "clock 2026-01-10 00:00:00 confirm");
    for command in ["status", "clock"] {
        let shown = typed(&desk, command);
        assert!(
            shown.contains("NOT COUNTING until 2026-02"),
            "{command}: {shown}"
        );
    }
    let refused = typed(&desk, "void 2026-01");
    assert!(
        refused.contains("1 closed months and their estimates would no longer count"),
        "{refused}"
    );
    let void = typed(&desk, "void 2026-01 confirm");
    assert_eq!(void, "1 months made void\r\n");
    let shown = typed(&desk, "status");
    assert!(!shown.contains("NOT COUNTING"), "{shown}");
}

#[test]
fn a_month_with_samples_of_an_unsure_clock_is_marked() {
    let before = desk_in_february();
    let shown = typed(&before, "months");
    assert!(shown.contains("2026-01    -10.000"), "{shown}");
    assert!(!shown.contains("-10.000?"), "{shown}");
    // The power is lost, and the time with it.
    let desk = desk_on(before.logger.into_inner().store.into_flash());
    let shown = typed(&desk, "status");
    assert!(shown.contains("UNSURE since a power loss"), "{shown}");
    sample_days(&desk, "2026-02-03 00:00:00", 30);
    let shown = typed(&desk, "months");
    assert!(shown.contains("2026-02    -10.000?"), "{shown}");
}

/// A record of a newer firmware.
#[test]
fn records_that_cannot_be_read_are_shown() {
    let before = desk();
    assert!(!typed(&before, "status").contains("cannot read"));
    let mut store = before.logger.into_inner().store;
    block_on(store.put(Key::RateLimit as u8, &"newer")).unwrap();
    let shown = typed(&desk_on(store.into_flash()), "status");
    assert!(
        shown.contains("1 records that this firmware cannot read"),
        "{shown}"
    );
}

/// A month of eight channels takes more room than one of a single channel: by their sizes on flash 275 bytes for 93.
#[test]
fn the_months_free_are_those_of_the_stations_channels() {
    let desk = desk();
    typed(&desk, "set channel 0 layer0 sdi12 0 0 level");
    let one = block_on(desk.status()).unwrap().months_free;
    for channel in 1..8 {
        let line = std::format!("set channel {channel} layer{channel} sdi12 {channel} 0 level");
        assert_eq!(typed(&desk, &line), "set\r\n");
    }
    let eight = block_on(desk.status()).unwrap().months_free;
    let visit = block_on(desk.visit(0, &[])).unwrap();
    assert_eq!(visit.months_free, eight);
    let ratio = f32::from(one) / f32::from(eight);
    assert!((2.8..3.1).contains(&ratio), "{one} and {eight}");
}

#[test]
fn a_tape_reading_far_from_the_sensor_is_asked_back() {
    let desk = desk();
    for line in [
        "set channel 0 phreatic sdi12 0 0 level",
        "set channel 0 crc off",
        "set channel 0 point 20",
    ] {
        assert_eq!(typed(&desk, line), "set\r\n");
    }
    // The level is 12.5 m, 7.5 m below the measuring point.
    let asked = typed(&desk, "tape 0 8.1");
    assert!(
        asked.contains("sensor 7.500 m: more than 0.5 m apart, not recorded"),
        "{asked}"
    );
    assert!(!typed(&desk, "events").contains("tape at"));
    typed(&desk, "tape 0 7.9");
    typed(&desk, "tape 0 8.1 confirm");
    let shown = typed(&desk, "events");
    assert_eq!(shown.matches("tape at phreatic").count(), 2, "{shown}");
}

/// Without its letters a name would be another name.
#[test]
fn a_name_that_is_not_ascii_is_refused() {
    let desk = desk();
    let refused = typed(&desk, "set station K\u{f6}ln-7 NAVD88 1");
    assert!(refused.contains("not ASCII"), "{refused}");
    let shown = typed(&desk, "set");
    assert!(shown.contains("station \"\""), "{shown}");
    assert_eq!(typed(&desk, "set station Koeln-7 NAVD88 1"), "set\r\n");
}

#[test]
fn events_name_the_layer_and_what_was_set() {
    let desk = desk();
    for line in [
        "set channel 0 phreatic sdi12 0 0 level",
        "tape 0 12.5 confirm",
    ] {
        typed(&desk, line);
    }
    let shown = typed(&desk, "events");
    assert!(shown.contains("tape at phreatic: 12.500 m"), "{shown}");
    assert!(!shown.contains("Channel("), "{shown}");
}

/// A bus with one sensor at address 0, which has an identity.
fn bus_of(identity: &'static [u8]) -> FakeBus {
    FakeBus::new(&[
        ("0!", Answer::Line(b"0\r\n")),
        ("0I!", Answer::Line(identity)),
        ("0A5!", Answer::Line(b"5\r\n")),
        ("0MC!", Answer::Line(b"00001\r\n")),
        // The CRC of the specification's example.
        ("0D0!", Answer::Line(b"0+3.14OqZ\r\n")),
    ])
}

const FIRST: &[u8] = b"014KELLERAG36XIW 101SN1\r\n";
const OTHER: &[u8] = b"014KELLERAG36XIW 101SN2\r\n";

/// The quality of the first channel in a round.
fn sampled(desk: &Desk) -> Quality {
    block_on(desk.sample()).channels[0].quality
}

fn put_on_the_cable(desk: &Desk, bus: FakeBus) {
    *block_on(desk.cable.lock()).bus_mut() = bus;
}

#[test]
fn a_sensor_that_was_swapped_is_flagged_until_somebody_agrees() {
    let desk = desk();
    put_on_the_cable(&desk, bus_of(FIRST));
    typed(&desk, "set channel 0 phreatic sdi12 0 0 level");
    assert_eq!(sampled(&desk), Quality::GOOD);
    // Unplugged, and replaced by another one.
    put_on_the_cable(&desk, FakeBus::new(&[]));
    assert_eq!(sampled(&desk), Quality::TIMEOUT);
    put_on_the_cable(&desk, bus_of(OTHER));
    assert_eq!(sampled(&desk), Quality::SWAPPED);
    assert!(Quality::SWAPPED.is_usable(), "its levels count");
    let shown = typed(&desk, "events");
    assert!(
        shown.contains("phreatic: another sensor than before: 14KELLERAG36XIW 101SN2"),
        "{shown}"
    );
    assert_eq!(shown.matches("another sensor").count(), 1, "{shown}");
    typed(&desk, "step 0");
    assert_eq!(sampled(&desk), Quality::GOOD);
    // The first one is by now a different one than the accepted one.
    put_on_the_cable(&desk, FakeBus::new(&[]));
    sampled(&desk);
    put_on_the_cable(&desk, bus_of(FIRST));
    assert_eq!(sampled(&desk), Quality::SWAPPED);
    typed(&desk, "tape 0 -3.14");
    assert_eq!(
        sampled(&desk),
        Quality::GOOD,
        "a tape reading that agrees confirms it"
    );
}

#[test]
fn a_switched_supply_is_on_before_each_round_and_off_after_it() {
    let desk = desk();
    put_on_the_cable(&desk, bus_of(FIRST));
    typed(&desk, "set channel 0 phreatic sdi12 0 0 level");
    typed(&desk, "set supply 3");
    assert!(typed(&desk, "set").contains("supply of the sensors on 3 s before each round"));
    let done = async { assert_eq!(desk.sample().await.channels[0].quality, Quality::GOOD) };
    assert!(desk.clock.run(done, 10_000));
    assert_eq!(desk.clock.uptime_ms(), 3000);
    let refused = typed(&desk, "set supply 11");
    assert!(refused.contains("warm up for 0 to 10 s"), "{refused}");
    assert_eq!(
        block_on(desk.cable.lock()).bus_mut().supplied,
        [true, false]
    );
}

#[test]
fn a_technician_finds_asks_and_renumbers_sensors() {
    let desk = desk();
    put_on_the_cable(&desk, bus_of(FIRST));
    let shown = typed(&desk, "sdi12 scan");
    assert_eq!(shown, "014KELLERAG36XIW 101SN1\r\n1 sensors\r\n");
    // 61 addresses without a sensor: the longest answer would be waited for three times as long.
    let waited_ms = block_on(desk.cable.lock()).bus_mut().waited_ms;
    assert!((10_000..20_000).contains(&waited_ms), "{waited_ms}");
    assert_eq!(
        typed(&desk, "sdi12 identify 0"),
        "014KELLERAG36XIW 101SN1\r\n"
    );
    assert_eq!(typed(&desk, "sdi12 identify 7"), "no answer\r\n");
    assert_eq!(typed(&desk, "sdi12 send 0MC!"), "00001\r\n");
    let refused = typed(&desk, "sdi12 send 0M");
    assert!(refused.contains("ends with !"), "{refused}");
    let refused = typed(&desk, "sdi12 address 5 0");
    assert!(refused.contains("answers at 0 already"), "{refused}");
    let changed = typed(&desk, "sdi12 address 0 5");
    assert!(changed.contains("0 is 5 now"), "{changed}");
    let silent = typed(&desk, "sdi12 address 0 7");
    assert!(
        silent.contains("the sensor at 0 did not take the address 7"),
        "{silent}"
    );
    let refused = typed(&desk, "sdi12 address 0 55");
    assert!(refused.contains("found \"55\""), "{refused}");
    let asked = Request::Sdi12 { command: b"0I!" };
    ask(&desk, &asked, |reply| match reply {
        Ok(Response::Sdi12(line)) => assert_eq!(line, &FIRST[..FIRST.len() - 2]),
        other => panic!("{other:?}"),
    });
    for (command, fault) in [(&b"7I!"[..], Fault::NotFound), (b"!", Fault::Malformed)] {
        ask(&desk, &Request::Sdi12 { command }, |reply| {
            assert_eq!(reply, Err(fault));
        });
    }
}

#[test]
fn how_a_sensor_is_asked_is_set_and_shown() {
    let desk = desk();
    for line in [
        "set channel 0 phreatic sdi12 0 1 level",
        "set channel 0 command C2",
        "set channel 0 wake 40",
        "set channel 0 crc off",
    ] {
        assert_eq!(typed(&desk, line), "set\r\n", "{line}");
    }
    let shown = typed(&desk, "set");
    assert!(
        shown.contains("sdi12 0 value 1 by C2, woken 40 ms earlier, no CRC"),
        "{shown}"
    );
    let refused = typed(&desk, "set channel 0 wake 91");
    assert!(
        refused.contains("extra wake time is at most 90 ms"),
        "{refused}"
    );
    let refused = typed(&desk, "set channel 0 command D0");
    assert!(refused.contains("expected M, M1 to M9"), "{refused}");
}

#[test]
fn a_technician_enters_the_battery_and_sees_how_long_it_lasts() {
    let desk = desk();
    typed(&desk, "clock 2026-01-13 00:00:00 confirm");
    for line in ["set battery 19000 5 2026-01-03", "set low 3400 21600"] {
        assert_eq!(typed(&desk, line), "set\r\n", "{line}");
    }
    let shown = typed(&desk, "set");
    for line in [
        "battery of 19000 mAh, fitted 2026-01-03; sensors draw 5 mA",
        "samples every 21600 s while the battery is below 3400 mV",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    let refused = typed(&desk, "set battery 19000 5 2026-02-30");
    assert!(
        refused.contains("expected the day it was fitted"),
        "{refused}"
    );
    let refused = typed(&desk, "set battery 0 5 2026-01-03");
    assert!(refused.contains("a capacity above 0 mAh"), "{refused}");
    let refused = typed(&desk, "set low 3400 0");
    assert!(refused.contains("1 to 86400 s apart"), "{refused}");
    // How long a round takes is known after the first.
    assert!(!typed(&desk, "status").contains("lasts"));
    desk.round_ms.set(Some(3000));
    // By hand: 5 mA and 10 uA all day, 1 mA more in 96 rounds of 3 s: 120,320 uAh a day. (19,000 - 10 * 120.32) / 120.32 = 147.9 days.
    let shown = typed(&desk, "status");
    let expected = "lasts      about 147 days more: 120.32 mAh a day by data sheets, not measured, of 19000 mAh fitted 2026-01-03";
    assert!(shown.contains(expected), "{shown}");
    let visit = block_on(desk.visit(0, &[])).unwrap();
    assert_eq!(visit.battery_life.map(|life| life.days_left), Some(147));
}

#[test]
fn a_line_that_was_begun_before_the_port_slept_is_forgotten() {
    let desk = desk();
    let screen = Screen::default();
    let mut session = session::Session::new(&desk, screen.clone());
    for byte in b"void 2026-01 conf\x03status\r" {
        block_on(session.take_typed(*byte)).unwrap();
    }
    let shown = std::string::String::from_utf8(screen.0.take()).unwrap();
    assert!(shown.contains("conf\r\n> status\r\n"), "{shown}");
    assert!(shown.contains("station    (not set)"), "{shown}");
}

#[test]
fn the_cable_rests_after_a_round_and_after_a_command() {
    let desk = desk();
    put_on_the_cable(&desk, bus_of(FIRST));
    typed(&desk, "set channel 0 phreatic sdi12 0 0 level");
    for _ in 0..2 {
        assert!(!block_on(desk.cable.lock()).bus_mut().awake);
        assert_eq!(block_on(desk.sample()).channels[0].quality, Quality::GOOD);
    }
    typed(&desk, "sdi12 send 0I!");
    let mut cable = block_on(desk.cable.lock());
    assert!(cable.bus_mut().asked > 0 && !cable.bus_mut().awake);
}
