//! Cookies: any value survives being written into a `Cookie` header and read back, and other scripts' cookies never
//! hide one of ours.
#![no_main]

use headwater_protocol::cookie::{decode, encode};
use headwater_protocol::credit::decide;
use headwater_protocol::lines;
use headwater_protocol::referral::is_partner_key;
use libfuzzer_sys::fuzz_target;

const NAME: &str = "ps_partner_key";

// Input: a `Cookie` header on the first line, a value on the others.
fuzz_target!(|text: &str| {
    let (jar, value) = text.split_once('\n').unwrap_or((text, text));
    let written = encode(value);
    assert!(written.bytes().all(is_cookie_octet), "{written:?}");
    assert_eq!(decode(&written), value);

    let found = |jar: &str| {
        let lines = lines::of_cookies(jar);
        decide(lines.as_bytes(), false, |_| "").click.read(lines.as_bytes()).partner_key
    };
    if is_partner_key(value.as_bytes()) && !jar.contains("growSumoPartnerKey") && !jar.contains("_ps_xid_") {
        assert_eq!(found(&format!("{NAME}={written}; {jar}")).as_deref(), Some(value));
        assert_eq!(found(&format!("{jar}; {NAME}={written}")), found(jar).or(Some(value.to_owned())));
    }
    // Any raw text can be decoded, and encoding the result and decoding it again gives the same.
    let read = decode(jar);
    assert_eq!(decode(&encode(&read)), read);
});

/// RFC 6265, section 4.1.1: what a cookie's value may hold without quotes.
fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E)
}
