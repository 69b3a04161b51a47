//! `amlstm logger sdi12`: the sensors on the cable.

use amlstm::logger::{Client, Renumbered};
use anyhow::bail;
use clap::Subcommand;

use crate::command::{output::Output, progress};

/// What to ask the sensors.
#[derive(Subcommand)]
pub enum Sdi12 {
    /// Asks every address who is there
    Scan,
    /// Asks the sensor at an address who it is: SDI-12 version, maker, model, version, serial number
    Identify {
        /// Address, one digit or letter; `?` where one sensor alone is on the cable
        #[arg(value_parser = address_or_any)]
        address: char,
    },
    /// Gives a sensor another address, which must be free
    Address {
        /// Address it has
        #[arg(value_parser = address)]
        from: char,
        /// Address it shall have
        #[arg(value_parser = address)]
        to: char,
    },
    /// Sends a command as it is, e.g. `0M1!`
    Send {
        /// Command with its `!`
        command: String,
    },
}

fn address(text: &str) -> Result<char, String> {
    match text.as_bytes() {
        [address] if address.is_ascii_alphanumeric() => Ok(char::from(*address)),
        _ => Err("expected an SDI-12 address, one digit or letter".to_owned()),
    }
}

fn address_or_any(text: &str) -> Result<char, String> {
    if text == "?" { Ok('?') } else { address(text) }
}

/// Asks the sensors.
pub fn run(client: &mut Client, sdi12: &Sdi12, output: &mut Output) -> anyhow::Result<()> {
    match sdi12 {
        Sdi12::Scan => {
            let bar = progress::bar(output, 0, "addresses");
            let found = client.sdi12_scan(|done, total| progress::advance(&bar, done, total))?;
            bar.finish_and_clear();
            for sensor in &found {
                writeln!(output, "{sensor}")?;
            }
            output.note(format_args!("{} sensors", found.len()))?;
        }
        Sdi12::Identify { address: '?' } => {
            let address = answer(client, "?!")?;
            let identity = answer(client, &format!("{address}I!"))?;
            writeln!(output, "{identity}")?;
        }
        Sdi12::Identify { address } => {
            let identity = answer(client, &format!("{address}I!"))?;
            writeln!(output, "{identity}")?;
        }
        Sdi12::Address { from, to } => match client.sdi12_renumber(*from, *to)? {
            Renumbered::Done => output.note(format_args!(
                "{from} is {to} now; the channels that name {from} must name {to}: change the station file and send it"
            ))?,
            Renumbered::Taken => {
                bail!("something answers at {to} already; nothing was changed")
            }
            Renumbered::Refused(answer) => bail!(
                "the sensor at {from} did not take the address {to}: {}",
                answer.map_or_else(|| "no answer".to_owned(), |answer| format!("found \"{answer}\""))
            ),
        },
        Sdi12::Send { command } => writeln!(output, "{}", answer(client, command)?)?,
    }
    Ok(())
}

fn answer(client: &mut Client, command: &str) -> anyhow::Result<String> {
    match client.sdi12(command)? {
        Some(answer) => Ok(answer),
        None => bail!("{command}: no answer; check power, cable and address"),
    }
}
