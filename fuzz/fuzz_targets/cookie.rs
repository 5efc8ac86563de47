//! Cookies: any value survives a jar, and a jar that other scripts filled hides no cookie of ours.
#![no_main]

use headwater_protocol::cookie::{decode, encode, find};
use libfuzzer_sys::fuzz_target;

const NAME: &str = "ps_partner_key";

// A jar on the first line, a value on the others.
fuzz_target!(|text: &str| {
    let (jar, value) = text.split_once('\n').unwrap_or((text, text));
    let written = encode(value);
    assert!(written.bytes().all(is_cookie_octet), "{written:?}");
    assert_eq!(decode(&written), value);

    let first = format!("{NAME}={written}; {jar}");
    assert_eq!(find(&first, NAME), Some(written.as_str()));
    let found = find(jar, NAME);
    assert!(found.is_none_or(|value| !value.contains(';') && value.trim_ascii() == value), "{found:?}");
    let last = format!("{jar}; {NAME}={written}");
    assert_eq!(find(&last, NAME), found.or(Some(written.as_str())));
    // What other scripts wrote raw reads as something, and what we write of that reads the same again.
    let read = decode(jar);
    assert_eq!(decode(&encode(&read)), read);
});

/// RFC 6265, section 4.1.1: what a cookie's value may hold without quotes.
fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E)
}
