//! How far a transfer is.

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar that knows its length only when the first answer is there; nothing where the output is no terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// Of so many of `what`.
    pub fn of(what: &str) -> Self {
        let style = ProgressStyle::with_template(&format!(
            "{{bar:30}} {{pos}}/{{len}} {what}  {{eta}} left"
        ));
        let bar = ProgressBar::new(0);
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// So many are done.
    pub fn at(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
