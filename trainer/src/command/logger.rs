//! `amlstm logger`.
