//! A visit: URL → referral → cookies and `growsumo.data`.

use headwater_protocol::referral::{Decoders, Referral};

use crate::{browser, consent, referral_cookie};

/// The browser's own, which cost the script nothing.
const DECODERS: Decoders = Decoders {
    base64: |text| Some(browser::base64_text(text)),
    percent: |text| Some(browser::unescape(text, true)),
};

/// Reads the referral of a query string into cookies and page data, or that of an earlier visit out of the cookies.
/// Says whether the query named one.
pub(crate) fn capture(query: &str) -> bool {
    let jar = browser::jar();
    let known = referral_cookie::read(&jar);
    let found = Referral::from_query_with(query, &browser::option("aliases"), DECODERS);
    let first_wins = known.partner_key.is_some() && browser::option("model") == "first";
    match found {
        Some(referral) if !first_wins => {
            // The same click again, a reload for one, extends nothing.
            if consent::granted() && !referral_cookie::holds(&jar, &referral) {
                referral_cookie::write(&referral);
            }
            fill(&referral);
            true
        }
        _ => {
            // What the cookies do not know may still be known to the page.
            if known.partner_key.is_some() || known.xid.is_some() {
                fill(&known);
            }
            false
        }
    }
}

/// Puts the referral where pages look for it; an empty one takes back what an earlier call filled in.
pub(crate) fn fill(referral: &Referral) {
    for (names, value) in
        [(["partner_key", "ps_partner_key"], &referral.partner_key), (["xid", "ps_xid"], &referral.xid)]
    {
        for name in names {
            browser::fill(name, value.as_deref().unwrap_or_default());
        }
    }
}
