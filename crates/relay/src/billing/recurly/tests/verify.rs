//! Credentials and signatures, good ones and those that must be refused.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use headwater_protocol::{Millis, limits};
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use sha2::Sha256;

use super::super::verify;
use crate::billing::WebhookError;

const NOW: Millis = Millis(1_775_514_585_000);
const KEY: &str = "signing_key_example";
const PAIR: &str = "recurly:pass:word_example";

fn check(header: Option<(&'static str, &str)>, body: &str, secret: &str, expect: Result<(), &str>) {
    let mut headers = HeaderMap::new();
    headers.extend(header.map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())));
    match (verify(&headers, body.as_bytes(), &secret.to_owned().into(), NOW), expect) {
        (Ok(()), Ok(())) => {}
        (Err(WebhookError::Signature(reason)), Err(part)) => assert!(reason.contains(part), "{reason}"),
        (other, _) => panic!("{header:?}: {other:?}"),
    }
}

#[test]
fn a_secret_with_a_colon_is_compared_with_the_basic_credentials() {
    let basic = |pair: &str| format!("Basic {}", BASE64_STANDARD.encode(pair));
    let given = |value: &str, expect| check(Some(("authorization", value)), "<a/>", PAIR, expect);
    given(&basic(PAIR), Ok(()));
    given(&basic(PAIR).replace("Basic", "basic"), Ok(()));
    given(&basic("recurly:pass"), Err("not those of this program"));
    given(&basic("recurly:pass:word_example2"), Err("not those of this program"));
    given("Basic", Err("no Basic credentials"));
    given("Basic ***", Err("no Basic credentials"));
    given(&basic(PAIR).replace("Basic", "Bearer"), Err("no Basic credentials"));
    check(None, "<a/>", PAIR, Err("no Basic credentials"));
}

fn signature(body: &str, time: &str, key: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[test]
fn one_good_signature_of_several_is_enough() {
    let time = NOW.0.to_string();
    let (good, other) = (signature("{}", &time, KEY), signature("{}", &time, "older_key_example"));
    let given =
        |value: &str, body: &str, expect| check(Some(("recurly-signature", value)), body, KEY, expect);
    given(&format!("{time},{good}"), "{}", Ok(()));
    given(&format!("{time}, {other} ,{good}"), "{}", Ok(()));
    given(&format!("{time},{other}"), "{}", Err("no signature"));
    given(&format!("{time},{good}"), "{ }", Err("no signature"));
    given(&format!("{time},xyz"), "{}", Err("no signature"));
    given(&time, "{}", Err("no signature"));
    given(&good, "{}", Err("does not begin with a time"));
    check(None, "<a/>", KEY, Err("XML notifications are not signed"));
}

#[test]
fn a_signature_counts_for_five_minutes_in_milliseconds_or_seconds() {
    let tolerance = limits::WEBHOOK_TOLERANCE;
    for (time, expect) in [
        (NOW.0 - tolerance - 1, Err("five minutes")),
        (NOW.0 - tolerance, Ok(())),
        (NOW.0 + tolerance, Ok(())),
        (NOW.0 + tolerance + 1, Err("five minutes")),
        (NOW.0 / 1000, Ok(())),
        (NOW.0 / 1000 - 301, Err("five minutes")),
        (i64::MIN, Err("five minutes")),
        (i64::MAX, Err("five minutes")),
        (0, Err("five minutes")),
    ] {
        let header = format!("{time},{}", signature("{}", &time.to_string(), KEY));
        check(Some(("recurly-signature", &header)), "{}", KEY, expect);
    }
}
