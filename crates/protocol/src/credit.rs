//! Decides in the browser which click is credited (trust.md section 2). `tests/fixtures/credit.json` lists the cases.
//!
//! The credited partner key and click id always come from the same click, so each source (the address, the script's
//! cookies, the link host's) is used as a whole or not at all. The code is written for size: the script build contains
//! all of it but [`of_page`].

#[cfg(feature = "wire")]
use alloc::string::String;

use crate::lines::{TextKind, find, first, is, text};
#[cfg(feature = "wire")]
use crate::referral::Referral;
use crate::referral::click_order;

/// Letters of the company key in the names of a link host's cookies (browser.md section 4).
const COMPANY_KEY: usize = 8;

/// A click. Each text is given by its byte offset in the page's lines ([`crate::lines`]); 0 means absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CreditClick {
    /// The partner's key.
    pub partner_key: usize,
    /// The click's id.
    pub xid: usize,
    /// The custom link domain of the click.
    pub link_domain: usize,
}

impl CreditClick {
    /// Whether it names anybody.
    pub fn is_some(self) -> bool {
        self.partner_key > 0 || self.xid > 0
    }

    /// Copies the texts out of `lines`.
    #[cfg(feature = "wire")]
    pub fn read(self, lines: &[u8]) -> Referral {
        let read = |place| (place > 0).then(|| String::from_utf8_lossy(text(lines, place)).into_owned());
        Referral {
            partner_key: read(self.partner_key),
            xid: read(self.xid),
            link_domain: read(self.link_domain),
        }
    }
}

/// The result of [`decide`] for one page view.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The credited click; empty when nobody is credited.
    pub click: CreditClick,
    /// Whether the page's address named the click.
    pub named: bool,
    /// Whether the script has to write the click into its own cookies.
    pub write: bool,
}

/// The click that a page's address names. The partner key is base64 there, but plain text in the oldest form (`gspid`)
/// and under a site's own parameter names.
pub fn of_address(lines: &[u8]) -> CreditClick {
    CreditClick {
        partner_key: first(
            lines,
            &["\n~ps_partner_key=", "\n~gspk=", "\n?gspid=", "\n@="],
            TextKind::PartnerKey,
        ),
        xid: first(lines, &["\n?ps_xid=", "\n?gsxid="], TextKind::ClickId),
        link_domain: first(lines, &["\n?pscd="], TextKind::Host),
    }
}

/// Decides who is credited on a page with these lines (trust.md section 2, rules 2 and 3): the last click, or with
/// `first_wins` the first.
///
/// `seen` returns the link host's click ids that must not be credited again, in one text. It is called, with whether
/// the script's own cookies exist, only if those cookies hold no click id that contains its time:
/// - they exist: the ids known when the cookies were written. If that was recorded, the text is not empty even without
///   ids, and any other click is newer than the cookies.
/// - they do not: the ids known when the page deleted the cookies on purpose; empty if it did not.
pub fn decide<T: AsRef<[u8]>>(lines: &[u8], first_wins: bool, seen: impl FnOnce(bool) -> T) -> Decision {
    let own = CreditClick {
        partner_key: first(lines, &["\n;growSumoPartnerKey=", "\n;ps_partner_key="], TextKind::PartnerKey),
        xid: first(lines, &["\n;gsxid=", "\n;ps_xid="], TextKind::ClickId),
        link_domain: 0,
    };
    let known = of_cookies(lines, own, first_wins, seen);
    let click = of_address(lines);
    if !click.is_some() || first_wins && known.click.is_some() {
        return known;
    }
    // The same click again, as after a reload, must not extend the lifetime of the cookies.
    let write = click.xid == 0 || text(lines, click.xid) != text(lines, find(lines, 0, b"\n;ps_xid="));
    Decision { click, named: true, write }
}

