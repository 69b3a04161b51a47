//! The command `amlstm` as its users run it: real processes, real files.

#[path = "../../../tests/src/skip.rs"]
mod skip;

mod check;
mod forecast;
mod import;
#[cfg(unix)]
mod liar;
mod measured;
mod model;
mod output;
mod refusal;
mod run;
mod site;
mod snapshot;
mod study;
mod weights;
