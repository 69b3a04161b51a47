//! `amlstm estimate`.
