//! Bodies of `POST /v1/events`: each event of a batch is admitted or refused by itself. An admitted one can be
//! delivered: its text reads back as the same event, also after it was written anew.
#![no_main]

use headwater_journal::NewEntry;
use headwater_protocol::event::{Event, EventKind, Submission};
use headwater_protocol::limits::{BATCH_EVENTS_MAX, EVENT_MAX};
use headwater_protocol::{EventId, Millis, Source};
use headwater_relay::RelayProgram;
use headwater_relay::admit::{Admission, EventSender, admit};
use libfuzzer_sys::fuzz_target;

const NOW: Millis = Millis(1_775_514_585_468);

fuzz_target!(|body: &str| {
    let submission = match Submission::read(body) {
        Ok(submission) => submission,
        Err(error) => return assert!(!error.code.is_empty() && !error.message.is_empty(), "{error:?}"),
    };
    let count = submission.events.len();
    assert!((1..=BATCH_EVENTS_MAX).contains(&count));
    let program = program();
    let Admission { entries, refused, .. } = admit(&submission.events, &program, EventSender::Server, NOW);
    assert_eq!(entries.len() + refused.len(), count);
    assert!(refused.is_sorted_by_key(|one| one.index) && refused.iter().all(|one| one.index < count));
    assert!(refused.iter().all(|one| !one.code.is_empty() && !one.message.is_empty()), "{refused:?}");
    for entry in &entries {
        // Either unchanged, or without the signature, which has been verified.
        assert!(submission.events.contains(&entry.body.as_str()) || !entry.body.contains("\"signature\":"));
        assert!(entry.body.len() <= EVENT_MAX);
        let event = Event::read(&entry.body).expect("what was admitted can be read");
        assert_eq!((event.id, event.kind().name()), (EventId::from_bytes(entry.id), entry.kind));
        // The lane names a customer, so that customers do not wait for each other.
        assert!(entry.lane.starts_with("1:") && entry.lane.len() > "1:c:".len(), "{}", entry.lane);
        let written = event.write();
        if written.len() <= EVENT_MAX {
            assert_eq!(Event::read(&written).as_ref(), Ok(&event), "{written}");
        }
    }
    // A page may send what a server may, except the kinds that are money.
    let from_page = admit(&submission.events, &program, EventSender::Browser, NOW).entries;
    let free: Vec<_> =
        EventKind::ALL.into_iter().filter(|kind| kind.from_browser()).map(EventKind::name).collect();
    let expected = entries.into_iter().filter(|entry| free.contains(&entry.kind));
    let expected: Vec<_> = expected.map(|entry| NewEntry { source: Source::Page.name(), ..entry }).collect();
    assert_eq!(from_page, expected);
});

fn program() -> RelayProgram {
    RelayProgram { id: 1, public_key: "pk_test_example".to_owned(), ..RelayProgram::default() }
}
