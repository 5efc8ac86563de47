//! Landing URLs: what is read from any query stays within its bounds, and a link written from it reads back as the
//! same referral. Our decoders agree with the standard crates.
#![no_main]

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use headwater_protocol::limits::{SUB_ID_MAX, SUB_IDS_MAX};
use headwater_protocol::referral::{
    Referral, decode_partner_key, encode_partner_key, is_click_id, is_partner_key, percent_decode,
    percent_encode, sub_ids,
};
use libfuzzer_sys::fuzz_target;

const ALIASES: &str = "via,ref";

/// Accepts bits after the last byte, which real links have.
const REFERENCE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
);

fuzz_target!(|query: &str| {
    let ids = sub_ids(query);
    assert!(ids.len() <= SUB_IDS_MAX);
    assert!(ids.iter().all(|(name, value)| name.starts_with("sid") && value.len() <= SUB_ID_MAX));
    if let Some(found) = Referral::from_query(query, ALIASES) {
        keeps_its_bounds(&found);
        let link = link(&found, &ids);
        assert_eq!(Referral::from_query(&link, ALIASES), Some(found));
        assert_eq!(sub_ids(&link), ids);
    }
    decodes_like_the_field(query);
    for text in query.split(['&', '=']) {
        decodes_like_the_field(text);
    }
});

fn keeps_its_bounds(found: &Referral) {
    assert!(found.partner_key.is_some() || found.xid.is_some());
    assert!(found.partner_key.as_deref().is_none_or(|key| is_partner_key(key.as_bytes())));
    assert!(found.xid.as_deref().is_none_or(|xid| is_click_id(xid.as_bytes())));
    assert!(found.link_domain.as_deref().is_none_or(|domain| (1..=253).contains(&domain.len())));
}

/// The query of a link that carries this referral, as the ledger writes it.
fn link(found: &Referral, sub_ids: &[(String, String)]) -> String {
    let mut query = String::from("?utm_source=x");
    if let Some(domain) = &found.link_domain {
        let _ = write!(query, "&pscd={}", percent_encode(domain));
    }
    if let Some(key) = &found.partner_key {
        let _ = write!(query, "&ps_partner_key={}", percent_encode(&encode_partner_key(key)));
    }
    if let Some(xid) = &found.xid {
        let _ = write!(query, "&ps_xid={xid}");
    }
    for (name, value) in sub_ids {
        let _ = write!(query, "&{name}={}", percent_encode(value));
    }
    query
}

fn decodes_like_the_field(text: &str) {
    let standard = text.trim_end_matches('=').replace(['-', ' '], "+").replace('_', "/");
    let expected = REFERENCE.decode(standard).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    assert_eq!(decode_partner_key(text), expected.filter(|key| is_partner_key(key.as_bytes())), "{text:?}");
    if is_partner_key(text.as_bytes()) {
        assert_eq!(decode_partner_key(&encode_partner_key(text)).as_deref(), Some(text));
    }
    let expected = percent_encoding::percent_decode_str(text).decode_utf8().ok();
    assert_eq!(percent_decode(text, false).as_deref(), expected.as_deref(), "{text:?}");
    assert_eq!(percent_decode(&percent_encode(text), true).as_deref(), Some(text));
}
