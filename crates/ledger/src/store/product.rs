//! Rows of `product`.
