//! What must not go wrong beside a well: power cuts, a hostile line, broken-off uploads, lying sensors. All on the whole firmware in QEMU.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use amlstm::logger::{Client, Line, LoggerError, Station, Table, download, push};
use amlstm_core::link::{
    ConfigItem, ConfigKey, Fault, InputState, MAX_FRAME, MonthRecord, Quality, Request, SlotInfo,
    encode_frame,
};
use amlstm_core::sizes::AttentionKind;
use amlstm_tests::logger_rig::{
    LevelTable, LoggerRig, START_UNIX_S, configure, equals_the_host, times,
};
use amlstm_tests::sample::{PAPER, Random, model_file};
use amlstm_tests::sdi12_bus::Behaviour;

const MONTH_S: u32 = 31 * 86_400;

/// How long a test waits for what a logger does by its own clock: four minutes, eight times what it takes on two cores with six busy loops.
const HALF_SECONDS: u32 = 480;

fn station(channels: usize, stuck_after: u16) -> Station {
    let names = ["phreatic", "confined1", "confined2"];
    let mut text = "station = \"bench\"\ndatum = \"bench\"\nsample_interval_s = 1\n".to_owned();
    for (address, name) in names.iter().enumerate().take(channels) {
        text.push_str(&format!(
            "[[channel]]\naquifer_layer = \"{name}\"\nsource = {{ sdi12 = \"{address}\" }}\nquantity = \"level_m\"\n\
             largest_step_m = 5.0\nstuck_after = {stuck_after}\n"
        ));
    }
    toml::from_str(&text).expect("the settings are sound")
}

fn model(seed: u64) -> Vec<u8> {
    model_file(AttentionKind::Shared, PAPER, seed)
}

fn steady() -> BTreeMap<u8, Behaviour> {
    [b'0', b'1', b'2']
        .map(|address| (address, Behaviour::Answers(-40.0)))
        .into()
}

/// What the logger has acknowledged so far.
#[derive(Default)]
struct Acknowledged {
    active: Option<SlotInfo>,
    /// A swap that was asked for and not answered: it may or may not have happened.
    asked_for_crc: Option<u32>,
    months: Vec<MonthRecord>,
    unix_s: u32,
}

#[test]
fn fifty_power_cuts_lose_nothing_that_was_acknowledged() {
    let Some(rig) = LoggerRig::new() else { return };
    let models = [model(1), model(2)];
    let mut random = Random::new(50);
    let mut acknowledged = Acknowledged {
        unix_s: START_UNIX_S,
        ..Acknowledged::default()
    };
    let (powered, mut client) = rig.power_on(steady());
    station(3, 0)
        .send(&mut client)
        .expect("the logger takes the settings");
    drop(client);
    powered.cut();
    let cuts = times(50);
    for cut in 0..cuts {
        let (powered, mut client) = rig.power_on(steady());
        check(&mut client, &acknowledged, &models, cut % 10 == 9);
        let worker = thread::spawn({
            let models = models.clone();
            move || work(client, acknowledged, &models, cut)
        });
        // Samples come every second and close months, so a round sees none to three of them.
        let millis = 20 + (1900.0 * (random.next_signed() + 1.0)) as u64;
        thread::sleep(Duration::from_millis(millis));
        powered.cut();
        acknowledged = worker.join().expect("the worker only reports");
    }
    let (_powered, mut client) = rig.power_on(steady());
    check(&mut client, &acknowledged, &models, true);
    assert!(
        !acknowledged.months.is_empty(),
        "no month was closed in {cuts} rounds"
    );
    assert!(
        acknowledged.active.is_some(),
        "no model was taken in {cuts} rounds"
    );
    println!(
        "{cuts} power cuts, {} months closed, model generation {}",
        acknowledged.months.len(),
        acknowledged.active.map_or(0, |active| active.generation)
    );
}

