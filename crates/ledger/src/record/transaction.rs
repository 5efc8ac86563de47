//! Use cases of `transaction`.
