//! Levelling benchmarks against ps rates.