/// Swaps models and closes months until the power goes.
fn work(
    mut client: Client,
    mut acknowledged: Acknowledged,
    models: &[Vec<u8>; 2],
    cut: usize,
) -> Acknowledged {
    for round in cut.. {
        let file = &models[round % 2];
        let crc = crc32(file);
        acknowledged.asked_for_crc = Some(crc);
        match push(&mut client, file, None, false, |_| {}) {
            Ok(pushed) => acknowledged.active = Some(pushed.active),
            // The last push before the cut was done.
            Err(LoggerError::Refused(Fault::AlreadyActive)) => match client.models() {
                Ok(models) => acknowledged.active = models.active,
                Err(_) => break,
            },
            Err(LoggerError::Refused(fault)) => panic!("refused: {fault}"),
            Err(_) => break,
        }
        acknowledged.asked_for_crc = None;
        acknowledged.unix_s += MONTH_S;
        if client.set_clock(acknowledged.unix_s, true).is_err() {
            break;
        }
        let closed = acknowledged.months.len() as u16;
        let month = loop {
            match client.month(closed) {
                // The next sample closes it.
                Ok(None) => thread::sleep(Duration::from_millis(50)),
                answer => break answer,
            }
        };
        match month {
            Ok(Some((record, _))) => acknowledged.months.push(record),
            _ => break,
        }
    }
    acknowledged
}

/// Nothing acknowledged is lost, no month is closed twice, and the active model is whole.
fn check(client: &mut Client, acknowledged: &Acknowledged, models: &[Vec<u8>; 2], wholly: bool) {
    for (position, record) in acknowledged.months.iter().enumerate() {
        let found = client
            .month(position as u16)
            .expect("the log of months can be read");
        assert_eq!(
            found.map(|(record, _)| record).as_ref(),
            Some(record),
            "month {position}"
        );
    }
    let months = client.status().expect("status").months;
    let mut last = i32::MIN;
    for position in 0..months {
        let (record, _) = client.month(position).expect("readable").expect("counted");
        assert!(
            record.month_index > last,
            "month {} closed twice",
            record.month_index
        );
        last = record.month_index;
    }
    let active = client.models().expect("models").active;
    if let Some(expected) = &acknowledged.active {
        let active = active.as_ref().expect("a model was acknowledged");
        assert!(active.generation >= expected.generation);
        let swapped = acknowledged.asked_for_crc == Some(active.crc);
        assert!(
            active.crc == expected.crc || swapped,
            "{active:?}, acknowledged {expected:?}"
        );
    }
    if let (Some(active), true) = (active, wholly) {
        let file = amlstm::logger::pull(client, |_, _| {}).expect("the model can be read");
        assert_eq!(crc32(&file), active.crc);
        assert!(models.contains(&file));
    }
}

/// A model file ends with its own CRC-32.
fn crc32(file: &[u8]) -> u32 {
    file.last_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

#[test]
fn ten_thousand_hostile_frames_leave_a_logger_that_answers() {
    let Some(rig) = LoggerRig::new() else { return };
    let (powered, client) = rig.power_on(steady());
    drop(client);
    let mut line = UnixStream::connect(&powered.port).expect("QEMU takes the next connection");
    line.set_nonblocking(true)
        .expect("a socket can be non-blocking");
    let mut random = Random::new(10_000);
    let frames = times(10_000);
    for _ in 0..frames {
        write_slowly(&mut line, &hostile(&mut random));
    }
    line.set_nonblocking(false).expect("a socket can block");
    // Ends whatever was begun, then asks anew.
    line.write_all(&[0, 0, b'\r', b'\n'])
        .expect("the line is open");
    drop(line);
    let line = UnixStream::connect(&powered.port).expect("QEMU takes the next connection");
    line.set_read_timeout(Some(Duration::from_millis(50)))
        .expect("a timeout");
    let client = Client::over(Line::Unix(line)).expect("the logger still answers Hello");
    assert_eq!(client.hello.proto_major, amlstm_core::link::PROTO_MAJOR);
    let log = powered.cut().log();
    let stopped: Vec<_> = log
        .iter()
        .filter(|line| line.contains("panic") || line.contains("fault"))
        .collect();
    assert!(stopped.is_empty(), "{stopped:?}");
    println!("{frames} hostile frames, no panic");
}

/// Writes all bytes and reads away whatever comes back, so that neither side waits for the other.
fn write_slowly(line: &mut UnixStream, mut bytes: &[u8]) {
    let mut answers = [0; 4096];
    while !bytes.is_empty() {
        while matches!(line.read(&mut answers), Ok(1..)) {}
        match line.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_micros(200));
            }
            Err(error) => panic!("the line broke: {error}"),
        }
    }
}

