//! `amlstm logger config`: the station file.

use std::path::Path;

use amlstm::config::mistake;
use amlstm::logger::{Client, Station};
use anyhow::{Context, anyhow};

use crate::command::output::Output;

/// Shows the logger's settings as a station file.
pub fn show(client: &mut Client, output: &mut Output) -> anyhow::Result<()> {
    writeln!(
        output,
        "{}",
        toml::to_string(&Station::receive(client)?)?.trim_end()
    )?;
    Ok(())
}

/// Sends a station file's settings.
pub fn send(client: &mut Client, file: &Path, output: &mut Output) -> anyhow::Result<()> {
    let shown = file.display().to_string();
    let text = fs_err::read_to_string(file)?;
    let station: Station = toml::from_str(&text).map_err(|error| {
        let (line, message) = mistake(&text, &error);
        anyhow!("{shown}:{line}: {message}")
    })?;
    station.send(client).with_context(|| shown.clone())?;
    output.note(format_args!(
        "{shown}: sent, {} channels",
        station.channel.len()
    ))?;
    Ok(())
}
