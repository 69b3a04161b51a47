//! SYNTHETIC wells: compaction physics, water levels, ps points.