/// A sound request with a few bytes changed, noise, or a frame whose CRC is right and whose content is noise.
fn hostile(random: &mut Random) -> Vec<u8> {
    let mut below = |limit: usize| {
        (((random.next_signed() + 1.0) * 0.5 * limit as f32) as usize).min(limit - 1)
    };
    let noise: Vec<u8> = (0..below(200)).map(|_| below(256) as u8).collect();
    let requests = [
        Request::Hello,
        Request::Status,
        Request::Now,
        Request::Month {
            position: below(300) as u16,
        },
        Request::Samples {
            number: below(1000) as u32,
        },
        Request::ConfigGet(ConfigKey::Channel(below(256) as u8)),
        Request::UploadBegin {
            length: below(100_000) as u32,
            crc: 7,
        },
        Request::UploadChunk {
            offset: below(1000) as u32,
            bytes: &noise[..noise.len().min(150)],
        },
        Request::UploadCommit { allow_older: true },
        Request::ModelRead {
            offset: below(100_000) as u32,
        },
        Request::Rollback { allow_older: true },
        Request::ConfigSet(ConfigItem::SampleInterval {
            seconds: below(3) as u32,
        }),
    ];
    let mut buffer = [0; MAX_FRAME];
    match below(4) {
        0 => noise,
        1 => {
            // The payload is noise, CRC and stuffing are right: the dispatcher itself has to refuse.
            let bytes: heapless::Vec<u8, 200> = noise.iter().copied().take(200).collect();
            encode_frame(below(256) as u8, &Raw(&bytes), &mut buffer)
                .map_or(noise.clone(), <[u8]>::to_vec)
        }
        2 => {
            let request = &requests[below(requests.len())];
            let mut frame = encode_frame(1, request, &mut buffer)
                .expect("it fits")
                .to_vec();
            for _ in 0..=below(4) {
                let place = below(frame.len());
                frame[place] ^= 1 << below(8);
            }
            frame
        }
        _ => encode_frame(2, &requests[below(requests.len())], &mut buffer)
            .expect("it fits")
            .to_vec(),
    }
}

/// Serialises as its bytes, without a length.
struct Raw<'a>(&'a [u8]);

impl serde::Serialize for Raw<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple;
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for byte in self.0 {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}

#[test]
fn an_upload_broken_off_at_any_chunk_goes_on_where_it_stopped() {
    let Some(rig) = LoggerRig::new() else { return };
    let (powered, mut client) = rig.power_on(steady());
    station(3, 0)
        .send(&mut client)
        .expect("the logger takes the settings");
    drop(client);
    let files = [model(3), model(4)];
    let chunks = files[0].len().div_ceil(amlstm_core::link::MAX_CHUNK);
    for chunk in 1..chunks {
        // The active model is not taken again.
        let file = &files[chunk % 2];
        // The upload before was committed: this one begins anew and its line breaks after some chunks.
        let broken = {
            let mut client = reconnect(&powered.port);
            let mut count = 0;
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                push(&mut client, file, None, true, |_| {
                    count += 1;
                    // The laptop's lid is closed: nothing after this reaches the line.
                    if count > chunk {
                        std::panic::resume_unwind(Box::new("lid closed"));
                    }
                })
                .map(|_| ())
            }))
        };
        assert!(
            broken.is_err(),
            "the upload of {chunks} chunks ended before chunk {chunk}"
        );
        let mut client = reconnect(&powered.port);
        let pushed = push(&mut client, file, None, true, |_| {}).expect("the upload goes on");
        assert_eq!(
            pushed.resumed_from as usize,
            chunk * amlstm_core::link::MAX_CHUNK
        );
        assert_eq!(pushed.active.crc, crc32(file));
    }
}

fn reconnect(port: &std::path::Path) -> Client {
    let line = UnixStream::connect(port).expect("QEMU takes the next connection");
    line.set_read_timeout(Some(Duration::from_millis(50)))
        .expect("a timeout");
    Client::over(Line::Unix(line)).expect("the logger answers Hello")
}

