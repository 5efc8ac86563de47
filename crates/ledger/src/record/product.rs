//! Use cases of `product`.