/// The newest click in any cookie, the script's own or the link host's; the oldest with `first_wins`.
fn of_cookies<T: AsRef<[u8]>>(
    lines: &[u8],
    own: CreditClick,
    first_wins: bool,
    seen: impl FnOnce(bool) -> T,
) -> Decision {
    let is_own = own.is_some();
    let time = click_order(text(lines, own.xid));
    // A click id that contains its time is compared by it, so the remembered ids are not needed.
    let seen = (time == 0).then(|| seen(is_own));
    let seen = seen.as_ref().map_or(&[][..], AsRef::as_ref);
    let (mut company, mut newest, mut order, mut several) = (0, 0, 0, false);
    let mut place = 0;
    loop {
        // The cookie's name continues with the company key, `_` and random letters.
        place = find(lines, place, b"\n;_ps_xid_");
        if place == 0 {
            break;
        }
        let xid = find(lines, place, b"=");
        if !is(lines, xid, TextKind::ClickId) || find(seen, 0, text(lines, xid)) > 0 {
            continue;
        }
        several = newest > 0;
        let this = click_order(text(lines, xid));
        // Browsers list the oldest cookie first, so of two ids without a time the later one is newer.
        if newest == 0 || (this >= order) != first_wins {
            (company, newest, order) = (place, xid, this);
        }
    }
    // If our own id contains no time, a click that was not recorded with our cookies came after them.
    let newer = order > time || time == 0 && !seen.is_empty();
    if newest == 0 || is_own && (first_wins || !newer) {
        return Decision { click: own, named: false, write: false };
    }
    // The link host keeps one partner key for each company, that of the newest click. An older click is credited by its
    // id alone.
    let partner_key = if first_wins && several { 0 } else { key_of(lines, company) };
    Decision { click: CreditClick { partner_key, xid: newest, link_domain: 0 }, named: false, write: is_own }
}

/// Offset of the partner key in the link host's cookie for the company whose key begins at `company`; 0 if there is
/// none.
fn key_of(lines: &[u8], company: usize) -> usize {
    let mut place = 0;
    loop {
        place = find(lines, place, b"\n;_ps_partner_key_");
        let letters = |from: usize| lines.get(from..from + COMPANY_KEY);
        if place == 0 || letters(place) == letters(company) {
            break;
        }
    }
    let key = place + COMPANY_KEY + 1;
    if place > 0 && is(lines, key, TextKind::PartnerKey) { key } else { 0 }
}

/// The members of a signup that say whom to credit.
#[cfg(feature = "wire")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credit {
    /// The partner's key.
    pub partner_key: Option<String>,
    /// The click's id.
    pub xid: Option<String>,
    /// `page` when the page wrote it itself.
    pub credited_by: Option<String>,
}

#[cfg(feature = "wire")]
impl Referral {
    /// Reads a referral from a query string, with or without its `?`. Aliases, separated by commas, are a site's own
    /// names for a plain partner key (`via,ref`).
    ///
    /// `None` when neither a partner nor a click is named: sub-ids or a domain alone refer nobody.
    pub fn from_query(query: &str, aliases: &str) -> Option<Self> {
        let lines = crate::lines::of_query(query, aliases);
        Some(of_address(lines.as_bytes()).read(lines.as_bytes())).filter(Self::is_some)
    }
}

/// Whom a signup names for credit (trust.md section 2, rule 1). `page` reads a member of `growsumo.data`; `filled` is
/// what the script filled in there. If the page wrote another partner key or click id, that one is sent alone. `credit`
/// in `src/browser.js` does the same; the browser suite compares the two.
#[cfg(feature = "wire")]
pub fn of_page(page: impl Fn(&str) -> Option<String>, filled: &Referral) -> Credit {
    let written = |names: &[&str], ours: &Option<String>| {
        let read = |name: &&str| page(name).filter(|text| !text.is_empty());
        names.iter().filter_map(read).find(|text| Some(text) != ours.as_ref())
    };
    let partner_key = written(&["partnerKey", "partner_key", "ps_partner_key"], &filled.partner_key);
    let xid = if partner_key.is_some() { None } else { written(&["xid", "ps_xid"], &filled.xid) };
    if partner_key.is_some() || xid.is_some() {
        return Credit { partner_key, xid, credited_by: Some(String::from("page")) };
    }
    Credit { partner_key: filled.partner_key.clone(), xid: filled.xid.clone(), credited_by: None }
}
