//! Histograms of durations.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// A histogram of durations. Cheap to clone; all clones are one. The library's own keeps its buckets behind a lock, which
/// all threads would share.
#[derive(Debug, Clone)]
pub struct Durations(Arc<Buckets>);

#[derive(Debug)]
struct Buckets {
    /// Microseconds, ascending.
    bounds: &'static [u64],
    /// One more than there are bounds: the last is for longer ones.
    counts: Box<[AtomicU64]>,
    /// Microseconds.
    sum: AtomicU64,
}

impl Buckets {
    fn new(bounds: &'static [u64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    fn observe(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        // Few bounds, most of them never reached: a search from the first is the shortest.
        let at = self.bounds.iter().position(|bound| micros <= *bound).unwrap_or(self.bounds.len());
        self.counts[at].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), fmt::Error> {
        let bounds = self.bounds.iter().map(|bound| seconds(*bound)).chain([f64::INFINITY]);
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        encoder.encode_histogram::<NoLabelSet>(
            seconds(self.sum.load(Ordering::Relaxed)),
            count,
            &buckets,
            None,
        )
    }
}

#[allow(clippy::cast_precision_loss, reason = "exact for the first 285 years of microseconds")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

impl Durations {
    /// A histogram with a bucket up to each of `bounds`, microseconds in ascending order, and one for longer durations.
    pub fn new(bounds: &'static [u64]) -> Self {
        Self(Arc::new(Buckets::new(bounds)))
    }

    /// Counts one duration.
    pub fn observe(&self, duration: Duration) {
        self.0.observe(duration);
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.0.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

impl EncodeMetric for Durations {
    fn encode(&self, encoder: MetricEncoder) -> Result<(), fmt::Error> {
        self.0.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// A histogram for each pair of two labels' values. Pairs that never occurred are not written.
#[derive(Debug, Clone)]
pub struct DurationsBy {
    labels: [&'static str; 2],
    first: &'static [&'static str],
    second: &'static [&'static str],
    pairs: Arc<[Buckets]>,
}

impl DurationsBy {
    /// Histograms for every pair of a value of `first` and one of `second`, with these bounds (see [`Durations::new`]).
    pub fn new(
        labels: [&'static str; 2],
        first: &'static [&'static str],
        second: &'static [&'static str],
        bounds: &'static [u64],
    ) -> Self {
        let pairs = (0..first.len() * second.len()).map(|_| Buckets::new(bounds)).collect();
        Self { labels, first, second, pairs }
    }

    /// Counts one duration for the values number `first` and `second`; numbers beyond the lists are not counted.
    pub fn observe(&self, first: usize, second: usize, duration: Duration) {
        if second < self.second.len()
            && let Some(buckets) = self.pairs.get(first * self.second.len() + second)
        {
            buckets.observe(duration);
        }
    }
}

impl EncodeMetric for DurationsBy {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), fmt::Error> {
        for (at, buckets) in self.pairs.iter().enumerate() {
            if buckets.counts.iter().all(|count| count.load(Ordering::Relaxed) == 0) {
                continue;
            }
            let (first, second) = (at / self.second.len(), at % self.second.len());
            let labels = [(self.labels[0], self.first[first]), (self.labels[1], self.second[second])];
            buckets.encode(encoder.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Durations, DurationsBy};
    use crate::{Registry, encode};

    #[test]
    fn a_duration_counts_in_the_first_bucket_that_holds_it() {
        let durations = Durations::new(&[1_000, 5_000_000]);
        for micros in [0, 1_000, 1_001, 5_000_001] {
            durations.observe(Duration::from_micros(micros));
        }
        assert_eq!(durations.count(), 4);
        let mut registry = Registry::default();
        registry.register("took", "Took", durations);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                "took_sum 5.002002",
                "took_count 4",
                "took_bucket{le=\"0.001\"} 2",
                "took_bucket{le=\"5.0\"} 3",
                "took_bucket{le=\"+Inf\"} 4",
            ]
        );
    }

    #[test]
    fn pairs_that_never_occurred_are_not_written() {
        let durations = DurationsBy::new(["route", "status"], &["events", "api"], &["2xx", "5xx"], &[1_000]);
        durations.observe(1, 0, Duration::from_micros(10));
        durations.observe(0, 2, Duration::from_micros(10));
        durations.observe(2, 0, Duration::from_micros(10));
        let mut registry = Registry::default();
        registry.register("took", "Took", durations);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let counts: Vec<_> = text.lines().filter(|line| line.starts_with("took_count")).collect();
        assert_eq!(counts, ["took_count{route=\"api\",status=\"2xx\"} 1"]);
    }
}
