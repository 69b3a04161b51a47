//! `amlstm merge`.
