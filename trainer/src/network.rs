//! The AM-LSTM and the plain LSTM in burn's tensor operations.
