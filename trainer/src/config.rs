//! What a run is asked to do: every key of the TOML configuration with its default.
