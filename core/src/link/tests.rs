use std::{vec, vec::Vec};

use super::*;
use crate::drift::Correction;
use serde::Serialize;

/// First byte of the postcard form: the enum's discriminant.
fn kind<T: Serialize>(message: &T) -> u8 {
    let mut out = [0; 512];
    postcard::to_slice(message, &mut out).unwrap()[0]
}

fn kinds<T: Serialize>(messages: &[T]) -> Vec<u8> {
    messages.iter().map(kind).collect()
}

fn ascending(count: usize) -> Vec<u8> {
    (0..count as u8).collect()
}

fn slot() -> SlotInfo {
    SlotInfo {
        generation: 1,
        version: 2,
        length: 3,
        crc: 4,
        signed: false,
    }
}

fn now() -> Now {
    Now {
        unix_s: 0,
        barometer_kpa: None,
        channels: heapless::Vec::new(),
    }
}

fn estimated() -> EstimateRecord {
    EstimateRecord {
        month_index: 0,
        generation: 0,
        model_version: 0,
        increment_mm: 0.0,
        subsidence_mm: 0.0,
        half_width_mm: None,
        attention: heapless::Vec::new(),
        inputs: heapless::Vec::new(),
        months_without_levels: 0,
        primary: crate::estimate::Primary::Network,
        other_increment_mm: None,
        disagree: false,
        subsidence_half_width_mm: None,
        bridged: 0,
    }
}

/// Every request in the order of its discriminant. Append; never reorder.
fn requests() -> Vec<Request<'static>> {
    vec![
        Request::Hello,
        Request::Status,
        Request::Now,
        Request::Month { position: 0 },
        Request::Event { number: 0 },
        Request::Samples { number: 0 },
        Request::Estimate,
        Request::ConfigGet(ConfigKey::Station),
        Request::ConfigSet(ConfigItem::SampleInterval { seconds: 900 }),
        Request::ClockSet {
            unix_s: 0,
            confirm_jump: false,
        },
        Request::Visit {
            laptop_unix_s: 0,
            tape_m: heapless::Vec::new(),
        },
        Request::Models,
        Request::UploadBegin { length: 0, crc: 0 },
        Request::UploadChunk {
            offset: 0,
            bytes: &[],
        },
        Request::UploadWhere,
        Request::UploadSignature { bytes: &[] },
        Request::UploadCommit { allow_older: false },
        Request::Rollback { allow_older: false },
        Request::ModelRead { offset: 0 },
        Request::EstimateAt { position: 0 },
        Request::Restart,
        Request::ConfirmStep { channel: 0 },
        Request::VoidMonths {
            month_index: 0,
            confirm: false,
        },
        Request::Verify,
        Request::Sdi12 { command: &[] },
        Request::Layers { position: None },
        Request::Firmware,
        Request::FirmwareBegin { length: 0, crc: 0 },
        Request::FirmwareChunk {
            offset: 0,
            bytes: &[],
        },
        Request::FirmwareCommit {
            signature: &[],
            allow_older: false,
        },
        Request::CorrectedEstimate { position: None },
    ]
}

#[test]
fn requests_keep_their_numbers() {
    assert_eq!(kinds(&requests()), ascending(31));
}

#[test]
fn responses_keep_their_numbers() {
    let record = MonthRecord {
        month_index: 0,
        closed_unix_s: 0,
        next_sample: 0,
        channels: heapless::Vec::new(),
    };
    let visit = VisitReport {
        now: now(),
        depth_to_water_m: heapless::Vec::new(),
        battery_mv: None,
        clock_error_s: 0,
        samples: 0,
        sample_capacity: 0,
        months_free: 0,
        serial: 0,
        battery_life: None,
    };
    let responses = [
        Response::Hello(Hello::new([0; 3], 0, 0)),
        Response::Done,
        Response::Status(status()),
        Response::Now(now()),
        Response::Month {
            record,
            estimate: None,
        },
        Response::Event(Event {
            number: 0,
            unix_s: 0,
            kind: EventKind::MonthLogFull,
        }),
        Response::Samples(&[]),
        Response::Estimate(estimated()),
        Response::Config(ConfigItem::SampleInterval { seconds: 900 }),
        Response::Visit(visit),
        Response::Models(Models {
            active: None,
            standby: None,
            well: Name::new(),
            synthetic_model: false,
            trained_until: None,
            utc_offset_minutes: 0,
            month_rules: heapless::Vec::new(),
        }),
        Response::Upload(UploadProgress {
            length: 0,
            crc: 0,
            received: 0,
        }),
        Response::Active(slot()),
        Response::ModelBytes {
            length: 0,
            bytes: &[],
        },
        Response::Verification(Verification {
            program_crc: 0,
            model: None,
            replayed: None,
        }),
        Response::Sdi12(&[]),
        Response::Layers(LayerSubsidence {
            month_index: 0,
            generation: 0,
            layer_mm: heapless::Vec::new(),
        }),
        Response::Firmware(Firmware {
            board: Name::new(),
            version: [0; 3],
            program_crc: 0,
            on_trial: false,
            start: 0,
            capacity: 0,
            upload: None,
        }),
        Response::CorrectedEstimate(CorrectedEstimate {
            estimate: estimated(),
            levels: heapless::Vec::new(),
        }),
    ];
    assert_eq!(kinds(&responses), ascending(responses.len()));
}

