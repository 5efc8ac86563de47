//! A page's address and cookies as lines of text: `?gspk=…` is a parameter of the address, `~gspk=…` the same value
//! decoded from base64, `@=…` the value of one of a site's own parameter names, `;ps_xid=…` a cookie. Each line begins
//! with a newline; values are decoded and contain none.
//!
//! A text is identified by the byte offset where it begins (0: none), and ends with its line. So the script passes
//! numbers around and never strings, which keeps it small. A browser writes the lines itself (`page_lines` in
//! `src/browser.js`); all other code uses [`of_query`] and [`of_cookies`]. The browser suite compares the two.

#[cfg(feature = "wire")]
use alloc::string::String;

use crate::referral::{is_click_id, is_host, is_partner_key};

/// The kinds of text that are validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextKind {
    /// A partner's key.
    PartnerKey,
    /// A click's id.
    ClickId,
    /// A link's domain.
    Host,
}

/// The offset after the first `part` that begins at `from` or later; 0 if there is none.
#[inline(never)]
pub(crate) fn find(lines: &[u8], from: usize, part: &[u8]) -> usize {
    let mut place = from;
    while let Some(rest) = lines.get(place..) {
        // Comparing the first byte before the rest makes the search ten times as fast.
        if rest.first() == part.first() && rest.starts_with(part) {
            return place + part.len();
        }
        place += 1;
    }
    0
}

/// The text that begins at `place` and ends with its line; empty for 0.
pub fn text(lines: &[u8], place: usize) -> &[u8] {
    let rest = if place > 0 { lines.get(place..).unwrap_or_default() } else { &[] };
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    rest.get(..end).unwrap_or(rest)
}

/// Whether the text at `place` is a valid one of this kind.
#[inline(never)]
pub(crate) fn is(lines: &[u8], place: usize, kind: TextKind) -> bool {
    let text = text(lines, place);
    match kind {
        TextKind::PartnerKey => is_partner_key(text),
        TextKind::ClickId => is_click_id(text),
        TextKind::Host => is_host(text),
    }
}

/// The offset of the first valid text of this kind that follows one of `starts`, tried in their order; 0 if there is
/// none.
#[inline(never)]
pub(crate) fn first(lines: &[u8], starts: &[&str], kind: TextKind) -> usize {
    for start in starts {
        let mut place = 0;
        loop {
            place = find(lines, place, start.as_bytes());
            if place == 0 {
                break;
            }
            if is(lines, place, kind) {
                return place;
            }
        }
    }
    0
}

/// The lines of a query, with or without its `?`. Aliases, separated by commas, are a site's own names for a plain
/// partner key (`via,ref`).
#[cfg(feature = "wire")]
pub fn of_query(query: &str, aliases: &str) -> String {
    use crate::referral::{base64_text, percent_decode};
    let pairs = || {
        query
            .strip_prefix('?')
            .unwrap_or(query)
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    };
    // Links are sometimes copied with the space behind them. A `+` stays, because it belongs to base64.
    let value = |text: &str| percent_decode(text.trim_end_matches("%20"), true).unwrap_or_default();
    let mut lines = String::new();
    for (name, text) in pairs() {
        push(&mut lines, '?', name, &value(text));
        push(&mut lines, '~', name, &base64_text(&value(text)).unwrap_or_default());
    }
    for alias in aliases.split(',').filter(|alias| !alias.is_empty()) {
        if let Some((_, text)) = pairs().find(|(name, _)| *name == alias) {
            push(&mut lines, '@', "", &value(text));
        }
    }
    lines
}

/// The lines of a `Cookie` header, or of `document.cookie`.
#[cfg(feature = "wire")]
pub fn of_cookies(cookies: &str) -> String {
    let mut lines = String::new();
    for pair in cookies.split(';') {
        let pair = pair.trim_ascii();
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        push(&mut lines, ';', name, &crate::cookie::decode(text));
    }
    lines
}

#[cfg(feature = "wire")]
fn push(lines: &mut String, mark: char, name: &str, value: &str) {
    lines.push('\n');
    lines.push(mark);
    lines.push_str(name);
    lines.push('=');
    // A line break would begin a new line. No valid text contains a control character, so `\0` makes it invalid.
    lines.push_str(&value.replace('\n', "\0"));
}

#[cfg(all(test, feature = "wire"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::credit::{CreditClick, decide, of_address};

    #[test]
    fn a_page_is_written_as_lines() {
        assert_eq!(of_query("?=x", ""), "\n?=x\n~=");
        let query = of_query("?gspk=YWRh%20&via=jane+doe&x&ref=y=z", "ref,other,via");
        let expected =
            "\n?gspk=YWRh\n~gspk=ada\n?via=jane doe\n~via=\n?x=\n~x=\n?ref=y=z\n~ref=\n@=y=z\n@=jane doe";
        assert_eq!(query, expected);
        assert_eq!(of_cookies("ps_xid=a%20b; broken; c=%;d=e"), "\n;ps_xid=a b\n;broken=\n;c=%\n;d=e");
    }

    #[test]
    fn a_line_break_in_a_value_begins_no_line() {
        for query in ["gspid=a%0A?ps_xid=abc123def456", "gspk=YQo7cHNfeGlkPWFiYzEyM2RlZjQ1Ng"] {
            assert!(!of_address(of_query(query, "").as_bytes()).is_some(), "{query}");
        }
        let lines = of_cookies("x=a%0A;ps_xid=abc123def456");
        assert!(
            decide(lines.as_bytes(), false, |_| "").click.is_some(),
            "a jar's own semicolon begins a cookie"
        );
        let lines = of_cookies("x=a%0A%3Bps_xid=abc123def456");
        assert!(!decide(lines.as_bytes(), false, |_| "").click.is_some());
    }

    #[test]
    fn the_first_name_that_holds_a_text_of_its_kind_counts() {
        let lines = "\n?b=short\n?a=no id\n?b=abc123def456\n?a=";
        let found =
            |starts: &[&str]| text(lines.as_bytes(), first(lines.as_bytes(), starts, TextKind::ClickId));
        assert_eq!(found(&["\n?a=", "\n?b="]), b"abc123def456");
        assert_eq!(found(&["\n?a="]), b"");
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(lines: Vec<u8>, marks in prop::collection::vec(0..6_usize, 0..12), first_wins: bool) {
            const PARTS: [&str; 6] =
                ["\n;_ps_xid_", "AbCdEfGh_r=", "abc123def456", "\n;_ps_partner_key_", "\n~gspk=", "\n;ps_xid="];
            let mut lines = lines;
            lines.extend(marks.into_iter().flat_map(|part| PARTS[part].bytes()));
            let CreditClick { partner_key, xid, link_domain } = decide(&lines, first_wins, |_| &lines).click;
            prop_assert!([partner_key, xid, link_domain].iter().all(|place| *place <= lines.len()));
            prop_assert!(xid == 0 || is_click_id(text(&lines, xid)));
            prop_assert!(partner_key == 0 || is_partner_key(text(&lines, partner_key)));
        }
    }
}
