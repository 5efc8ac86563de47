//! Rows of `link`.
