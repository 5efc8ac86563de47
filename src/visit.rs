//! A visit: URL → referral → cookies and `growsumo.data`.

use headwater_protocol::credit::{self, Decision};
use headwater_protocol::referral::{Decoders, Referral};

use crate::{browser, consent, referral_cookie};

/// The browser's own, which cost the script nothing.
const DECODERS: Decoders = Decoders {
    base64: |text| Some(browser::base64_text(text)),
    percent: |text| Some(browser::unescape(text, true)),
};

/// Decides who is credited on a page with this query: into page data, and into cookies where it is news. Says whether
/// the query named somebody.
pub(crate) fn capture(query: &str) -> bool {
    let Decision { referral, named, write } = credit::decide(
        Referral::from_query_with(query, &browser::option("aliases"), DECODERS),
        &browser::jar(),
        browser::option("model") == "first",
        browser::seen,
        |value| browser::unescape(value, false),
    );
    if write && consent::granted() {
        referral_cookie::write(&referral);
    }
    // What the cookies do not know may still be known to the page.
    if referral.is_some() {
        fill(&referral);
    }
    named
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
