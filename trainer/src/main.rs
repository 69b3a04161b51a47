//! The command `amlstm`.

mod command;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match command::Arguments::try_parse() {
        Ok(arguments) => command::run_to_exit_code(&arguments),
        Err(help_or_error) => command::print_usage(&help_or_error),
    }
}
