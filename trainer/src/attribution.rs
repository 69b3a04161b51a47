//! Which aquifer layer drives the ground, by several methods beside each other.
