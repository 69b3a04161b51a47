//! `amlstm study`.
