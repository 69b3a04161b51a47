//! `amlstm swap-test`.
