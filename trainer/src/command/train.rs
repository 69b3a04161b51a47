//! `amlstm train`.
