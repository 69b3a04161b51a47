//! `amlstm synth`.
