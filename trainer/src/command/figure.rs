//! `amlstm figure`.
