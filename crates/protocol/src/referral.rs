//! Referral text: what a partner's link puts into a landing URL, read tolerantly and written exactly.
//!
//! Source: browser.md section 3. People fabricate these links, so nothing here can fail: what does not decode
//! is not a referral.

use alloc::string::String;
use alloc::vec::Vec;

use crate::limits;

/// Who sent a visitor: a partner, a click, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Referral {
    /// The partner's key, decoded.
    pub partner_key: Option<String>,
    /// The click's id: 12 or 14 of `[A-Za-z0-9]`.
    pub xid: Option<String>,
    /// The custom link domain of the click.
    pub link_domain: Option<String>,
}

impl Referral {
    /// Whether it names anybody.
    pub fn is_some(&self) -> bool {
        self.partner_key.is_some() || self.xid.is_some()
    }
}

/// The sub-ids of a query string, `(name, value)` in their order: a partner's link carries them on to its
/// destination.
pub fn sub_ids(query: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for pair in query.trim_start_matches('?').split('&') {
        if let Some((name, raw)) = pair.split_once('=') {
            push_sub_id(&mut found, name, raw);
        }
    }
    found
}

fn push_sub_id(found: &mut Vec<(String, String)>, name: &str, raw: &str) {
    if is_sub_id(name)
        && found.len() < limits::SUB_IDS_MAX
        && let Some(value) = percent_decode(raw, true)
        && value.len() <= limits::SUB_ID_MAX
    {
        found.push((String::from(name), value));
    }
}

/// Decodes a partner key: base64 in either alphabet, padded or not. `None` when it does not decode to a key.
#[cfg(feature = "wire")]
pub fn decode_partner_key(text: &str) -> Option<String> {
    base64_text(text).filter(|key| is_partner_key(key.as_bytes()))
}

/// Accepts leftover bits in the last character and any padding, because links in use have both.
#[cfg(feature = "wire")]
const TOLERANT: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    base64::engine::GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
);

/// Decodes base64 in either alphabet, padded or not, to text. `None` when it is neither.
#[cfg(feature = "wire")]
pub fn base64_text(text: &str) -> Option<String> {
    use base64::Engine as _;
    // Form decoding has turned a '+' into a space; turn it back.
    let standard = text.trim_end_matches('=').replace(['-', ' '], "+").replace('_', "/");
    String::from_utf8(TOLERANT.decode(standard).ok()?).ok()
}

/// Whether text can be a partner key: 1 to [`limits::PARTNER_KEY_MAX`] bytes, none of them a control character.
pub fn is_partner_key(text: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= limits::PARTNER_KEY_MAX
        && text.iter().all(|byte| *byte >= 0x20 && *byte != 0x7F)
}

/// Whether text is a click id.
pub fn is_click_id(text: &[u8]) -> bool {
    limits::CLICK_ID_LENGTHS.contains(&text.len()) && text.iter().all(u8::is_ascii_alphanumeric)
}

/// Characters at the start of our click ids that hold the time: milliseconds since 1970 in base 62, digits before
/// capitals before small letters, so that ids sort by time as texts do. Seven of them last until 2081.
pub const CLICK_TIME: usize = 7;
/// Follows the time in our click ids, and tells them from others. By chance, one in 3,844 ids of other systems has
/// these letters there too.
pub const CLICK_MARK: &str = "hw";

/// The sort key of a click id: the letters of its time if it is one of ours (`key::mint_click_id`), and 0 if it
/// contains no time (trust.md section 2).
pub fn click_order(xid: &[u8]) -> u64 {
    let timed = xid.len() == limits::CLICK_ID_LENGTHS[1]
        && xid.get(CLICK_TIME..).is_some_and(|rest| rest.starts_with(CLICK_MARK.as_bytes()));
    let time = xid.iter().take(if timed { CLICK_TIME } else { 0 });
    time.fold(0, |order, letter| order << 8 | u64::from(*letter))
}

fn is_sub_id(name: &str) -> bool {
    name.strip_prefix("sid")
        .is_some_and(|rest| rest.len() <= 2 && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether text can be the host of a link, with a port or without.
pub fn is_host(text: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'))
}

/// Decodes `%XX`, and `+` as space when `plus` says so. `None` when the bytes are not UTF-8; a `%` that
/// begins no escape stays.
pub fn percent_decode(text: &str, plus: bool) -> Option<String> {
    String::from_utf8(unescape(text, plus)).ok()
}

/// Decodes `%XX`, and `+` as space when `plus` says so; a `%` that begins no escape stays.
fn unescape(text: &str, plus: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        let escape = match after {
            [high, low, after @ ..] if *byte == b'%' => {
                hex(*high).zip(hex(*low)).map(|digits| (digits, after))
            }
            _ => None,
        };
        out.push(match escape {
            Some(((high, low), after)) => {
                rest = after;
                high << 4 | low
            }
            None if plus && *byte == b'+' => b' ',
            None => *byte,
        });
    }
    out
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit.to_le_bytes()[0])
}

