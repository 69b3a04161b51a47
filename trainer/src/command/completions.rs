//! `amlstm completions`: what a shell needs to complete the program's arguments.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Arguments, output::Output};

/// Print the completions of a shell.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm completions bash > ~/.local/share/bash-completion/completions/amlstm
  amlstm completions zsh > ~/.zfunc/_amlstm
  amlstm completions fish > ~/.config/fish/completions/amlstm.fish")]
pub struct Args {
    /// Which shell.
    shell: Shell,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "amlstm", &mut script);
    write!(output, "{}", String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}
