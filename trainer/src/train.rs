//! Fits one network to one well.
