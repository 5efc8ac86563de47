//! Paddle's webhooks: only a signed body passes, the same body makes the same events with the same ids, and every event
//! can be delivered: its text reads back as the same event.
#![no_main]

use std::collections::{BTreeMap, HashSet};

use headwater_protocol::Millis;
use headwater_protocol::event::{Data, Event};
use headwater_relay::billing::SourcedEvent;
use headwater_relay::billing::paddle::{read, verify};
use headwater_relay::billing::refund_totals::{RefundTotals, compute};
use hmac::{Hmac, Mac as _};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;

const NOW: Millis = Millis(1_775_514_585_000);
const SECRET: &str = "pdl_ntfset_example";

fuzz_target!(|body: &[u8]| {
    signatures(body);
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

/// A signature passes with its own body only, and an arbitrary header never does.
fn signatures(body: &[u8]) {
    let secret = SECRET.to_owned().into();
    let seconds = NOW.0 / 1000;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length is a key");
    mac.update(format!("{seconds}:").as_bytes());
    mac.update(body);
    let header = format!("ts={seconds};h1={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(verify(&header, body, &secret, NOW), Ok(()));
    assert!(verify(&header, &[body, b" "].concat(), &secret, NOW).is_err());
    let stranger = String::from_utf8_lossy(body);
    assert!(verify(&stranger, b"{}", &secret, NOW).is_err());
    assert!(verify(&format!("ts={seconds};h1={stranger}"), b"{}", &secret, NOW).is_err());
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
