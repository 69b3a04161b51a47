//! One self-contained HTML report per run.
