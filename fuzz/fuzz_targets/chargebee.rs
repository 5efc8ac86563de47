//! Chargebee's webhooks: only the program's credentials pass, the same body makes the same events with the same ids, and
//! every event can be delivered: its text reads back as the same event.
#![no_main]

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use headwater_protocol::event::{Data, Event};
use headwater_relay::billing::SourcedEvent;
use headwater_relay::billing::chargebee::{read, verify};
use headwater_relay::billing::refund_totals::{RefundTotals, compute};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "hook:s3cret_example";

fuzz_target!(|body: &[u8]| {
    credentials(body);
    let Ok(webhook) = read(body, "1") else { return };
    assert_eq!(read(body, "1").as_ref(), Ok(&webhook));
    let ids: HashSet<_> = webhook.events.iter().map(|one| one.event.id).collect();
    assert_eq!(ids.len(), webhook.events.len(), "each event has an id of its own");
    for SourcedEvent { event, .. } in &webhook.events {
        let about = matches!(&event.data, Data::Refund(refund) if refund.about.is_some());
        assert!(about || !event.data.customer().lane().is_empty(), "named by someone: {event:?}");
        let written = event.write();
        assert_eq!(Event::read(&written).as_ref(), Ok(event), "{written}");
    }
    let other = read(body, "2").expect("as readable as for the first program");
    assert!(other.events.iter().all(|one| !ids.contains(&one.event.id)), "each program has ids of its own");
    refund_totals(webhook.facts);
});

/// The credentials pass, and an arbitrary header never does.
fn credentials(body: &[u8]) {
    let secret = SECRET.to_owned().into();
    let with = |header: &[u8]| {
        let value = HeaderValue::from_bytes(header).ok();
        value.map(|value| (AUTHORIZATION, value)).into_iter().collect::<HeaderMap>()
    };
    let basic = |pair: &[u8]| {
        with(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)).as_bytes())
    };
    assert_eq!(verify(&basic(SECRET.as_bytes()), &secret), Ok(()));
    assert_eq!(verify(&basic(body), &secret).is_ok(), body == SECRET.as_bytes());
    assert!(verify(&with(body), &"another_example".to_owned().into()).is_err());
}

/// The refund totals of any facts are computed without a panic, and each line has a key of an invoice and a line.
fn refund_totals(facts: Vec<headwater_relay::billing::Fact>) {
    let mut records = BTreeMap::<_, Vec<_>>::new();
    for fact in facts {
        records.entry(fact.name.clone()).or_default().push(fact);
    }
    if let RefundTotals::Totals { lines, .. } = compute(&records) {
        assert!(lines.iter().all(|(key, _)| key.contains('/')), "{lines:?}");
    }
}