#[test]
fn faults_keep_their_numbers_and_have_words() {
    let faults = [
        Fault::Unsupported,
        Fault::Malformed,
        Fault::NotFound,
        Fault::Storage,
        Fault::TooLarge,
        Fault::NoModel,
        Fault::NoUpload,
        Fault::OutOfOrder { expected: 0 },
        Fault::ModelTooLong { limit: 0 },
        Fault::Incomplete {
            received: 0,
            length: 0,
        },
        Fault::ModelCrc {
            announced: 0,
            stored: 0,
        },
        Fault::ModelInvalid,
        Fault::LayerUnknown { input: 0 },
        Fault::ModelTooOld {
            version: 0,
            minimum: 0,
        },
        Fault::SignatureMissing,
        Fault::SignatureWrong,
        Fault::NothingBefore,
        Fault::ClockJump(ClockDoubt::BeforeFirmware),
        Fault::ClockRange,
        Fault::Config(ConfigProblem::Interval),
        Fault::ClockUnset,
        Fault::AlreadyActive,
        Fault::OtherWell,
        Fault::VoidMonths { count: 0 },
        Fault::NoFirmwareSlot,
        Fault::FirmwareTooLong { limit: 0 },
        Fault::FirmwareInvalid,
        Fault::OtherBoard,
        Fault::FirmwareTooOld {
            version: [0; 3],
            running: [0; 3],
        },
        Fault::FirmwareRuns,
        Fault::FirmwareOnTrial,
        Fault::NoSigningKey,
    ];
    assert_eq!(kinds(&faults), ascending(faults.len()));
    assert!(
        faults
            .iter()
            .all(|fault| !std::format!("{fault}").is_empty())
    );
}

#[test]
fn events_keep_their_numbers() {
    let events = [
        EventKind::Started {
            cause: ResetCause::Power,
            boots: 0,
            late_task: None,
        },
        EventKind::Panicked {
            message: heapless::String::new(),
        },
        EventKind::ClockSet {
            old_unix_s: 0,
            new_unix_s: 0,
        },
        EventKind::Configured(ConfigKey::Station),
        EventKind::ModelActivated {
            generation: 0,
            version: 0,
            crc: 0,
            older_allowed: false,
        },
        EventKind::ModelRolledBack {
            generation: 0,
            version: 0,
        },
        EventKind::Tape {
            channel: 0,
            tape_m: 0.0,
            sensor_m: None,
        },
        EventKind::SensorQuality {
            channel: 0,
            quality: Quality::GOOD,
        },
        EventKind::MonthsEmpty {
            first_month_index: 0,
            count: 0,
        },
        EventKind::SamplesLate { month_index: 0 },
        EventKind::RateAlarm {
            month_index: 0,
            increment_mm: 0.0,
            limit_mm: 0.0,
        },
        EventKind::MonthLogFull,
        EventKind::StepConfirmed { channel: 0 },
        EventKind::MonthsVoid {
            first_month_index: 0,
            count: 0,
        },
        EventKind::MonthOffset {
            old_minutes: 0,
            new_minutes: 0,
        },
        EventKind::ClockChip(ClockChipFault::Silent),
        EventKind::SensorSwapped {
            channel: 0,
            found: heapless::String::new(),
        },
        EventKind::SamplesPlaced {
            first_sample: 0,
            count: 0,
            shift_s: 0,
        },
        EventKind::BatteryLow {
            battery_mv: 0,
            interval_s: 0,
        },
        EventKind::BatteryGood {
            battery_mv: 0,
            interval_s: 0,
        },
        EventKind::FirmwareAccepted {
            version: [0; 3],
            program_crc: 0,
        },
        EventKind::FirmwareConfirmed {
            version: [0; 3],
            program_crc: 0,
        },
        EventKind::FirmwareReverted {
            version: [0; 3],
            program_crc: 0,
        },
    ];
    assert_eq!(kinds(&events), ascending(events.len()));
}

