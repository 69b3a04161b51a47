//! `amlstm export`.
