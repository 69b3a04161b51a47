//! The folder that one training run leaves behind.
