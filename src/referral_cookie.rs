//! Writes and erases the referral cookies (browser.md section 4).

use headwater_protocol::cookie::{CLICK_ID_COOKIES, HOST_COOKIES, LINK_DOMAIN_COOKIE, PARTNER_KEY_COOKIES};
use headwater_protocol::credit::CreditClick;
use headwater_protocol::limits::REFERRAL_DAYS;
use headwater_protocol::lines::text;

use crate::browser;

/// Writes a new click's cookies. What the click does not name is erased: it belonged to another click.
pub(crate) fn write(lines: &[u8], click: CreditClick) {
    set(PARTNER_KEY_COOKIES, text(lines, click.partner_key));
    set(CLICK_ID_COOKIES, text(lines, click.xid));
    set(LINK_DOMAIN_COOKIE, text(lines, click.link_domain));
    browser::remember();
}

#[inline(never)]
fn set(names: &str, value: &[u8]) {
    browser::set_cookies(names.as_bytes(), value, if value.is_empty() { 0 } else { REFERRAL_DAYS });
}

/// Erases every referral cookie, the link host's included, and what is remembered of them.
pub(crate) fn erase() {
    browser::erase_cookies(HOST_COOKIES.as_bytes());
    write(&[], CreditClick::default());
}
