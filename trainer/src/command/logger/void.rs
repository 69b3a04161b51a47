//! `amlstm logger void-months`.

use amlstm::logger::Client;
use amlstm_core::month::Month;
use anyhow::Context;

use crate::command::output::Output;

/// Which months no longer count.
#[derive(clap::Args)]
pub struct VoidArgs {
    /// The first month that a wrong date closed, e.g. 2026-03
    from: String,
    /// Do it; otherwise the logger only says how many months there are
    #[arg(long)]
    confirm: bool,
}

/// Makes the months void.
pub fn run(client: &mut Client, args: &VoidArgs, output: &mut Output) -> anyhow::Result<()> {
    let month = month(&args.from)
        .with_context(|| format!("found \"{}\", expected a month as 2026-03", args.from))?;
    client.void_months(month.index(), args.confirm)?;
    output.note(format_args!(
        "months from {month} on made void; the samples kept of them are counted again"
    ))?;
    Ok(())
}

fn month(text: &str) -> Option<Month> {
    let (year, month) = text.split_once('-')?;
    Month::new(year.parse().ok()?, month.parse().ok()?)
}
