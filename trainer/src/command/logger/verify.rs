//! `amlstm logger verify`: does the logger compute what this computer computes?

use std::path::{Path, PathBuf};

use amlstm::export::AlignedBytes;
use amlstm::logger::{Client, Comparison, LoggerError, Verdict, program_crc};
use amlstm_core::artifact::{GOLDEN_MONTHS, ModelFile};
use amlstm_core::link::{Fault, SlotInfo};
use amlstm_core::verification::SERIES_MONTHS;
use anyhow::{Context, bail};
use serde::Serialize;

use super::status;
use crate::command::output::Output;

/// What to compare with.
#[derive(clap::Args)]
pub struct VerifyArgs {
    /// Model file that should be on the logger [default: the one that is read from it]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Firmware image (ELF) that should be on the logger
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
}

/// What was compared, for programs.
#[derive(Serialize)]
struct Verified {
    firmware_version: [u8; 3],
    serial: u32,
    slot: SlotInfo,
    #[serde(flatten)]
    verdict: Verdict,
    #[serde(rename = "match")]
    matches: bool,
}

/// Compares and says what matches.
///
/// # Errors
///
/// Something does not match.
pub fn run(
    client: &mut Client,
    args: &VerifyArgs,
    as_json: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let image_crc = args.image.as_deref().map(crc_of).transpose()?;
    let told = client.verify()?;
    let Some(slot) = told.model.clone() else {
        return Err(LoggerError::Refused(Fault::NoModel).into());
    };
    let (bytes, place) = match &args.model {
        Some(path) => (AlignedBytes::read(path)?, path.display().to_string()),
        None => (
            AlignedBytes::new(&amlstm::logger::pull(client, |_, _| {})?),
            "MISMATCH: the model on the logger".to_owned(),
        ),
    };
    let file = ModelFile::parse(&bytes).with_context(|| place.clone())?;
    let verdict = Verdict::of(&told, &file, image_crc);
    if as_json {
        output.json(&Verified {
            firmware_version: client.hello.fw,
            serial: client.hello.serial,
            slot,
            verdict,
            matches: verdict.matches(),
        })?;
    } else {
        print(client.hello.fw, &slot, &verdict, output)?;
    }
    if verdict.matches() {
        return Ok(());
    }
    bail!("MISMATCH: {}", remedy(&verdict));
}

fn crc_of(image: &Path) -> anyhow::Result<u32> {
    let bytes = fs_err::read(image)?;
    program_crc(&bytes).with_context(|| image.display().to_string())
}

fn print(
    [major, minor, patch]: [u8; 3],
    slot: &SlotInfo,
    verdict: &Verdict,
    output: &mut Output,
) -> anyhow::Result<()> {
    let found = |comparison: &Comparison| match comparison.found {
        Some(crc) => format!("CRC {crc:08x}"),
        None => "nothing computed".to_owned(),
    };
    let outcome = |comparison: &Comparison| match comparison.expected {
        _ if comparison.matches() => "match".to_owned(),
        Some(expected) => format!("MISMATCH, expected CRC {expected:08x}"),
        None => "not compared; --image FILE names what it should be".to_owned(),
    };
    let firmware = &verdict.firmware;
    writeln!(
        output,
        "firmware  {major}.{minor}.{patch}, {}: {}",
        found(firmware),
        outcome(firmware)
    )?;
    writeln!(
        output,
        "model     {}: {}",
        status::slot(slot),
        outcome(&verdict.model)
    )?;
    for (what, months, comparison) in [
        ("golden", GOLDEN_MONTHS, &verdict.golden),
        ("series", SERIES_MONTHS, &verdict.series),
    ] {
        writeln!(
            output,
            "{what}    {months} months, {}: {}",
            found(comparison),
            outcome(comparison)
        )?;
    }
    if verdict.matches() {
        output.note(format_args!(
            "match: the logger computes what this computer computes, bit for bit"
        ))?;
    }
    Ok(())
}

/// What to do about a mismatch: about the first cause, which the others may follow from.
fn remedy(verdict: &Verdict) -> &'static str {
    if verdict.firmware.differs() {
        "the program in the flash is not that of the image; flash it again, then verify"
    } else if verdict.model.differs() {
        "another model is active than the one expected; push it, then verify"
    } else if verdict.golden.found.is_none() {
        "the model's file is damaged in the flash; push it again, then verify"
    } else {
        "the logger computes otherwise than this computer; trust none of its estimates, flash the firmware and push the model again, and send the office what `bundle` writes"
    }
}
