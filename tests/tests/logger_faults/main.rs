//! What must not go wrong beside a well: power cuts, a hostile line, broken-off uploads, lying sensors. All on the whole firmware in QEMU.

mod hostile_frames;
mod power_cuts;
mod sensors;

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use amlstm::logger::{Client, Line, Station, push};
use amlstm_core::sizes::AttentionKind;
use amlstm_tests::logger_rig::LoggerRig;
use amlstm_tests::sample::{PAPER, model_file};
use amlstm_tests::sdi12_bus::Behaviour;

const MONTH_S: u32 = 31 * 86_400;

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

/// A model file ends with its own CRC-32.
fn crc32(file: &[u8]) -> u32 {
    file.last_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
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
