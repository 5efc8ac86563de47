//! Rows of `customer`.
