//! Standardisation of inputs and outputs.
