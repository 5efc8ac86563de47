//! Which names came lately, in memory: what was under way when its name came must not wait for the next look.
//!
//! A payment is refused, its customer is made, the payment is parked, in this order: when the customer came, nothing
//! was parked yet. So a name that comes leaves its mark, and who parks compares it with the time of its claim.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};

/// Marks. Names share them: a mark of another name costs a look that finds nothing.
const MARKS: usize = 4096;

/// The marks of one process.
#[derive(Debug)]
pub(crate) struct Names {
    count: AtomicU64,
    marks: Box<[AtomicU64]>,
}

impl Names {
    pub(crate) fn new() -> Self {
        Self { count: AtomicU64::new(1), marks: (0..MARKS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// The time by this count.
    pub(crate) fn now(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// A name came.
    pub(crate) fn came(&self, name: &str) {
        let now = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.mark(name).store(now, Ordering::SeqCst);
    }

    /// Whether one of the names may have come after `claimed`.
    pub(crate) fn came_since(&self, names: &[String], claimed: u64) -> bool {
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
    use super::Names;

    #[test]
    fn a_name_counts_only_when_it_came_after_the_claim() {
        let names = Names::new();
        let own = |name: &str| vec![name.to_owned()];
        names.came("1:c:before");
        let claimed = names.now();
        assert!(!names.came_since(&own("1:c:before"), claimed));
        names.came("1:c:gk_1");
        assert!(names.came_since(&own("1:c:gk_1"), claimed));
        assert!(!names.came_since(&own("1:c:gk_2"), claimed) && !names.came_since(&[], claimed));
        assert!(!names.came_since(&own("1:c:gk_1"), names.now()));
    }
}
