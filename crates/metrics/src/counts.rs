//! Counters and gauges with one label.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// Counters that only grow, one for each value of a label. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct Counters {
    label: &'static str,
    values: &'static [&'static str],
    numbers: Arc<[AtomicU64]>,
}

impl Counters {
    /// A counter for each of `values`, all at 0.
    pub fn new(label: &'static str, values: &'static [&'static str]) -> Self {
        Self { label, values, numbers: values.iter().map(|_| AtomicU64::new(0)).collect() }
    }

    /// Adds `count` to the counter of the value number `at`. A number beyond the list counts as its last one.
    pub fn add(&self, at: usize, count: u64) {
        if let Some(counter) = self.numbers.get(at).or(self.numbers.last()) {
            counter.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Adds `count` to the counter of `value`. One that is not in the list counts as the last one, so a list of values
    /// that others may extend ends with a name for the rest.
    pub fn add_named(&self, value: &str, count: u64) {
        self.add(self.values.iter().position(|known| *known == value).unwrap_or(usize::MAX), count);
    }

    /// The counter of a value; 0 for one that is not in the list.
    pub fn get(&self, value: &str) -> u64 {
        let at = self.values.iter().position(|known| *known == value);
        at.map_or(0, |at| self.numbers[at].load(Ordering::Relaxed))
    }
}

impl EncodeMetric for Counters {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), fmt::Error> {
        for (value, count) in self.values.iter().zip(self.numbers.iter()) {
            let labels = [(self.label, *value)];
            let count = count.load(Ordering::Relaxed);
            encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

/// Numbers that go up and down, one for each value of a label. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Levels {
    label: &'static str,
    values: &'static [&'static str],
    numbers: Arc<[AtomicI64]>,
}

impl Levels {
    /// A number for each of `values`, all 0.
    pub fn new(label: &'static str, values: &'static [&'static str]) -> Self {
        Self { label, values, numbers: values.iter().map(|_| AtomicI64::new(0)).collect() }
    }

    /// Sets the number of the value number `at`; does nothing for a number beyond the list.
    pub fn set(&self, at: usize, level: i64) {
        if let Some(known) = self.numbers.get(at) {
            known.store(level, Ordering::Relaxed);
        }
    }
}

impl EncodeMetric for Levels {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), fmt::Error> {
        for (value, level) in self.values.iter().zip(self.numbers.iter()) {
            let labels = [(self.label, *value)];
            encoder.encode_family(&labels)?.encode_gauge(&level.load(Ordering::Relaxed))?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

#[cfg(test)]
mod tests {
    use super::{Counters, Levels};
    use crate::{Registry, encode};

    #[test]
    fn counts_and_levels_are_written_with_their_label_and_values_nobody_listed_as_the_last() {
        let refused = Counters::new("reason", &["too_large", "other"]);
        refused.add_named("too_large", 2);
        refused.add_named("pk_test_example", 3);
        refused.add(7, 1);
        let entries = Levels::new("state", &["due"]);
        entries.set(0, -4);
        entries.set(1, 9);
        let mut registry = Registry::default();
        registry.register("refused", "Refused", refused.clone());
        registry.register("entries", "Entries", entries);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        assert_eq!(
            text,
            "# HELP refused Refused.\n# TYPE refused counter\nrefused_total{reason=\"too_large\"} 2\n\
             refused_total{reason=\"other\"} 4\n# HELP entries Entries.\n# TYPE entries gauge\n\
             entries{state=\"due\"} -4\n# EOF\n"
        );
        assert_eq!((refused.get("other"), refused.get("pk_test_example")), (4, 0));
    }
}
