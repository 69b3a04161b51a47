//! One module a command: its arguments, what it does, what it prints.
//!
//! A new command is a module with `Args` and `run`, a variant of [`Command`] and its arm in [`run`].
//! Exit codes: 0 done, 1 failed, 2 wrong usage (clap's).

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod check;
pub mod estimate;
pub mod export;
pub mod figure;
pub mod inspect;
pub mod logger;
pub mod merge;
pub mod study;
pub mod swap_test;
pub mod synth;
mod table;
pub mod train;

/// Land subsidence at groundwater wells: trains attention-LSTM models on water levels, judges them, and runs them as a data logger does.
#[derive(Parser)]
#[command(version, about, max_term_width = 110)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// The commands, in the order of the help.
#[derive(Subcommand)]
enum Command {
    Check(check::Args),
    Train(train::Args),
    Merge(merge::Args),
    Figure(figure::Args),
    Study(study::Args),
    SwapTest(swap_test::Args),
    Export(export::Args),
    Estimate(estimate::Args),
    Inspect(inspect::Args),
    Logger(logger::Args),
    Synth(synth::Args),
}

/// Runs the chosen command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Check(args) => check::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Figure(args) => figure::run(&args),
        Command::Study(args) => study::run(&args),
        Command::SwapTest(args) => swap_test::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Estimate(args) => estimate::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Logger(args) => logger::run(&args),
        Command::Synth(args) => synth::run(&args),
    }
}

/// Prints why a command failed, as one line, and gives its exit code.
pub fn refuse(error: &anyhow::Error) -> ExitCode {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Some errors say their cause themselves.
        if !line.ends_with(&cause) {
            line.push_str(if line.is_empty() { "" } else { ": " });
            line.push_str(&cause);
        }
    }
    eprintln!("amlstm: {}", harmless(&line));
    ExitCode::FAILURE
}

/// Text from a file or a logger without what a terminal would take for a command; lines and tabs stay.
fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    let harmful = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    if text.contains(harmful) {
        text.replace(harmful, "\u{fffd}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_a_sign() {
        assert_eq!(harmless("Brunnen 7\u{b0}\n\tgut"), "Brunnen 7\u{b0}\n\tgut");
        assert_eq!(
            harmless("\u{1b}[2Jgone\u{9b}2J\r\u{7}"),
            "\u{fffd}[2Jgone\u{fffd}2J\u{fffd}\u{fffd}"
        );
    }
}