#[test]
fn the_small_enums_keep_their_numbers() {
    use super::*;
    let keys = [
        ConfigKey::Station,
        ConfigKey::SampleInterval,
        ConfigKey::Channel(0),
        ConfigKey::Barometer,
        ConfigKey::RateLimit,
        ConfigKey::Security,
        ConfigKey::SensorSupply,
        ConfigKey::LowBattery,
        ConfigKey::Battery,
    ];
    assert_eq!(kinds(&keys), ascending(9));
    let items = [
        ConfigItem::Station {
            name: Name::new(),
            datum: Name::new(),
            serial: 0,
        },
        ConfigItem::SampleInterval { seconds: 0 },
        ConfigItem::Channel {
            index: 0,
            channel: None,
        },
        ConfigItem::Barometer(None),
        ConfigItem::RateLimit { mm_per_month: None },
        ConfigItem::Security(crate::link::Security::default()),
        ConfigItem::SensorSupply { warm_up_s: None },
        ConfigItem::LowBattery(None),
        ConfigItem::Battery(None),
    ];
    assert_eq!(kinds(&items), ascending(9));
    let commands = [
        Sdi12Command::Measure(0),
        Sdi12Command::Concurrent(0),
        Sdi12Command::Continuous(0),
    ];
    assert_eq!(kinds(&commands), ascending(3));
    let quantities = [
        Quantity::AbsolutePressureKpa,
        Quantity::GaugePressureKpa,
        Quantity::SubmergenceM,
        Quantity::DepthToWaterM,
        Quantity::LevelM,
    ];
    assert_eq!(kinds(&quantities), ascending(5));
    let inputs = [
        InputState::Trained,
        InputState::Missing,
        InputState::Below { by_m: 0.0 },
        InputState::Above { by_m: 0.0 },
        InputState::ChangeBelow { by_m: 0.0 },
        InputState::ChangeAbove { by_m: 0.0 },
    ];
    assert_eq!(kinds(&inputs), ascending(6));
    assert_eq!(
        kinds(&[Task::Sense, Task::Port, Task::MonthClose, Task::Health]),
        ascending(4)
    );
    let causes = [
        ResetCause::Power,
        ResetCause::Watchdog,
        ResetCause::Panic,
        ResetCause::Other,
        ResetCause::Requested,
    ];
    assert_eq!(kinds(&causes), ascending(5));
    let sensors = [
        Sensor::Sdi12(Sdi12Value {
            address: b'0',
            value: 0,
            crc: false,
        }),
        Sensor::CurrentLoop(CurrentLoop {
            input: 0,
            at_4_ma: 0.0,
            at_20_ma: 1.0,
        }),
        Sensor::Sdi12Reading(Sdi12Reading {
            value: Sdi12Value {
                address: b'0',
                value: 0,
                crc: false,
            },
            command: Sdi12Command::DEFAULT,
            wake_ms: 0,
        }),
    ];
    assert_eq!(kinds(&sensors), ascending(3));
    assert_eq!(
        kinds(&[ClockChipFault::Silent, ClockChipFault::Stopped]),
        ascending(2)
    );
    assert_eq!(
        kinds(&[ClockState::Unset, ClockState::Unsure, ClockState::Set]),
        ascending(3)
    );
}

fn status() -> Status {
    Status {
        station: Name::try_from("s".repeat(48).as_str()).unwrap(),
        datum: Name::try_from("d".repeat(48).as_str()).unwrap(),
        unix_s: u32::MAX,
        clock: ClockState::Set,
        uptime_s: u32::MAX,
        boots: u32::MAX,
        watchdog_resets: u32::MAX,
        reset_cause: ResetCause::Other,
        battery_mv: Some(u16::MAX),
        interval_s: 86_400,
        channels: 8,
        barometer: true,
        first_sample: u32::MAX,
        next_sample: u32::MAX,
        sample_capacity: u32::MAX,
        months: u16::MAX,
        months_free: u16::MAX,
        first_event: u32::MAX,
        next_event: u32::MAX,
        model_generation: Some(u32::MAX),
        rate_alarm: true,
        synthetic: true,
        storage_errors: u32::MAX,
        counts_from_month: Some(i32::MAX),
        unreadable_records: u32::MAX,
        utc_offset_minutes: i16::MIN,
        low_battery_interval_s: Some(86_400),
        battery_life: LIFE,
    }
}

