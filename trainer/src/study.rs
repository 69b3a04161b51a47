//! The paper's study: paired comparison, sweeps, ablations.
