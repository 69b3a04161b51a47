//! Forward pass and back-propagation through time of a whole sequence as one gradient node.
