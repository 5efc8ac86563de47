//! Rows of `transaction`.
