//! Cookies: the names that real sites look for, and values that other scripts can read without decoding.
//!
//! Source: browser.md section 4.

use alloc::string::String;

/// Cookies that hold the decoded partner key, the older name first. Sites read either, so the script writes both.
pub const PARTNER_KEY_COOKIES: &str = "growSumoPartnerKey,ps_partner_key";
/// Cookies that hold the click id, the older name first.
pub const CLICK_ID_COOKIES: &str = "gsxid,ps_xid";
/// Cookie that holds the custom link domain the click came through.
pub const LINK_DOMAIN_COOKIE: &str = "pscd";
/// Prefixes of the names of all cookies that a link host sets; the last two are the names of 2021.
pub const HOST_COOKIES: &str = "_ps_xid_,_ps_partner_key_,_gsxid,_grsmpk";

/// Writes a value into a cookie: verbatim where a cookie can hold it, percent-encoded where it cannot.
///
/// Other code reads these cookies raw or through `decodeURIComponent`, so as little as possible is encoded:
/// controls, space, `"`, `,`, `;`, `\`, `%` and everything that is not ASCII.
pub fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        let allowed =
            matches!(byte, 0x21 | 0x23..=0x24 | 0x26..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E);
        if allowed {
            out.push(byte as char);
        } else {
            crate::referral::push_percent(&mut out, byte);
        }
    }
    out
}

/// Reads a value [`encode`] wrote. Text another script wrote without encoding comes back as it is.
pub fn decode(value: &str) -> String {
    crate::referral::percent_decode(value, false).unwrap_or_else(|| String::from(value))
}

#[cfg(all(test, feature = "wire"))]
mod tests {
    use super::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn a_plain_key_is_written_verbatim() {
        assert_eq!(encode("https://partner.example/x?y=1"), "https://partner.example/x?y=1");
    }

    #[test]
    fn separators_and_foreign_letters_are_encoded() {
        assert_eq!(encode("a;b, c%é"), "a%3Bb%2C%20c%25%C3%A9");
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(text in "\\PC{0,60}") {
            let value = encode(&text);
            prop_assert!(!value.contains([';', ',', ' ', '"', '\\']));
            prop_assert_eq!(decode(&value), text);
        }
    }
}
