//! Serial client of the data logger.
