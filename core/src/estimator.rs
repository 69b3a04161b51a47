//! Carries a model's state from month to month.
