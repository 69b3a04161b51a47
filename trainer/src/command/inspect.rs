//! `amlstm inspect`.
