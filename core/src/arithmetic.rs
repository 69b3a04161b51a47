//! The numbers a step computes with.
