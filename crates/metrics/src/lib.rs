//! What is counted while Headwater runs. Counting is one or two atomic additions: no lock, no allocation, no lookup by
//! name, because it happens for every event. The values of each label are a list that is known when the program is
//! compiled, so the number of series has a bound, and no key or name of a person can become a label.
//!
//! `prometheus-client` writes what is counted here in the format that Prometheus reads (docs/decisions/0015).
//!
//! What this crate does not do: serve anything, or read a clock.

mod counts;
mod durations;

pub use counts::{Counters, Levels};
pub use durations::{Durations, DurationsBy};
pub use prometheus_client::encoding::text::encode;
pub use prometheus_client::metrics::gauge::Gauge;
pub use prometheus_client::registry::{Registry, Unit};
