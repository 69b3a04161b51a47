//! Messages between logger and laptop.
