//! Which observations train, validate and test.
