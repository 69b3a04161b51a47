use amlstm_core::link::{CurrentLoop, Name, Quantity, Sample, Sdi12Value};
use embassy_futures::block_on;

use super::*;
use crate::fake::{Answer, FakeBus, FakeClock};

fn channel(quantity: Quantity) -> ChannelConfig {
    let sensor = Sensor::Sdi12(Sdi12Value {
        address: b'1',
        value: 0,
        crc: false,
    });
    ChannelConfig {
        measuring_point_m: 20.0,
        cable_m: 30.0,
        ..ChannelConfig::new(Name::try_from("confined1").unwrap(), sensor, quantity)
    }
}

fn level(config: &ChannelConfig, raw: f32, barometer_kpa: Option<f32>) -> Reading {
    let mut memory = ChannelMemory::default();
    judge(config, Ok(digits(raw)), barometer_kpa, &mut memory)
}

/// What a sensor sends as digits.
fn digits(value: f32) -> RawValue {
    RawValue { value, noise: 0.0 }
}

/// 199.4580 kPa - 101.3250 kPa = 98.133 kPa; / (1000 kg/m3 x 9.80665 m/s2) = 10.00678 m; 20 - 30 + 10.00678 = 0.00678 m.
#[test]
fn an_absolute_transducer_is_compensated_by_the_barometer() {
    let reading = level(
        &channel(Quantity::AbsolutePressureKpa),
        199.458,
        Some(101.325),
    );
    assert!(
        (reading.level_m.unwrap() - 0.006_78).abs() < 1e-4,
        "{reading:?}"
    );
    assert_eq!(reading.quality, Quality::GOOD);
}

#[test]
fn an_absolute_transducer_without_barometer_has_no_level() {
    let reading = level(&channel(Quantity::AbsolutePressureKpa), 199.458, None);
    assert_eq!(
        reading,
        Reading {
            raw: Some(199.458),
            level_m: None,
            quality: Quality::BAROMETER_MISSING
        }
    );
}

/// 98.0665 kPa is 10 m of fresh water and 9.75610 m of water of 1025 kg/m3.
#[test]
fn density_and_offset_enter_a_vented_transducer() {
    let config = channel(Quantity::GaugePressureKpa);
    assert!((level(&config, 98.0665, None).level_m.unwrap() - 0.0).abs() < 1e-5);
    let salty = ChannelConfig {
        density_kg_m3: 1025.0,
        offset_m: 0.5,
        ..config
    };
    assert!(
        (level(&salty, 98.0665, None).level_m.unwrap() - (-10.0 + 9.756_10 + 0.5)).abs() < 1e-5
    );
}

#[test]
fn depths_and_levels_have_their_datum() {
    assert_eq!(
        level(&channel(Quantity::SubmergenceM), 12.5, None).level_m,
        Some(2.5)
    );
    let depth = channel(Quantity::DepthToWaterM);
    let reading = level(&depth, 12.5, None);
    assert_eq!(reading.level_m, Some(7.5));
    assert_eq!(depth_to_water_m(&depth, &reading), Some(12.5));
    assert_eq!(
        level(&channel(Quantity::LevelM), 12.5, None).level_m,
        Some(12.5)
    );
}

#[test]
fn a_dry_sensor_and_a_level_out_of_range_are_flagged() {
    assert!(
        level(&channel(Quantity::SubmergenceM), -0.01, None)
            .quality
            .has(Quality::DRY)
    );
    let narrow = ChannelConfig {
        lowest_m: 0.0,
        highest_m: 10.0,
        ..channel(Quantity::LevelM)
    };
    assert!(level(&narrow, 10.5, None).quality.has(Quality::RANGE));
    assert_eq!(level(&narrow, 10.0, None).quality, Quality::GOOD);
}

#[test]
fn a_sensor_is_stuck_from_its_nth_equal_value_until_it_moves() {
    let config = ChannelConfig {
        stuck_after: 3,
        ..channel(Quantity::LevelM)
    };
    let mut memory = ChannelMemory::default();
    let stuck: std::vec::Vec<bool> = [1.0, 1.0, 1.0, 1.0, 1.01, 1.0]
        .into_iter()
        .map(|raw| {
            judge(&config, Ok(digits(raw)), None, &mut memory)
                .quality
                .has(Quality::STUCK)
        })
        .collect();
    assert_eq!(stuck, [false, false, true, true, false, false]);
}

