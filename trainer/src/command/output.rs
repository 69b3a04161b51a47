//! What commands print: one writer to standard output, and complaints on standard error.
//!
//! Writing returns its errors, so a full disk is one line and exit code 1. A reader that has gone away (`| head`) is no error: what is
//! left is not printed, and the command does the rest of its work and ends as it would have.

use std::{
    borrow::Cow,
    fmt,
    io::{self, ErrorKind, Write as _},
};

use serde::Serialize;

/// Standard output. `write!` and `writeln!` print results; [`Output::note`] prints what `--quiet` leaves out.
pub struct Output {
    standard: io::Stdout,
    quiet: bool,
    /// The reader has gone away.
    closed: bool,
}

/// Standard output cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("standard output: cannot be written")]
pub struct OutputError(#[source] io::Error);

impl Output {
    /// Standard output of a command; `quiet` leaves notes and progress out.
    pub fn new(quiet: bool) -> Self {
        Self {
            standard: io::stdout(),
            quiet,
            closed: false,
        }
    }

    /// Whether progress and notes are left out.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints text, in which what a terminal would obey is replaced; `write!` and `writeln!` call this.
    pub fn write_fmt(&mut self, text: fmt::Arguments) -> Result<(), OutputError> {
        let text = fmt::format(text);
        let written = |standard: &mut io::Stdout| standard.write_all(harmless(&text).as_bytes());
        self.attempt(written)
    }

    /// Prints a line about what was done.
    pub fn note(&mut self, line: fmt::Arguments) -> Result<(), OutputError> {
        if self.quiet {
            Ok(())
        } else {
            writeln!(self, "{line}")
        }
    }

    /// Prints a value as JSON.
    pub fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        writeln!(self, "{}", serde_json::to_string_pretty(value)?)?;
        Ok(())
    }

    /// Makes sure that everything has reached the reader.
    pub fn flush(&mut self) -> Result<(), OutputError> {
        self.attempt(io::Stdout::flush)
    }

    fn attempt(
        &mut self,
        write: impl FnOnce(&mut io::Stdout) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        if self.closed {
            return Ok(());
        }
        match write(&mut self.standard) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            result => result.map_err(OutputError),
        }
    }
}

/// Prints a line on standard error; one that cannot be printed is lost, there is no place left to say so.
pub fn complain(line: fmt::Arguments) {
    let line = fmt::format(line);
    let _ = writeln!(io::stderr(), "amlstm: {}", harmless(&line));
}

/// Text from a file or a logger without what a terminal would take for a command; lines and tabs stay.
fn harmless(text: &str) -> Cow<'_, str> {
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