/// Appends `byte` as `%XX`.
pub fn push_percent(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(DIGITS[usize::from(byte >> 4)] as char);
    out.push(DIGITS[usize::from(byte & 15)] as char);
}

/// Percent-encodes a value for a query: everything but unreserved characters.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte as char);
        } else {
            push_percent(&mut out, byte);
        }
    }
    out
}

/// Encodes a partner key for a link: standard base64 without padding.
#[cfg(feature = "wire")]
pub fn encode_partner_key(key: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(key)
}

#[cfg(all(test, feature = "wire"))]
mod tests {
    use super::{Referral, decode_partner_key, encode_partner_key, percent_decode, percent_encode, sub_ids};
    use base64::Engine as _;
    use proptest::prelude::*;

    fn check(query: &str, partner_key: Option<&str>, xid: Option<&str>) {
        let found = Referral::from_query(query, "ref,via").unwrap_or_default();
        assert_eq!((found.partner_key.as_deref(), found.xid.as_deref()), (partner_key, xid), "{query}");
    }

    #[test]
    fn every_form_of_a_referral_is_read() {
        check("?ps_partner_key=Z2lnYWtpY2s&ps_xid=abc123def456", Some("gigakick"), Some("abc123def456"));
        check("gspk=Z2lnYWtpY2s=&gsxid=abcdefghijkl34", Some("gigakick"), Some("abcdefghijkl34"));
        check("gspid=partner%20one", Some("partner one"), None);
        check("via=jane+doe", Some("jane doe"), None);
        check("gspid=old&gspk=bmV3&x=1", Some("new"), None);
        check("gspk=Z2lnYWtpY2s%20&gsxid=abc123def456%20%20", Some("gigakick"), Some("abc123def456"));
        check("gspk=YT8+", Some("a?>"), None);
        check("gspk=b2xkZXI&ps_partner_key=bmV3ZXI", Some("newer"), None);
        check(
            "utm_source=x&ps_partner_key=aHR0cHM6Ly9wYXJ0bmVyLmV4YW1wbGUv",
            Some("https://partner.example/"),
            None,
        );
    }

    #[test]
    fn a_fabricated_link_refers_nobody() {
        for query in [
            "",
            "?",
            "ps_partner_key=",
            "ps_partner_key=plain-text",
            "ps_xid=short",
            "ps_xid=has-dashes-12",
            "sid=1&pscd=x.example",
        ] {
            check(query, None, None);
        }
    }

    #[test]
    fn the_link_domain_comes_along() {
        let found = Referral::from_query("sid=a&gspid=p&pscd=go.example.com", "").unwrap();
        assert_eq!(found.link_domain.as_deref(), Some("go.example.com"));
        assert_eq!(Referral::from_query("gspid=p&pscd=a%2Fb", "").unwrap().link_domain, None);
    }

    #[test]
    fn sub_ids_keep_their_order() {
        let found = sub_ids("?sid=a&sid1=b%26c&side=no&gspid=p");
        assert_eq!(found, [("sid".into(), "a".into()), ("sid1".into(), "b&c".into())]);
    }

    proptest! {
        #[test]
        fn any_key_survives_either_alphabet_with_or_without_padding(key in "[^\\p{Cc}]{1,60}") {
            prop_assume!(key.len() <= crate::limits::PARTNER_KEY_MAX);
            let url_safe = base64::engine::general_purpose::URL_SAFE.encode(&key);
            prop_assert_eq!(decode_partner_key(&encode_partner_key(&key)), Some(key.clone()));
            prop_assert_eq!(decode_partner_key(&url_safe), Some(key.clone()));
            let query = format!("a=b&ps_partner_key={}", percent_encode(&url_safe));
            prop_assert_eq!(Referral::from_query(&query, "").and_then(|found| found.partner_key), Some(key));
        }

        #[test]
        fn nothing_written_into_a_url_breaks_the_reader(query in "\\PC{0,120}") {
            let _ = Referral::from_query(&query, "via");
        }

        #[test]
        fn percent_encoding_round_trips(text in "\\PC{0,60}") {
            prop_assert_eq!(percent_decode(&percent_encode(&text), true), Some(text));
        }
    }
}
