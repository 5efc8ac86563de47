//! The referral cookies as typed values (browser.md section 4).

use headwater_protocol::cookie::{
    CLICK_ID_COOKIES, HOST_CLICK_ID, HOST_PARTNER_KEY, LINK_DOMAIN_COOKIE, OLDER_HOST_COOKIES,
    PARTNER_KEY_COOKIES,
};
use headwater_protocol::limits::REFERRAL_DAYS;
use headwater_protocol::referral::Referral;

use crate::browser;

/// Writes a new click's cookies. What the click does not name is erased: it belonged to another click.
pub(crate) fn write(referral: &Referral) {
    set(PARTNER_KEY_COOKIES[0], referral.partner_key.as_deref());
    set(PARTNER_KEY_COOKIES[1], referral.partner_key.as_deref());
    set(CLICK_ID_COOKIES[0], referral.xid.as_deref());
    set(CLICK_ID_COOKIES[1], referral.xid.as_deref());
    set(LINK_DOMAIN_COOKIE, referral.link_domain.as_deref());
    browser::remember();
}

#[inline(never)]
fn set(name: &str, value: Option<&str>) {
    browser::set_cookie(name, value.unwrap_or_default(), if value.is_some() { REFERRAL_DAYS } else { 0 });
}

/// Erases every referral cookie, the link host's included, and what is remembered of them.
pub(crate) fn erase() {
    for start in [HOST_PARTNER_KEY, HOST_CLICK_ID].iter().chain(&OLDER_HOST_COOKIES) {
        browser::erase_cookies(start);
    }
    write(&Referral::default());
}
