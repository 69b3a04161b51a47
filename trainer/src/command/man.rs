//! `amlstm man`: the manual page.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_mangen::Man;

use super::{Arguments, output::Output};

/// Print the manual page of the program or of one of its commands.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm man > ~/.local/share/man/man1/amlstm.1
  amlstm man train > ~/.local/share/man/man1/amlstm-train.1
  amlstm man logger push | man -l -")]
pub struct Args {
    /// Command, such as train or logger push.
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let mut program = Arguments::command();
    // Gives every command its whole name and the arguments that all share.
    program.build();
    let mut command = &program;
    for name in &args.command {
        command = command.find_subcommand(name).with_context(|| {
            format!("found command \"{name}\", expected one of `amlstm --help`")
        })?;
    }
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    write!(output, "{}", String::from_utf8(page)?)?;
    Ok(ExitCode::SUCCESS)
}