#[test]
fn faulty_sensors_become_flags_and_no_estimate_that_looks_fine() {
    let Some(rig) = LoggerRig::new() else { return };
    let sensors = BTreeMap::from([
        (b'0', Behaviour::Answers(-40.0)),
        (b'1', Behaviour::Silent),
        (b'2', Behaviour::BadCrc(-40.0)),
    ]);
    let (powered, mut client) = rig.power_on(sensors);
    station(3, 3)
        .send(&mut client)
        .expect("the logger takes the settings");
    client
        .set_clock(START_UNIX_S, true)
        .expect("the clock is set");
    push(&mut client, &model(4), None, false, |_| {}).expect("the model is taken");
    let now = client.now().expect("the sensors are asked");
    assert!(now.channels[1].quality.has(Quality::TIMEOUT), "{now:?}");
    assert!(now.channels[2].quality.has(Quality::CRC), "{now:?}");
    assert!(now.channels[1].level_m.is_none() && now.channels[2].level_m.is_none());
    for answer in [Behaviour::BreaksOff, Behaviour::Floods] {
        powered.bus.set(b'2', answer);
        let now = client.now().expect("the sensors are asked");
        assert!(now.channels[2].quality.has(Quality::GARBLED), "{now:?}");
    }
    // A flood at every question would go on between the others' answers where QEMU reads slower than this bus writes.
    powered.bus.set(b'2', Behaviour::BadCrc(-40.0));

    // Sensor 0 repeats itself: after three samples it counts as stuck.
    // A round takes seconds, because the silent sensor is asked three times.
    let mut next = 0;
    let stuck = (0..HALF_SECONDS).any(|_| {
        thread::sleep(Duration::from_millis(500));
        let samples = client.samples(next).expect("the samples can be read");
        next = samples.last().map_or(next, |sample| sample.number + 1);
        samples
            .iter()
            .any(|sample| sample.channels[0].quality.has(Quality::STUCK))
    });
    assert!(stuck, "the repeating sensor was never called stuck");

    client
        .set_clock(START_UNIX_S + MONTH_S, true)
        .expect("the clock is set");
    let estimate = (0..HALF_SECONDS)
        .find_map(|_| {
            thread::sleep(Duration::from_millis(500));
            match client.estimate() {
                Ok(estimate) => Some(estimate),
                Err(LoggerError::Refused(Fault::NotFound)) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .expect("the month closes");
    assert!(
        estimate
            .inputs
            .iter()
            .all(|input| *input == InputState::Missing),
        "{estimate:?}"
    );
}

/// Three transmitters on inputs 0 to 2. At 12 mA their levels are -80 + 40 = -40 m, 10 - 75 + 25 = -40 m, and 5 - 65 + 200 / 9.80665 = -39.6057 m.
const CURRENT_LOOPS: &str = r#"
    station = "bench"
    datum = "bench"
    [[channel]]
    aquifer_layer = "phreatic"
    source = { loop_input = 0, at_4_ma = -80.0, at_20_ma = 0.0 }
    quantity = "level_m"
    largest_step_m = 5.0
    [[channel]]
    aquifer_layer = "confined1"
    source = { loop_input = 1, at_4_ma = 0.0, at_20_ma = 50.0 }
    quantity = "submergence_m"
    measuring_point_m = 10.0
    cable_m = 75.0
    largest_step_m = 5.0
    [[channel]]
    aquifer_layer = "confined2"
    source = { loop_input = 2, at_4_ma = 0.0, at_20_ma = 400.0 }
    quantity = "gauge_pressure_kpa"
    measuring_point_m = 5.0
    cable_m = 65.0
    largest_step_m = 5.0
"#;
const LEVELS_AT_12_MA: [f32; 3] = [-40.0, -40.0, -39.6057];

/// Currents as the simulated converter tells them, over the sensor cable: the fault bands of NAMUR NE 43 and the calibration.
#[test]
fn a_current_is_a_level_or_a_fault_by_its_band() {
    let Some(rig) = LoggerRig::new() else { return };
    let good = [b'A', b'B', b'C'].map(|address| (address, Behaviour::Answers(12.0)));
    let (powered, mut client) = rig.power_on(good.into());
    configure(&mut client, CURRENT_LOOPS);
    let now = client.now().expect("the sensors are asked");
    for (reading, expected_m) in now.channels.iter().zip(LEVELS_AT_12_MA) {
        assert_eq!(reading.quality, Quality::GOOD, "{now:?}");
        let level_m = reading.level_m.expect("a good reading has a level");
        assert!((level_m - expected_m).abs() < 1e-3, "{level_m} m");
    }
    // Input 1 is 50 m over 16 mA above 75 m of cable from 10 m.
    for (behaviour, quality, level_m) in [
        (Behaviour::Answers(4.0), Quality::DRY, Some(-65.0)),
        (Behaviour::Answers(20.0), Quality::GOOD, Some(-15.0)),
        (Behaviour::Answers(20.5), Quality::GOOD, Some(-13.4375)),
        (Behaviour::Answers(0.0), Quality::LOOP_FAULT, None),
        (Behaviour::Answers(3.5), Quality::LOOP_FAULT, None),
        (Behaviour::Answers(3.7), Quality::RANGE, None),
        (Behaviour::Answers(20.75), Quality::RANGE, None),
        (Behaviour::Answers(21.5), Quality::LOOP_FAULT, None),
        (Behaviour::Silent, Quality::LOOP_FAULT, None),
    ] {
        powered.bus.set(b'B', behaviour);
        let now = client.now().expect("the sensors are asked");
        let reading = now.channels[1];
        assert_eq!(
            (reading.quality, reading.level_m),
            (quality, level_m),
            "{behaviour:?}"
        );
    }
}

/// Months of good and of faulty currents, in fast-forward: mean levels, flags, and the host's estimates.
#[test]
fn months_of_currents_are_estimated_without_the_faulty_ones() {
    let Some(rig) = LoggerRig::new() else { return };
    let (powered, mut client) = rig.power_on(BTreeMap::new());
    configure(&mut client, CURRENT_LOOPS);
    client
        .set_clock(START_UNIX_S, true)
        .expect("the clock is set");
    let model = model(5);
    push(&mut client, &model, None, false, |_| {}).expect("the model is taken");
    powered.cut();
    // Input 1 is sound, open, its transmitter signals a fault by a low and by a high current, and it is sound again.
    let currents_ma = [12.0, 0.0, 3.5, 21.5, 12.0];
    let months = currents_ma.map(|current_ma| {
        let mut row = vec![f32::NAN; 10];
        row.extend([12.0, current_ma, 12.0]);
        row
    });
    let table = LevelTable {
        start_unix_s: START_UNIX_S,
        level_m: months.to_vec(),
    };
    rig.fast_forward(&table, Duration::from_mins(5));

    let (_powered, mut client) = rig.power_on(BTreeMap::new());
    let records = download(&mut client, Table::Months, |_, _| {}).expect("the months arrive");
    assert_eq!(records.months.len(), currents_ma.len());
    for ((record, estimate), current_ma) in records.months.iter().zip(currents_ma) {
        let estimate = estimate.as_ref().expect("each month was estimated");
        for (channel, expected_m) in LEVELS_AT_12_MA.into_iter().enumerate() {
            let level = &record.channels[channel];
            let state = estimate.inputs[channel];
            if channel == 1 && current_ma != 12.0 {
                assert_eq!(level.quality, Quality::LOOP_FAULT, "{current_ma} mA");
                assert_eq!((level.mean_m, level.readings), (None, 0), "{current_ma} mA");
                assert_eq!(state, InputState::Missing, "{current_ma} mA");
                assert_eq!(estimate.attention[channel], 0.0, "{current_ma} mA");
            } else {
                assert!(level.complete && level.quality.is_usable(), "{level:?}");
                let mean_m = level.mean_m.expect("a complete month has a mean");
                assert!((mean_m - expected_m).abs() < 0.005, "{mean_m} m");
                assert_eq!(state, InputState::Trained, "{current_ma} mA");
            }
        }
    }
    equals_the_host(&model, &records.months);
}
