//! Records in memory which names were delivered lately, so that an entry does not park for a name that was delivered
//! during its attempt.
//!
//! Example: a payment is refused because its customer is unknown, then the customer is delivered, then the payment is
//! parked. When the customer was delivered, nothing was parked for it yet. So each delivered name is marked with a
//! running count, and parking compares the mark with the count at the time of the claim.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};

/// How many marks there are. Names share a mark by their hash; a mark set by another name costs one needless attempt.
const MARKS: usize = 4096;

/// The marks of one process.
#[derive(Debug)]
pub(crate) struct DeliveredNames {
    count: AtomicU64,
    marks: Box<[AtomicU64]>,
}

impl DeliveredNames {
    pub(crate) fn new() -> Self {
        Self { count: AtomicU64::new(1), marks: (0..MARKS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// The present count.
    pub(crate) fn now(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// Records that a name was delivered.
    pub(crate) fn delivered(&self, name: &str) {
        let now = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.mark(name).store(now, Ordering::SeqCst);
    }

    /// Whether one of the names may have been delivered after the count was `claimed`.
    pub(crate) fn delivered_since(&self, names: &[String], claimed: u64) -> bool {
        names.iter().any(|name| self.mark(name).load(Ordering::SeqCst) > claimed)
    }

    fn mark(&self, name: &str) -> &AtomicU64 {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % MARKS as u64).unwrap_or(0);
        &self.marks[at]
    }
}

#[cfg(test)]
mod tests {
    use super::DeliveredNames;

    #[test]
    fn a_name_counts_only_when_it_came_after_the_claim() {
        let names = DeliveredNames::new();
        let own = |name: &str| vec![name.to_owned()];
        names.delivered("1:c:before");
        let claimed = names.now();
        assert!(!names.delivered_since(&own("1:c:before"), claimed));
        names.delivered("1:c:gk_1");
        assert!(names.delivered_since(&own("1:c:gk_1"), claimed));
        assert!(!names.delivered_since(&own("1:c:gk_2"), claimed) && !names.delivered_since(&[], claimed));
        assert!(!names.delivered_since(&own("1:c:gk_1"), names.now()));
    }
}
