//! The time step: a calendar month.
