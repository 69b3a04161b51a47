//! Reads the CSV files of an observation site.
