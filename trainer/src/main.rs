//! The command `amlstm`.

mod command;

fn main() {}