/// The mean of many conversions of a current that stands still differs each time; of one that moves, it differs by more. By hand: the first five have a mean
/// of 1.0006 and a variance of 0.00000137, the rising ones 0.0000067.
#[test]
fn a_current_that_moves_by_no_more_than_the_converters_noise_is_stuck() {
    let config = ChannelConfig {
        stuck_after: 4,
        ..channel(Quantity::LevelM)
    };
    let stuck = |noise, values: &[f32]| -> std::vec::Vec<bool> {
        let mut memory = ChannelMemory::default();
        let raw = values.iter().map(|value| RawValue {
            value: *value,
            noise,
        });
        raw.map(|raw| judge(&config, Ok(raw), None, &mut memory).quality)
            .map(|quality| quality.has(Quality::STUCK))
            .collect()
    };
    let still = [1.0, 1.0012, 0.999, 1.0005, 1.0003, 1.02, 1.021];
    assert_eq!(
        stuck(0.0012, &still),
        [false, false, false, true, true, false, false]
    );
    let rising = [1.0, 1.002, 1.004, 1.006, 1.0075, 1.0095, 1.0115];
    assert_eq!(stuck(0.0012, &rising), [false; 7]);
}

fn flags(config: &ChannelConfig, memory: &mut ChannelMemory, raw: &[f32]) -> std::vec::Vec<u16> {
    raw.iter()
        .map(|raw| judge(config, Ok(digits(*raw)), None, memory).quality.0)
        .collect()
}

/// The flags of a sensor of levels that is read for the first time.
fn flags_from_the_start(raw: &[f32]) -> std::vec::Vec<u16> {
    flags(
        &channel(Quantity::LevelM),
        &mut ChannelMemory::default(),
        raw,
    )
}

#[test]
fn a_step_is_flagged_until_readings_return() {
    let (good, step) = (Quality::GOOD.0, Quality::STEP.0);
    assert_eq!(
        flags_from_the_start(&[1.0, 1.1, 5.0, 1.1, 1.2, 3.0, 3.1, 3.05, 1.3]),
        [good, good, step, good, good, step, step, step, good]
    );
}

/// A transducer with a broken membrane repeats one number. Once only its first reading was flagged, and the monthly mean was formed of the rest.
#[test]
fn a_step_followed_by_one_value_is_an_error_code() {
    let (good, step) = (Quality::GOOD.0, Quality::STEP.0);
    let code = Quality::STEP.with(Quality::ERROR_CODE).0;
    assert_eq!(
        flags_from_the_start(&[1.0, 1.1, 9.99, 9.99, 9.99, 1.2]),
        [good, good, step, code, code, good]
    );
}

#[test]
fn a_confirmed_step_is_good() {
    let config = channel(Quantity::LevelM);
    let mut memory = Memory::default();
    let first = memory.channels_mut().next().unwrap();
    assert_eq!(
        flags(&config, first, &[1.0, 1.1, 3.0, 3.1]),
        [0, 0, Quality::STEP.0, Quality::STEP.0]
    );
    memory.confirm_step(0);
    memory.confirm_step(99);
    assert_eq!(
        flags(&config, memory.channels_mut().next().unwrap(), &[3.05, 3.1]),
        [0, 0]
    );
}

/// Once the error code was the last good level, and every true level a step.
#[test]
fn an_error_code_from_the_start_gives_way_to_levels_that_move() {
    let (good, step) = (Quality::GOOD.0, Quality::STEP.0);
    let code = Quality::STEP.with(Quality::ERROR_CODE).0;
    assert_eq!(
        flags_from_the_start(&[9.99, 9.99, 9.99, 1.0, 1.0, 1.1, 1.2, 9.99, 9.99]),
        [good, good, good, step, code, good, good, step, code]
    );
}

/// Once an error code that was there after a reset was a good level.
#[test]
fn the_last_good_level_is_recalled_after_a_reset() {
    let config = channel(Quantity::LevelM);
    let sample = Sample {
        number: 0,
        unix_s: 0,
        barometer_kpa: None,
        channels: [level(&config, 1.0, None)].into_iter().collect(),
    };
    let after = |config: &ChannelConfig| {
        let mut memory = Memory::default();
        memory.recall(core::slice::from_ref(config), &sample);
        let first = memory.channels_mut().next().unwrap();
        flags(config, first, &[9.99, 9.98, 1.1])
    };
    assert_eq!(after(&config), [Quality::STEP.0, Quality::STEP.0, 0]);
    // Levels of other settings are no comparison.
    let other = ChannelConfig {
        quantity: Quantity::SubmergenceM,
        ..config
    };
    assert_eq!(after(&other), [0, 0, Quality::STEP.0]);
}

/// A corrected offset moves the last good level, too.
#[test]
fn a_corrected_offset_is_no_step() {
    let config = channel(Quantity::LevelM);
    let mut memory = ChannelMemory::default();
    assert_eq!(flags(&config, &mut memory, &[1.0, 1.1]), [0, 0]);
    let corrected = ChannelConfig {
        offset_m: 2.0,
        ..config
    };
    assert_eq!(flags(&corrected, &mut memory, &[1.1, 1.15]), [0, 0]);
}

