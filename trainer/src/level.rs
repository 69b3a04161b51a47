//! Monthly means of water levels.
