//! Recurly's notifications: only a body with the right credentials or signature passes, the same body makes the same
//! events with the same ids, and every event can be delivered: its text reads back as the same event.
#![no_main]

use std::collections::{BTreeMap, HashSet};

use headwater_protocol::Millis;
use headwater_protocol::event::{Data, Event};
use headwater_relay::billing::recurly::{read, verify};
use headwater_relay::billing::refund_totals::{RefundTotals, compute};
use headwater_relay::billing::{Fact, SourcedEvent};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;

const NOW: Millis = Millis(1_775_514_585_000);
const KEY: &str = "signing_key_example";

fuzz_target!(|body: &[u8]| {
    senders(body);
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

/// A signature passes with its own body only, and arbitrary headers never do.
fn senders(body: &[u8]) {
    let passes = |name: &'static str, value: &[u8], body: &[u8], secret: &str| {
        let mut headers = HeaderMap::new();
        headers.extend(
            HeaderValue::from_bytes(value).ok().map(|value| (http::HeaderName::from_static(name), value)),
        );
        verify(&headers, body, &secret.to_owned().into(), NOW).is_ok()
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("any length is a key");
    mac.update(format!("{}.", NOW.0).as_bytes());
    mac.update(body);
    let header = format!("{},{}", NOW.0, hex::encode(mac.finalize().into_bytes()));
    assert!(passes("recurly-signature", header.as_bytes(), body, KEY));
    assert!(!passes("recurly-signature", header.as_bytes(), &[body, b" "].concat(), KEY));
    assert!(!passes("recurly-signature", body, b"{}", KEY));
    assert!(!passes("authorization", body, b"<a/>", "recurly:pass_example"));
}

/// The refund totals of any facts are computed without a panic, and each is of a transaction of this provider.
fn refund_totals(facts: Vec<Fact>) {
    let mut records = BTreeMap::<_, Vec<_>>::new();
    for fact in facts {
        records.entry(fact.name.clone()).or_default().push(fact);
    }
    if let RefundTotals::Totals { lines, .. } = compute(&records) {
        assert!(lines.iter().all(|(key, _)| key.starts_with("recurly/")), "{lines:?}");
    }
}
