//! Watches the requests between relay and ledger: whether an event is under way twice at once, and in which order the
//! events were accepted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::world::World;

/// What was seen of the events that the relay has delivered, by event id.
#[derive(Default)]
pub(crate) struct Watch {
    events: Mutex<BTreeMap<String, WatchedEvent>>,
    count: Mutex<u64>,
}

/// The requests of one event.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WatchedEvent {
    under_way: u32,
    /// When the first request began, counted in requests.
    pub(crate) begun: Option<u64>,
    /// When the relay first got a success for an answer.
    pub(crate) accepted: Option<u64>,
}

/// A request under way, until it is dropped.
pub(crate) struct UnderWay {
    watch: Arc<Watch>,
    event: String,
}

impl Watch {
    /// Counts a request of an event that the relay sends; it is under way until the result is dropped.
    pub(crate) fn begin(self: &Arc<Self>, world: &World, event: String) -> UnderWay {
        let number = self.next();
        let mut events = self.events.lock().unwrap();
        let watched = events.entry(event.clone()).or_default();
        watched.begun.get_or_insert(number);
        watched.under_way += 1;
        if watched.under_way > 1 {
            world.violation(format!("event {event} is delivered by two attempts at once"));
        }
        UnderWay { watch: Arc::clone(self), event }
    }

    /// The relay was told that a request of the event succeeded.
    pub(crate) fn accepted(&self, event: &str) {
        let number = self.next();
        if let Some(watched) = self.events.lock().unwrap().get_mut(event) {
            watched.accepted.get_or_insert(number);
        }
    }

    /// What was seen of an event.
    pub(crate) fn of(&self, event: &str) -> WatchedEvent {
        self.events.lock().unwrap().get(event).copied().unwrap_or_default()
    }

    fn next(&self) -> u64 {
        let mut count = self.count.lock().unwrap();
        *count += 1;
        *count
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(watched) = self.watch.events.lock().unwrap().get_mut(&self.event) {
            watched.under_way -= 1;
        }
    }
}
