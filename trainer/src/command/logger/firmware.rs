//! `amlstm logger update-file` and `update`: another firmware over the cable.

use std::path::{Path, PathBuf};

use amlstm::logger::{Client, firmware_file, send_firmware, try_firmware, version_text};
use amlstm::run::write_atomically;
use anyhow::Context;

use super::model::read_signature;
use crate::command::{output::Output, progress};

/// Which firmware to send, and what to accept.
#[derive(clap::Args)]
pub struct UpdateArgs {
    /// Firmware file, made by `update-file`
    file: PathBuf,
    /// Ed25519 signature of the file, 64 bytes
    #[arg(long, value_name = "FILE")]
    signature: PathBuf,
    /// Accept a version below the one that runs
    #[arg(long)]
    allow_older: bool,
}

/// Makes the firmware file of an image.
pub fn write_file(image: &Path, path: &Path, output: &mut Output) -> anyhow::Result<()> {
    let bytes = fs_err::read(image)?;
    let file = firmware_file(&bytes).with_context(|| image.display().to_string())?;
    write_atomically(path, &file)?;
    output.note(format_args!("{}: {} bytes", path.display(), file.len()))?;
    Ok(())
}

/// Sends a firmware, starts it on trial and says what became of it.
pub fn update(client: &mut Client, args: &UpdateArgs, output: &mut Output) -> anyhow::Result<()> {
    let shown = || args.file.display().to_string();
    let file = fs_err::read(&args.file)?;
    let signature = read_signature(&args.signature)?;
    let before = version_text(client.hello.fw);
    let bar = progress::bar(output, 0, "bytes");
    let sent = send_firmware(client, &file, &signature, args.allow_older, |done| {
        progress::advance(&bar, done.into(), file.len() as u64);
    });
    bar.finish_and_clear();
    let resumed_from = sent.with_context(shown)?;
    if resumed_from > 0 {
        output.note(format_args!("taken up again at byte {resumed_from}"))?;
    }
    let spinner = progress::spinner(output, "on trial; leave the cable in".to_owned());
    let runs = try_firmware(client, &file)?;
    spinner.finish_and_clear();
    output.note(format_args!(
        "firmware {} runs in place of {before}, CRC {:08x}; it has passed its test",
        version_text(runs.version),
        runs.program_crc
    ))?;
    Ok(())
}
