//! The browser's stored queue: whatever stands in storage, what is kept and what is sent keep their bounds, and the
//! order of time.
#![no_main]

use headwater_protocol::limits::{EVENT_BODY_MAX, PENDING_BYTES_MAX, PENDING_EVENTS_MAX};
use headwater_protocol::queue::{FRAME, ID, batch, each, trim};
use libfuzzer_sys::fuzz_target;

// Ids as storage may hold them, and a size that follows from each.
fuzz_target!(|input: (&str, &str, u16)| {
    let (ids, oldest, scale) = input;
    let size =
        |id: &str| usize::from(id.bytes().fold(scale, |sum, byte| sum.wrapping_mul(31) ^ u16::from(byte)));

    let mut gone = Vec::new();
    trim(ids, oldest, size, |id| gone.push(id.to_owned()));
    assert!(gone.iter().all(|id| id.len() == ID));
    if ids.is_ascii() && ids.len().is_multiple_of(ID) {
        let mut kept = Vec::new();
        let mut left = gone.clone();
        each(ids, |id| match left.iter().position(|gone| gone == id) {
            Some(at) => drop(left.swap_remove(at)),
            None => kept.push(size(id)),
        });
        assert!(kept.len() <= PENDING_EVENTS_MAX && kept.iter().sum::<usize>() <= PENDING_BYTES_MAX);
        assert!(left.is_empty());
    }

    let sent = batch(ids, size);
    assert!(ids.starts_with(sent) && sent.len().is_multiple_of(ID));
    let mut bytes = FRAME;
    each(sent, |id| bytes += size(id) + 1);
    assert!(bytes <= EVENT_BODY_MAX);
});
