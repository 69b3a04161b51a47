//! The LSTM cell, equations (2) to (7).
