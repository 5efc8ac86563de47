//! Use cases of `reward`.