#[test]
fn channels_that_share_a_sensor_ask_it_once() {
    let value = |value| {
        Sensor::Sdi12(Sdi12Value {
            address: b'1',
            value,
            crc: false,
        })
    };
    let first = channel(Quantity::LevelM);
    let second = ChannelConfig {
        sensor: value(1),
        ..first.clone()
    };
    let absent = ChannelConfig {
        sensor: value(2),
        ..first.clone()
    };
    let mut bus = FakeBus::new(&[
        ("1M!", Answer::Line(b"10002\r\n")),
        ("1D0!", Answer::Line(b"1+2.5-3.5\r\n")),
    ]);
    let round = block_on(read(
        &FakeClock::default(),
        &mut bus,
        None,
        &[first, second, absent],
        &mut Memory::default(),
    ));
    let levels: std::vec::Vec<_> = round
        .channels
        .iter()
        .map(|reading| reading.level_m)
        .collect();
    assert_eq!(levels, [Some(2.5), Some(-3.5), None]);
    assert_eq!(round.channels[2].quality, Quality::GARBLED);
    assert_eq!(bus.asked, 2);
}

#[test]
fn a_bad_barometer_is_flagged_and_leaves_absolute_channels_without_level() {
    let barometer = BarometerConfig {
        sensor: Sensor::CurrentLoop(CurrentLoop {
            input: 0,
            at_4_ma: 800.0,
            at_20_ma: 1100.0,
        }),
        units_per_kpa: 10.0,
    };
    let absolute = ChannelConfig {
        sensor: Sensor::CurrentLoop(CurrentLoop {
            input: 1,
            at_4_ma: 0.0,
            at_20_ma: 400.0,
        }),
        ..channel(Quantity::AbsolutePressureKpa)
    };
    let mut bus = FakeBus::new(&[]);
    bus.currents_ma = [Some(15.2), Some(12.0)];
    let round = block_on(read(
        &FakeClock::default(),
        &mut bus,
        Some(&barometer),
        core::slice::from_ref(&absolute),
        &mut Memory::default(),
    ));
    // 800 hPa + 11.2 / 16 x 300 hPa = 1010 hPa.
    assert!((round.barometer_kpa.unwrap() - 101.0).abs() < 1e-3);
    assert!(round.channels[0].level_m.is_some());
    bus.currents_ma = [None, Some(12.0)];
    let round = block_on(read(
        &FakeClock::default(),
        &mut bus,
        Some(&barometer),
        &[absolute],
        &mut Memory::default(),
    ));
    assert_eq!(round.barometer_quality, Quality::LOOP_FAULT);
    assert_eq!(round.channels[0].quality, Quality::BAROMETER_MISSING);
}

/// Sensors that promise a value in some seconds. Those at addresses up to 6 send none then; they are waited for in vain.
struct Promising<'c>(&'c FakeClock);

impl SensorBus for Promising<'_> {
    async fn exchange(
        &mut self,
        command: &[u8],
        reply: &mut [u8],
        timeout_ms: u32,
    ) -> Option<usize> {
        let now_ms = self.0.uptime_ms();
        let line: &[u8] = match command {
            [address @ b'0'..=b'6', b'M', b'!'] => {
                &[*address, b'0', b'4', b'0', b'1', b'\r', b'\n']
            }
            b"7M!" => b"70051\r\n",
            b"7D0!" => b"7+2.5\r\n",
            _ => {
                self.0.wait_until_ms(now_ms + u64::from(timeout_ms)).await;
                return None;
            }
        };
        self.0.wait_until_ms(now_ms + 100).await;
        reply[..line.len()].copy_from_slice(line);
        Some(line.len())
    }

    async fn loop_current(&mut self, _: u8) -> Option<crate::board::LoopCurrent> {
        None
    }
}

/// Seven of eight sensors promise a value in 40 s and break their promise: three tries of each would take a quarter of an hour, and the watchdog would bite.
#[test]
fn a_round_ends_in_time_and_a_sensor_that_takes_long_leaves_the_others_theirs() {
    let clock = FakeClock::default();
    let mut bus = Promising(&clock);
    let channels: std::vec::Vec<ChannelConfig> = (b'0'..=b'7')
        .map(|address| ChannelConfig {
            sensor: Sensor::Sdi12(Sdi12Value {
                address,
                value: 0,
                crc: false,
            }),
            ..channel(Quantity::LevelM)
        })
        .collect();
    let (mut memory, mut round) = (Memory::default(), None);
    let done = async { round = Some(read(&clock, &mut bus, None, &channels, &mut memory).await) };
    assert!(clock.run(done, 3_600_000));
    let took_ms = clock.uptime_ms();
    assert!(took_ms < ROUND_MS + 2000, "{took_ms} ms");
    let quality: std::vec::Vec<Quality> = round
        .unwrap()
        .channels
        .iter()
        .map(|reading| reading.quality)
        .collect();
    assert_eq!(quality[..7], [Quality::TIMEOUT; 7]);
    assert_eq!(quality[7], Quality::GOOD);
}
