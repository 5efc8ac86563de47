//! The browser's stored queue: however many and old the stored events are, what is kept and what is sent stay within
//! their bounds and in the order of time.
#![no_main]

use headwater_protocol::limits::{EVENT_BODY_MAX, PENDING_BYTES_MAX, PENDING_EVENTS_MAX};
use headwater_protocol::queue::{FRAME, batch, trim};
use libfuzzer_sys::fuzz_target;

// Input: the size and the age of each event.
fuzz_target!(|events: Vec<(u16, f64)>| {
    let size = |place: usize| usize::from(events[place].0);

    let mut gone = Vec::new();
    trim(events.len(), size, |place| events[place].1, |place| gone.push(place));
    assert!(gone.is_sorted_by(|newer, older| newer > older));
    let kept = || (0..events.len()).filter(|place| !gone.contains(place));
    assert!(kept().count() <= PENDING_EVENTS_MAX && kept().map(size).sum::<usize>() <= PENDING_BYTES_MAX);

    let sent = batch(events.len(), size);
    assert!(sent <= events.len());
    assert!(FRAME + (0..sent).map(|place| size(place) + 1).sum::<usize>() <= EVENT_BODY_MAX);
});
