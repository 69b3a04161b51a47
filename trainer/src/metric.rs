//! Scores of an exported model.
