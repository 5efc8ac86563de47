//! Rows of `reward`.
