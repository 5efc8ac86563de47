//! Rows of `trigger`.
