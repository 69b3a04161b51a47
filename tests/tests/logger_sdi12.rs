//! What technicians need of SDI-12, by the laptop's program on the whole firmware in QEMU.

use std::collections::BTreeMap;

use amlstm::logger::{Client, Renumbered, Station};
use amlstm_core::link::Quality;
use amlstm_tests::logger_rig::{LoggerRig, configure};
use amlstm_tests::sdi12_bus::Behaviour;

/// Three sensors, each asked in its own way.
const STATION: &str = r#"
    station = "Cable"
    datum = "NAVD88"
    sensor_warm_up_s = 1
    [[channel]]
    aquifer_layer = "phreatic"
    source = { sdi12 = "0", command = "M1", wake_ms = 40 }
    quantity = "level_m"
    [[channel]]
    aquifer_layer = "confined1"
    source = { sdi12 = "1", command = "C" }
    quantity = "level_m"
    [[channel]]
    aquifer_layer = "confined2"
    source = { sdi12 = "2", command = "R0" }
    quantity = "level_m"
"#;

fn levels(client: &mut Client) -> Vec<(Option<f32>, Quality)> {
    let now = client.now().expect("the sensors are asked");
    now.channels
        .iter()
        .map(|reading| (reading.level_m, reading.quality))
        .collect()
}

#[test]
fn sensors_are_asked_each_in_its_way_found_and_renumbered() {
    let Some(rig) = LoggerRig::new() else { return };
    let sensors = [(b'0', -10.5), (b'1', -20.25), (b'2', -30.0)];
    let sensors: BTreeMap<u8, Behaviour> = sensors
        .into_iter()
        .map(|(address, level_m)| (address, Behaviour::Answers(level_m)))
        .collect();
    let (_powered, mut client) = rig.power_on(sensors);
    configure(&mut client, STATION);
    let station = Station::receive(&mut client).expect("the settings come back");
    assert_eq!(station.sensor_warm_up_s, Some(1));
    assert_eq!(station.channel[0].source.command, "M1");
    let good = |level_m| (Some(level_m), Quality::GOOD);
    assert_eq!(
        levels(&mut client),
        [good(-10.5), good(-20.25), good(-30.0)]
    );

    let found = client.sdi12_scan(|_, _| {}).expect("the bus is searched");
    assert_eq!(
        found,
        ["0", "1", "2"].map(|address| format!("{address}14AMLSTM  SIMTRN001"))
    );
    let mut ask = |command: &str| client.sdi12(command).expect("the logger passes it on");
    assert_eq!(ask("?!").as_deref(), Some("0"));
    assert_eq!(ask("7I!"), None);
    let mut renumber = |from, to| client.sdi12_renumber(from, to).expect("the line holds");
    assert_eq!(renumber('0', '1'), Renumbered::Taken);
    assert_eq!(renumber('8', '9'), Renumbered::Refused(None));
    assert_eq!(renumber('0', '5'), Renumbered::Done);
    let (level_m, quality) = levels(&mut client)[0];
    assert_eq!((level_m, quality), (None, Quality::TIMEOUT));
    configure(
        &mut client,
        &STATION.replace("sdi12 = \"0\"", "sdi12 = \"5\""),
    );
    assert_eq!(levels(&mut client)[0], good(-10.5));
}
