//! Non-negative physics basis of compaction beds.
