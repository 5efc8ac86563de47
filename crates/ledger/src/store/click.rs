//! Rows of `click`.
