//! Use cases of `trigger`.