const LIFE: Option<BatteryLife> = Some(BatteryLife {
    days_left: u32::MAX,
    uah_per_day: u32::MAX,
});

/// The largest month: eight channels with all numbers at their largest, and its estimate.
#[test]
fn the_largest_replies_fit_a_frame() {
    let level = MonthLevel {
        mean_m: Some(-1.5),
        days: 31,
        readings: 2976,
        rejected: 2976,
        quality: Quality(u16::MAX),
        complete: true,
    };
    let record = MonthRecord {
        month_index: 24_400,
        closed_unix_s: u32::MAX,
        next_sample: u32::MAX,
        channels: (0..8).map(|_| level).collect(),
    };
    let estimate = EstimateRecord {
        month_index: 24_400,
        generation: u32::MAX,
        model_version: u32::MAX,
        half_width_mm: Some(1.0),
        other_increment_mm: Some(1.0),
        subsidence_half_width_mm: Some(1.0),
        bridged: u8::MAX,
        attention: (0..8).map(|_| 0.125).collect(),
        inputs: (0..8)
            .map(|_| crate::link::InputState::Below { by_m: 3.1 })
            .collect(),
        ..estimated()
    };
    let mut out = [0; crate::link::MAX_FRAME];
    let level = CorrectedLevel {
        mean_m: Some(1.5),
        correction: Correction::Added(0.1),
    };
    let corrected: Reply<'_> = Ok(Response::CorrectedEstimate(CorrectedEstimate {
        estimate: estimate.clone(),
        levels: (0..8).map(|_| level).collect(),
    }));
    crate::link::encode_frame(255, &corrected, &mut out).unwrap();
    let month: Reply<'_> = Ok(Response::Month {
        record,
        estimate: Some(estimate),
    });
    crate::link::encode_frame(255, &month, &mut out).unwrap();
    let status: Reply<'_> = Ok(Response::Status(status()));
    crate::link::encode_frame(255, &status, &mut out).unwrap();
    let reading = Reading {
        raw: Some(1.5),
        level_m: Some(1.5),
        quality: Quality(u16::MAX),
    };
    let visit: Reply<'_> = Ok(Response::Visit(VisitReport {
        now: Now {
            unix_s: u32::MAX,
            barometer_kpa: Some(101.3),
            channels: (0..8).map(|_| reading).collect(),
        },
        depth_to_water_m: (0..8).map(|_| Some(1.5)).collect(),
        battery_mv: Some(u16::MAX),
        clock_error_s: i32::MIN,
        samples: u32::MAX,
        sample_capacity: u32::MAX,
        months_free: u16::MAX,
        serial: u32::MAX,
        battery_life: LIFE,
    }));
    crate::link::encode_frame(255, &visit, &mut out).unwrap();
}

#[test]
fn an_estimate_says_how_physics_came_by_each_level() {
    use crate::link::LevelSource::{Held, Measured, OtherLayers};
    use InputState::{Below, Missing};
    let estimate = EstimateRecord {
        inputs: [Missing, Below { by_m: 1.0 }, Missing]
            .into_iter()
            .collect(),
        other_increment_mm: Some(1.0),
        // A bit of a level that was measured says nothing.
        bridged: 0b011,
        ..estimated()
    };
    let sources = [0, 1, 2, 3].map(|input| estimate.level_source(input));
    assert_eq!(
        sources,
        [Some(OtherLayers), Some(Measured), Some(Held), None]
    );
    let of_a_network = EstimateRecord {
        other_increment_mm: None,
        ..estimate
    };
    assert_eq!(of_a_network.level_source(0), None);
}

#[test]
fn quality_bits_keep_their_places() {
    let bits = [
        Quality::TIMEOUT,
        Quality::CRC,
        Quality::RANGE,
        Quality::STUCK,
        Quality::STEP,
        Quality::DRY,
        Quality::BAROMETER_MISSING,
        Quality::LOOP_FAULT,
        Quality::CLOCK_UNSURE,
        Quality::GARBLED,
        Quality::ERROR_CODE,
        Quality::SWAPPED,
        Quality::PLACED,
    ];
    for (place, bit) in bits.into_iter().enumerate() {
        assert_eq!(bit.0, 1 << place);
        assert_eq!(bit.words().count(), 1);
    }
    assert!(Quality::CLOCK_UNSURE.with(Quality::SWAPPED).is_usable());
    assert!(!Quality::CLOCK_UNSURE.with(Quality::STUCK).is_usable());
}
