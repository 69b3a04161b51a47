//! `amlstm logger push`, `pull` and `rollback`: models on the logger.

use std::path::{Path, PathBuf};

use amlstm::export::AlignedBytes;
use amlstm::logger::{Client, LoggerError, Station};
use amlstm::run::write_atomically;
use amlstm_core::artifact::{ModelFile, Record};
use amlstm_core::link::{Fault, MAX_MONTHS_WITHOUT_LEVELS, Models};
use amlstm_core::month::Month;
use amlstm_core::month_mean::UtcOffset;
use anyhow::{Context, bail};
use jiff::Timestamp;

use super::status::slot;
use crate::command::{output::Output, progress};

/// Which model to send, and what to accept.
#[derive(clap::Args)]
pub struct PushArgs {
    /// Model file
    model: PathBuf,
    /// Ed25519 signature of the file, 64 bytes
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Accept a model version below the logger's minimum
    #[arg(long)]
    allow_older: bool,
    /// Accept a model whose well is not the logger's station
    #[arg(long)]
    other_well: bool,
}

/// Uploads a model and makes it active.
pub fn push(client: &mut Client, args: &PushArgs, output: &mut Output) -> anyhow::Result<()> {
    let shown = || args.model.display().to_string();
    let file = AlignedBytes::read(&args.model)?;
    let parsed = ModelFile::parse(&file).with_context(shown)?;
    let record = parsed.record();
    let signature = args.signature.as_deref().map(read_signature).transpose()?;
    fits_the_logger(record, &Station::receive(client)?, args.other_well).with_context(shown)?;
    let before = client.models()?;
    let bar = progress::bar(output, 0, "bytes");
    let total = file.len() as u64;
    let pushed = amlstm::logger::push(
        client,
        &file,
        signature.as_ref(),
        args.allow_older,
        |done| {
            progress::advance(&bar, done.into(), total);
        },
    );
    bar.finish_and_clear();
    let pushed = match pushed {
        Err(LoggerError::Refused(Fault::AlreadyActive)) => {
            output.note(format_args!("already active; the model before it is kept"))?;
            return Ok(());
        }
        pushed => pushed?,
    };
    if pushed.resumed_from > 0 {
        output.note(format_args!(
            "taken up again at byte {}",
            pushed.resumed_from
        ))?;
    }
    output.note(format_args!(
        "active: well {}, {}",
        record.well,
        slot(&pushed.active)
    ))?;
    if record.synthetic {
        output.note(format_args!(
            "SYNTHETIC: the model was trained on synthetic data"
        ))?;
    }
    let status = client.status()?;
    note_months(&before, &client.models()?, status.months, output)?;
    let now = status.unix_s;
    if let Some(month) = month_of(now) {
        let known = parsed.start().month;
        let months = month.index() - known.index() - 1;
        if months > i32::from(MAX_MONTHS_WITHOUT_LEVELS) {
            output.note(format_args!(
                "knows the levels until {known}, {months} months ago: estimates have no interval where so many months had none; bring it up to date with amlstm update"
            ))?;
        }
    }
    Ok(())
}

/// How months are closed from now on, and what that means where another model closed them otherwise.
fn note_months(
    before: &Models,
    now: &Models,
    closed: u16,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (old, new) = (before.utc_offset_minutes, now.utc_offset_minutes);
    output.note(format_args!(
        "months are closed by {}; {}",
        UtcOffset(new),
        now.month_rule_words()
    ))?;
    if old != new {
        output.note(format_args!(
            "CHANGED: months were closed by {} until now; the open month is summed up anew, the {closed} closed ones stay as they are",
            UtcOffset(old)
        ))?;
    }
    if before.active.is_some() && before.month_rules != now.month_rules {
        output.note(format_args!(
            "CHANGED: for the model before {}; this one's rule decides for closed months, too",
            before.month_rule_words()
        ))?;
    }
    Ok(())
}

/// The month of a time that a logger gave; `None` if its clock was never set.
fn month_of(unix_s: u32) -> Option<Month> {
    let time = Timestamp::from_second(i64::from(unix_s)).ok()?;
    let date = time.to_zoned(jiff::tz::TimeZone::UTC).date();
    let month = Month::new(i32::from(date.year()), date.month().unsigned_abs())?;
    (unix_s > 0).then_some(month)
}

/// Reads the active model into a file.
pub fn pull(client: &mut Client, path: &Path, output: &mut Output) -> anyhow::Result<()> {
    let bar = progress::bar(output, 0, "bytes");
    let file = amlstm::logger::pull(client, |done, total| {
        progress::advance(&bar, done.into(), total.into());
    })?;
    bar.finish_and_clear();
    write_atomically(path, &file)?;
    output.note(format_args!("{}: {} bytes", path.display(), file.len()))?;
    Ok(())
}

/// Makes the model before the active one active again.
pub fn rollback(client: &mut Client, allow_older: bool, output: &mut Output) -> anyhow::Result<()> {
    let before = client.models()?;
    let active = client.rollback(allow_older)?;
    let now = client.models()?;
    output.note(format_args!("active: well {}, {}", now.well, slot(&active)))?;
    note_months(&before, &now, client.status()?.months, output)
}

/// Before anything is sent: an upload takes the place of the model that `rollback` would return to, and the logger knows layers, not wells.
fn fits_the_logger(record: &Record, station: &Station, other_well: bool) -> anyhow::Result<()> {
    if record.well != station.station && !other_well {
        bail!(
            "found a model of well \"{}\", expected the station's, \"{}\"; is this the right logger? (--other-well sends it all the same)",
            record.well,
            station.station
        );
    }
    let measured: Vec<&str> = station
        .channel
        .iter()
        .map(|channel| channel.aquifer_layer.as_str())
        .collect();
    for layer in &record.aquifer_layers {
        if !measured.contains(layer) {
            bail!(
                "found a model that needs aquifer layer \"{layer}\", expected layers that the logger measures: {}; add the channel, or export a model of these",
                measured.join(", ")
            );
        }
    }
    Ok(())
}

/// Reads an Ed25519 signature.
pub fn read_signature(path: &Path) -> anyhow::Result<[u8; 64]> {
    let bytes = fs_err::read(path)?;
    let found = bytes.len();
    bytes.try_into().map_err(|_| {
        anyhow::anyhow!(
            "{}: found {found} bytes, expected the 64 of an Ed25519 signature",
            path.display()
        )
    })
}
