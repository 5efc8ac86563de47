//! What a store counts of itself while it works.

use headwater_metrics::Durations;

/// Bounds of the buckets, microseconds: from a commit into memory to a disk that is in trouble.
const BOUNDS: &[u64] =
    &[100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// The durations of a store's commits and syncs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct StoreMetrics {
    /// How long each commit took: to the operating system in a file, to the disk in PostgreSQL.
    pub commits: Durations,
    /// How long each sync of a file's write-ahead log took. PostgreSQL syncs within its commits, so nothing is counted.
    pub syncs: Durations,
}

impl Default for StoreMetrics {
    fn default() -> Self {
        Self { commits: Durations::new(BOUNDS), syncs: Durations::new(BOUNDS) }
    }
}

/// How much of a store's capacity is used at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreLoad {
    /// Read connections in use.
    pub readers: usize,
    /// Units that wait for a writer.
    pub waiting: usize,
}
