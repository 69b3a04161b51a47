//! Attention over the aquifer layers, equations (8) to (10).
