//! Somebody types 2062 for 2026, and the clock is corrected: asked back, told, and undone.

use std::thread;
use std::time::{Duration, Instant};

use amlstm_tests::guide::guide;
use amlstm_tests::logger_rig::LoggerRig;
use serde_json::Value;

use crate::laptop::Laptop;
use crate::transducers;

/// The logger's state once `holds` is true of it.
fn status_once(laptop: &Laptop, holds: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let status = laptop.json("amlstm logger --port P status --json");
        if holds(&status) {
            return status;
        }
        assert!(start.elapsed() < Duration::from_mins(2), "{status}");
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_wrong_date_is_asked_back_and_what_it_closed_is_undone() {
    let Some(rig) = LoggerRig::new() else { return };
    let mut laptop = Laptop::bare();
    let blocks = guide();
    let mut station = blocks.iter().filter(|block| block.kind == "toml");
    let station = &station.next().expect("the station file").text;
    laptop.write(
        "station.toml",
        &station.replace("sample_interval_s = 900", "sample_interval_s = 1"),
    );
    let powered = rig.power_on_pty(transducers());
    laptop.port.clone_from(&powered.port);
    laptop.done("amlstm logger --port P config station.toml");
    laptop.done("amlstm logger --port P clock --set --to 2026-03-10T00:00:00Z");
    status_once(&laptop, |status| status["next_sample"].as_u64() > Some(1));

    // April 2026 to February 2062 would have no sample.
    let wrong = "amlstm logger --port P clock --set --to 2062-03-01T00:00:00Z";
    let line = laptop.refused(wrong);
    assert!(
        line.contains("and 431 months would close without samples"),
        "{line}"
    );
    laptop.done(&format!("{wrong} --confirm-jump"));
    let status = status_once(&laptop, |status| status["months"].as_u64() > Some(0));
    assert_eq!(status["months"], 432, "March 2026, which had samples, too");

    let right = "amlstm logger --port P clock --set --to 2026-03-10T01:00:00Z";
    let line = laptop.refused(right);
    assert!(
        line.contains("and no sample would count before 2062-03"),
        "{line}"
    );
    laptop.done(&format!("{right} --confirm-jump"));
    let shown = laptop.done("amlstm logger --port P status");
    assert!(shown.contains("NOT COUNTING until 2062-03"), "{shown}");

    let void = "amlstm logger --port P void-months 2026-03";
    let line = laptop.refused(void);
    assert!(
        line.contains("432 closed months and their estimates would no longer count"),
        "{line}"
    );
    laptop.done(&format!("{void} --confirm"));
    let shown = laptop.done("amlstm logger --port P status");
    assert!(!shown.contains("NOT COUNTING"), "{shown}");
    assert!(shown.contains("months     0 closed"), "{shown}");
}
