//! Stripe's webhooks: only a signed body passes, the same body makes the same events with the same ids, and
//! whatever is made of it can be delivered: its text reads back as the same event.
#![no_main]

use std::collections::HashSet;

use headwater_protocol::Millis;
use headwater_protocol::event::Event;
use headwater_relay::billing::stripe::{to_events, verify};
use hmac::{Hmac, Mac as _};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;

const NOW: Millis = Millis(1_775_514_585_000);
const SECRET: &str = "whsec_example";

fuzz_target!(|body: &[u8]| {
    signatures(body);
    let Ok(events) = to_events(body) else { return };
    assert_eq!(to_events(body).as_ref(), Ok(&events));
    let ids: HashSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), events.len(), "each event has an id of its own");
    for event in &events {
        assert!(!event.data.customer().lane().is_empty(), "named by someone: {event:?}");
        let written = event.write();
        assert_eq!(Event::read(&written).as_ref(), Ok(event), "{written}");
    }
});

/// A signature passes with its body and with no other; a header that strangers wrote never does.
fn signatures(body: &[u8]) {
    let secret = SECRET.to_owned().into();
    let seconds = NOW.0 / 1000;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length is a key");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let header = format!("t={seconds},v1={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(verify(&header, body, &secret, NOW), Ok(()));
    assert!(verify(&header, &[body, b" "].concat(), &secret, NOW).is_err());
    let stranger = String::from_utf8_lossy(body);
    assert!(verify(&stranger, b"{}", &secret, NOW).is_err());
    assert!(verify(&format!("t={seconds},v1={stranger}"), b"{}", &secret, NOW).is_err());
}
