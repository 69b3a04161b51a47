//! Sizes, weights and one step of the model.
