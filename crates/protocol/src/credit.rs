//! Who is credited, as a browser decides it: trust.md section 2, whose table is `tests/fixtures/credit.json`.
//!
//! A partner key and a click id are always of the same click: each source is taken whole, or not at all. Written for
//! size: the script build carries all but [`of_page`].

#[cfg(feature = "wire")]
use alloc::string::String;

use crate::lines::{Kind, find, first, is, text};
#[cfg(feature = "wire")]
use crate::referral::Referral;
use crate::referral::click_order;

/// Letters of the company key in the names of a link host's cookies (browser.md section 4).
const COMPANY_KEY: usize = 8;

/// Who sent a visitor: each by its place in the page's lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Click {
    /// The partner's key.
    pub partner_key: usize,
    /// The click's id.
    pub xid: usize,
    /// The custom link domain of the click.
    pub link_domain: usize,
}

impl Click {
    /// Whether it names anybody.
    pub fn is_some(self) -> bool {
        self.partner_key > 0 || self.xid > 0
    }

    /// Its texts.
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

/// What a page view comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Whose click counts; nobody's when it is empty.
    pub click: Click,
    /// Whether the address named it.
    pub named: bool,
    /// Whether it has to take the place of what the script's own cookies hold.
    pub write: bool,
}

/// Whom the address of a page names. The partner key stands there as base64; in the oldest form, and under a site's own
/// names, as it is.
pub fn of_address(lines: &[u8]) -> Click {
    Click {
        partner_key: first(lines, &["\n~ps_partner_key=", "\n~gspk=", "\n?gspid=", "\n@="], Kind::PartnerKey),
        xid: first(lines, &["\n?ps_xid=", "\n?gsxid="], Kind::ClickId),
        link_domain: first(lines, &["\n?pscd="], Kind::Host),
    }
}

/// Who is credited on a page of which these lines are known (trust.md section 2, rules 2 and 3).
///
/// `seen` is what the browser remembers of the link host's clicks. It is told whether the script's cookies are there,
/// and answers with the click ids that count no longer, in one text:
/// - they are there: those that were known when they were written; not empty, so that it is known that it was noted;
/// - they are not: those that were known when the page took them away on purpose; empty when it did not.
pub fn decide<T: AsRef<[u8]>>(lines: &[u8], first_wins: bool, seen: impl FnOnce(bool) -> T) -> Decision {
    let own = Click {
        partner_key: first(lines, &["\n;growSumoPartnerKey=", "\n;ps_partner_key="], Kind::PartnerKey),
        xid: first(lines, &["\n;gsxid=", "\n;ps_xid="], Kind::ClickId),
        link_domain: 0,
    };
    let known = of_cookies(lines, own, first_wins, seen);
    let click = of_address(lines);
    if !click.is_some() || first_wins && known.click.is_some() {
        return known;
    }
    // The same click again, a reload for one, extends nothing.
    let write = click.xid == 0 || text(lines, click.xid) != text(lines, find(lines, 0, b"\n;ps_xid="));
    Decision { click, named: true, write }
}

/// The newest click that any cookie knows; the oldest where the first one wins.
fn of_cookies<T: AsRef<[u8]>>(
    lines: &[u8],
    own: Click,
    first_wins: bool,
    seen: impl FnOnce(bool) -> T,
) -> Decision {
    let is_own = own.is_some();
    let time = click_order(text(lines, own.xid));
    // Of a click that says when it was, no memory is needed.
    let seen = (time == 0).then(|| seen(is_own));
    let seen = seen.as_ref().map_or(&[][..], AsRef::as_ref);
    let (mut company, mut newest, mut order, mut several) = (0, 0, 0, false);
    let mut place = 0;
    loop {
        // Its name goes on with the company's key, `_` and random letters.
        place = find(lines, place, b"\n;_ps_xid_");
        if place == 0 {
            break;
        }
        let xid = find(lines, place, b"=");
        if !is(lines, xid, Kind::ClickId) || find(seen, 0, text(lines, xid)) > 0 {
            continue;
        }
        several = newest > 0;
        let this = click_order(text(lines, xid));
        // Browsers list the oldest cookie first.
        if newest == 0 || (this >= order) != first_wins {
            (company, newest, order) = (place, xid, this);
        }
    }
    let newer = order > time || time == 0 && !seen.is_empty();
    if newest == 0 || is_own && (first_wins || !newer) {
        return Decision { click: own, named: false, write: false };
    }
    // Each click of a company overwrites its partner key, which therefore is the newest one's. The click id says it too.
    let partner_key = if first_wins && several { 0 } else { key_of(lines, company) };
    Decision { click: Click { partner_key, xid: newest, link_domain: 0 }, named: false, write: is_own }
}

/// The partner key that the link host notes for the company whose key begins here.
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
    if place > 0 && is(lines, key, Kind::PartnerKey) { key } else { 0 }
}

/// What a report says of its credit.
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

/// What a report says of its credit (trust.md section 2, rule 1): `page` reads a member of `growsumo.data`, `filled` is
/// what was filled in. What the page wrote in its place goes alone. The twin of `credit` in `src/browser.js`, against
/// which the browser suite holds it.
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
