//! How far a long command is: on terminals only, and not with `--quiet`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use super::output::Output;

/// A bar of so many of `what`, such as "wells", with the time left.
pub fn bar(output: &Output, length: u64, what: &str) -> ProgressBar {
    let template = format!("{{bar:30}} {{pos}}/{{len}} {what}, {{eta}} left");
    let style = ProgressStyle::with_template(&template).expect("the template has known keys only");
    shown(output, ProgressBar::new(length)).with_style(style)
}

/// A sign of life for work whose length is not known; it goes away when it is dropped.
pub fn spinner(output: &Output, what: String) -> ProgressBar {
    let spinner = shown(output, ProgressBar::new_spinner())
        .with_message(what)
        .with_finish(ProgressFinish::AndClear);
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

fn shown(output: &Output, bar: ProgressBar) -> ProgressBar {
    if output.is_quiet() {
        ProgressBar::hidden()
    } else {
        bar
    }
}

/// So many are done of a total that is known only now.
pub fn advance(bar: &ProgressBar, done: u64, total: u64) {
    bar.set_length(total);
    bar.set_position(done);
}
