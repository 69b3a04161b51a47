//! `amlstm logger clock`.

use amlstm::logger::{Client, time_text};
use anyhow::Context;
use jiff::Timestamp;

use crate::command::output::Output;

/// What to do with the clock.
#[derive(clap::Args)]
pub struct ClockArgs {
    /// Set the clock
    #[arg(long)]
    set: bool,
    /// Set it to this time instead of this computer's, e.g. 2026-03-01T12:00:00Z
    #[arg(long, value_name = "TIME", requires = "set")]
    to: Option<Timestamp>,
    /// Also over more than a day, back or forth, or to an unlikely first date
    #[arg(long, requires = "set")]
    confirm_jump: bool,
}

/// Shows the clock's error, and sets it.
pub fn run(client: &mut Client, args: &ClockArgs, output: &mut Output) -> anyhow::Result<()> {
    let before = client.status()?;
    let laptop = Timestamp::now();
    let difference = match before.unix_s {
        0 => String::new(),
        unix_s => format!(
            "  difference {:+} s",
            i64::from(unix_s) - laptop.as_second()
        ),
    };
    writeln!(
        output,
        "logger {}  this computer {} UTC{difference}",
        time_text(before.unix_s),
        laptop.strftime("%Y-%m-%d %H:%M:%S"),
    )?;
    if args.set {
        let time = args.to.unwrap_or_else(Timestamp::now);
        let unix_s = u32::try_from(time.as_second())
            .context("--to: expected a time between 2020 and 2100")?;
        client.set_clock(unix_s, args.confirm_jump)?;
        writeln!(output, "set to {} UTC", time.strftime("%Y-%m-%d %H:%M:%S"))?;
    }
    Ok(())
}
