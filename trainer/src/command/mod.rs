//! One module a command: its arguments, what it does, what it prints.
//!
//! A new command is a module with `Args` and `run`, a variant of [`Command`] and its arm in [`run`].
//! Exit codes: 0 done, 1 failed, 2 wrong usage (clap's), 3 done but for some wells ([`PARTLY_FAILED`]).

use std::{io::ErrorKind, process::ExitCode};

use clap::{Parser, Subcommand};

use output::{Output, complain};

pub mod check;
pub mod completions;
mod configuration;
pub mod estimate;
pub mod evaluate;
pub mod export;
pub mod figure;
pub mod forecast;
pub mod import;
pub mod init;
pub mod inspect;
mod levels;
pub mod logger;
pub mod man;
pub mod merge;
mod output;
mod progress;
pub mod study;
mod summary;
pub mod swap_test;
pub mod synth;
mod table;
mod title;
pub mod train;
pub mod update;

/// Exit code of a run of which some wells have no model.
pub const PARTLY_FAILED: u8 = 3;

/// Land subsidence at groundwater wells: trains attention-LSTM models on water levels, judges them, and runs them as a data logger does.
#[derive(Parser)]
#[command(version, about, max_term_width = 110)]
pub struct Arguments {
    /// Print results and errors only: no progress, nothing about files written
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

/// The commands, in the order of the help.
#[derive(Subcommand)]
enum Command {
    Init(init::Args),
    Import(import::Args),
    Check(check::Args),
    Train(train::Args),
    Merge(merge::Args),
    Figure(figure::Args),
    Study(study::Args),
    SwapTest(swap_test::Args),
    Evaluate(evaluate::Args),
    Export(export::Args),
    Estimate(estimate::Args),
    Update(update::Args),
    Forecast(forecast::Args),
    Inspect(inspect::Args),
    Logger(logger::Args),
    Synth(synth::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the chosen command, prints why it failed, and gives its exit code.
pub fn run_to_exit_code(arguments: &Arguments) -> ExitCode {
    let mut output = Output::new(arguments.quiet);
    let result = run(&arguments.command, &mut output).and_then(|code| {
        output.flush()?;
        Ok(code)
    });
    result.unwrap_or_else(|error| {
        complain(format_args!("{}", one_line(&error)));
        ExitCode::FAILURE
    })
}

/// Prints the help that was asked for, or what is wrong with the arguments.
pub fn print_usage(help_or_error: &clap::Error) -> ExitCode {
    match help_or_error.print() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(format_args!("standard output: cannot be written: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::from(help_or_error.exit_code() as u8),
    }
}

fn run(command: &Command, output: &mut Output) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init(args) => init::run(args, output),
        Command::Import(args) => import::run(args, output),
        Command::Check(args) => check::run(args, output),
        Command::Train(args) => train::run(args, output),
        Command::Merge(args) => merge::run(args, output),
        Command::Figure(args) => figure::run(args, output),
        Command::Study(args) => study::run(args, output),
        Command::SwapTest(args) => swap_test::run(args, output),
        Command::Evaluate(args) => evaluate::run(args, output),
        Command::Export(args) => export::run(args, output),
        Command::Estimate(args) => estimate::run(args, output),
        Command::Update(args) => update::run(args, output),
        Command::Forecast(args) => forecast::run(args, output),
        Command::Inspect(args) => inspect::run(args, output),
        Command::Logger(args) => logger::run(args, output),
        Command::Synth(args) => synth::run(args, output),
        Command::Completions(args) => completions::run(args, output),
        Command::Man(args) => man::run(args, output),
    }
}

/// Why a command failed, with its causes.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Some errors say their cause themselves.
        if !line.ends_with(&cause) {
            line.push_str(if line.is_empty() { "" } else { ": " });
            line.push_str(&cause);
        }
    }
    line
}
