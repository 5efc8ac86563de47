//! End-to-end journeys: everything is in `tests/`. `cargo xtask test` builds what they start and runs them.
