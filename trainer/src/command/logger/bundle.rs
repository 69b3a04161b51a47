//! `amlstm logger bundle`: everything that somebody needs who helps from afar, in one file.

use std::fmt::Display;
use std::path::Path;

use amlstm::logger::{
    Client, Format, LoggerError, Station, Table, download, events, write_download,
};
use amlstm::run::write_atomically;
use amlstm_core::link::{Event, Fault, Hello, Models, Status, Verification};
use jiff::Timestamp;
use serde::Serialize;

use super::event;
use super::export::untold_text;
use crate::command::{output::Output, progress};

/// What is in a bundle, at its beginning.
const READ_ME: &str = "\
What a logger told of itself, by `amlstm logger bundle`. Times are UTC.

about.json    program, firmware with the checksum of its program, state, models, digests of `amlstm logger verify`
station.toml  settings, as `amlstm logger config` reads them; the signing key is its public half, a logger knows no secret
events.txt    what happened; events.json the same for programs
months.csv    closed months and their estimates
samples.csv   every kept sample, raw values first
model.amlm    the active model file
MISSING.txt   only if something could not be read: what, and why
";

/// Who made the bundle, of which logger.
#[derive(Serialize)]
struct About {
    amlstm: &'static str,
    made: Timestamp,
    hello: Hello,
    status: Option<Status>,
    models: Option<Models>,
    verification: Option<Verification>,
}

/// The files of a bundle, and what could not be read.
struct Bundle {
    made: Timestamp,
    files: Vec<(&'static str, Vec<u8>)>,
    missing: String,
}

impl Bundle {
    fn add(&mut self, name: &'static str, bytes: impl Into<Vec<u8>>) {
        self.files.push((name, bytes.into()));
    }

    /// What was read; a failure is kept for those who help.
    fn take<T, E: Display>(&mut self, what: &str, read: Result<T, E>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                self.miss(what, error);
                None
            }
        }
    }

    fn miss(&mut self, what: &str, why: impl Display) {
        self.missing.push_str(&format!("{what}: {why}\n"));
    }

    /// The files in a tar archive, which every system unpacks.
    fn archive(&self) -> std::io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, bytes) in &self.files {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(self.made.as_second().unsigned_abs());
            archive.append_data(&mut header, name, bytes.as_slice())?;
        }
        archive.into_inner()
    }
}

/// Reads what can be read and writes it. A logger that is in trouble tells less: what is missing is named, and the rest written.
///
/// # Errors
///
/// The file cannot be written.
pub fn run(client: &mut Client, path: &Path, output: &mut Output) -> anyhow::Result<()> {
    let bundle = read(client, output)?;
    write_atomically(path, &bundle.archive()?)?;
    output.note(format_args!(
        "{}: {} files",
        path.display(),
        bundle.files.len()
    ))?;
    for line in bundle.missing.lines() {
        output.note(format_args!("MISSING {line}"))?;
    }
    Ok(())
}

fn read(client: &mut Client, output: &Output) -> anyhow::Result<Bundle> {
    let mut bundle = Bundle {
        made: Timestamp::now(),
        files: Vec::new(),
        missing: String::new(),
    };
    bundle.add("README.txt", READ_ME);
    let status = client.status();
    let models = client.models();
    let verification = client.verify();
    let about = About {
        amlstm: env!("CARGO_PKG_VERSION"),
        made: bundle.made,
        hello: client.hello,
        status: bundle.take("state", status),
        models: bundle.take("models", models),
        verification: bundle.take("verification", verification),
    };
    bundle.add("about.json", serde_json::to_vec_pretty(&about)?);
    let station = Station::receive(client);
    let station = bundle.take("settings", station);
    if let Some(station) = &station {
        bundle.add("station.toml", toml::to_string(station)?);
    }
    let layers: Vec<String> = station
        .into_iter()
        .flat_map(|station| station.channel)
        .map(|channel| channel.aquifer_layer)
        .collect();
    let bar = progress::bar(output, 0, "events");
    let events = events(client, |done, total| progress::advance(&bar, done, total));
    bar.finish_and_clear();
    if let Some(events) = bundle.take("events", events) {
        bundle.add("events.txt", event_text(&events, &layers));
        bundle.add("events.json", serde_json::to_vec_pretty(&events)?);
    }
    for (name, what, table) in [
        ("months.csv", "months", Table::Months),
        ("samples.csv", "samples", Table::Samples),
    ] {
        let bar = progress::bar(output, 0, what);
        let read = download(client, table, |done, total| {
            progress::advance(&bar, done, total);
        });
        bar.finish_and_clear();
        let Some(read) = bundle.take(what, read) else {
            continue;
        };
        if let untold @ 1.. = read.untold(table) {
            bundle.miss(what, untold_text(untold, read.records()));
        }
        let mut text = Vec::new();
        write_download(&read, table, Format::Csv, &mut text)?;
        bundle.add(name, text);
    }
    match amlstm::logger::pull(client, |_, _| {}) {
        Err(LoggerError::Refused(Fault::NoModel)) => {}
        model => {
            if let Some(model) = bundle.take("model", model) {
                bundle.add("model.amlm", model);
            }
        }
    }
    if !bundle.missing.is_empty() {
        let missing = bundle.missing.clone();
        bundle.add("MISSING.txt", missing);
    }
    Ok(bundle)
}

fn event_text(events: &[Event], layers: &[String]) -> String {
    events
        .iter()
        .map(|event| event::line(event, layers) + "\n")
        .collect()
}
