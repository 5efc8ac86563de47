//! What the front has recorded of each visitor.

use std::collections::BTreeSet;

use serde_json::Value;

/// Everything recorded in one run.
#[derive(Debug)]
pub(crate) struct Seen {
    visitors: Vec<Visitor>,
    /// Unexpected events, which fail the test.
    pub(crate) noise: Vec<String>,
}

/// What was recorded of a visitor.
#[derive(Debug, Default)]
struct Visitor {
    /// Whether requests are forwarded without faults by now.
    healthy: bool,
    requests: usize,
    /// Events that were stored or sent.
    events: BTreeSet<String>,
    /// Events that the newest page left in storage.
    left: BTreeSet<String>,
    /// Whether events were stored when the visitor came for the last time.
    waited: bool,
    log: Vec<String>,
}

impl Seen {
    pub(crate) fn new(visitors: usize) -> Self {
        Self { visitors: (0..visitors).map(|_| Visitor::default()).collect(), noise: Vec::new() }
    }

    pub(crate) fn noise(&mut self, what: String) {
        self.noise.push(what);
    }

    pub(crate) fn log(&mut self, visitor: usize, what: String) {
        self.visitors[visitor].log.push(what);
    }

    /// Records a request; returns its number, or `None` if it is to be forwarded without a fault.
    pub(crate) fn request(&mut self, visitor: usize, body: &[u8]) -> Option<usize> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let events = body["events"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ids: Vec<_> = events.iter().filter_map(|event| event["id"].as_str().map(str::to_owned)).collect();
        if ids.is_empty() {
            self.noise(format!("visitor {visitor} sent no event: {body}"));
        }
        let visitor = &mut self.visitors[visitor];
        visitor.events.extend(ids);
        visitor.requests += 1;
        (!visitor.healthy).then_some(visitor.requests)
    }

    /// Forwards the visitor's requests without faults from now on.
    pub(crate) fn heal(&mut self, visitor: usize) {
        self.visitors[visitor].healthy = true;
    }

    /// Records the event ids that a page found in storage.
    pub(crate) fn stored(&mut self, visitor: usize, ids: &str) {
        self.log(visitor, format!("stored: {ids}"));
        let visitor = &mut self.visitors[visitor];
        visitor.events.extend(split(ids));
        visitor.waited = !ids.is_empty();
    }

    /// Records the event ids that a page left in storage when it closed.
    pub(crate) fn left(&mut self, visitor: usize, ids: &str) {
        self.log(visitor, format!("left: {ids}"));
        self.visitors[visitor].left = split(ids).collect();
    }

    /// The events of each visitor that were stored or sent.
    pub(crate) fn events(&self) -> impl Iterator<Item = &BTreeSet<String>> {
        self.visitors.iter().map(|visitor| &visitor.events)
    }

    /// How many events are still stored.
    pub(crate) fn still_stored(&self) -> usize {
        self.visitors.iter().map(|visitor| visitor.left.len()).sum()
    }

    /// How many visitors still had an event stored when they came for the last time.
    pub(crate) fn waited(&self) -> usize {
        self.visitors.iter().filter(|visitor| visitor.waited).count()
    }

    /// Requests with events.
    pub(crate) fn requests(&self) -> usize {
        self.visitors.iter().map(|visitor| visitor.requests).sum()
    }

    /// The log of a visitor, one line for each entry.
    pub(crate) fn describe(&self, visitor: usize) -> String {
        self.visitors[visitor].log.join("\n  ")
    }
}

fn split(ids: &str) -> impl Iterator<Item = String> {
    ids.split(',').filter(|id| !id.is_empty()).map(str::to_owned)
}
