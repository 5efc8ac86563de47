//! A visit: URL → referral → cookies and `growsumo.data`.

use headwater_protocol::credit::{self, Decision};
use headwater_protocol::limits::{PAGE_LINES_MAX, SEEN_CLICKS_MAX};
use headwater_protocol::lines::text;

use crate::{browser, consent, referral_cookie};

/// Decides who is credited on this page, fills `growsumo.data`, and writes the cookies if they hold another click.
/// Returns whether the page's address named the click.
#[expect(clippy::large_stack_arrays, reason = "the script has no heap, and its stack has room for these")]
pub(crate) fn capture() -> bool {
    let (mut bytes, mut clicks) = ([0; PAGE_LINES_MAX], [0; SEEN_CLICKS_MAX]);
    let length = browser::page_lines(&mut bytes);
    let lines = bytes.get(..length).unwrap_or_default();
    let Decision { click, named, write } = credit::decide(lines, browser::first_wins(), |own| {
        let length = browser::seen(own, &mut clicks);
        clicks.get(..length).unwrap_or_default()
    });
    if write && consent::granted() {
        referral_cookie::write(lines, click);
    }
    // Without a click, what was filled in before stays: while consent is pending, no cookie holds it.
    if click.is_some() {
        browser::fill(text(lines, click.partner_key), text(lines, click.xid));
    }
    named
}
