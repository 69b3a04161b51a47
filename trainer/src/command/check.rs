//! `amlstm check`.
