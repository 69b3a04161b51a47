//! A well's training series: months of levels and observation intervals.
