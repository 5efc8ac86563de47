//! A simulated browser with tabs: its cookies, its storage, and the script on its pages, which runs the real decisions.

use std::cell::RefCell;

use headwater_protocol::Millis;
use headwater_protocol::cookie;
use headwater_protocol::credit::decide;
use headwater_protocol::key::mint_click_id;
use headwater_protocol::lines;
use headwater_protocol::referral::{Referral, encode_partner_key};

const MINUTE: i64 = 60_000;
const DAY: i64 = Millis::DAY;
const HOST: &str = "_ps_xid_AbCdEfGh_";

/// The browser of one visitor.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    /// In the order they were set.
    jar: Vec<(String, String)>,
    /// What `remember` of src/browser.js wrote: the time until which our cookies certainly last, and the link host's
    /// click ids.
    memory: RefCell<Option<(i64, String)>>,
    now: i64,
    /// `growsumo.data` of each tab.
    pub(crate) tabs: Vec<Referral>,
}

impl Browser {
    fn set(&mut self, name: &str, value: Option<&str>) {
        self.jar.retain(|(known, _)| known != name);
        self.jar.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    fn later(&mut self) {
        self.now = self.now.max(1_795_281_600_000) + MINUTE;
    }

    fn text(&self) -> String {
        let pairs: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// A click on a partner's link: the link host's answer, with its cookies.
    pub(crate) fn redirect(&mut self, partner: u8) -> Referral {
        self.later();
        let xid = mint_click_id(Millis(self.now), &[partner; 32]);
        let key = format!("p{partner}");
        self.jar.retain(|(name, _)| !name.starts_with(HOST));
        self.set(&format!("{HOST}{}", self.now), Some(&xid));
        self.set("_ps_partner_key_AbCdEfGh", Some(&key));
        Referral { partner_key: Some(key), xid: Some(xid), link_domain: None }
    }

    /// A new page with the script, whose address names this click.
    pub(crate) fn land(&mut self, click: &Referral) {
        let key = encode_partner_key(click.partner_key.as_deref().unwrap_or_default());
        let xid = click.xid.as_deref().unwrap_or_default();
        self.open(&format!("?ps_partner_key={key}&ps_xid={xid}"));
    }

    /// A new page with the script, whose address names nobody.
    pub(crate) fn page(&mut self) {
        self.open("");
    }

    fn open(&mut self, query: &str) {
        self.later();
        self.tabs.push(Referral::default());
        self.capture(self.tabs.len() - 1, query);
    }

    /// Calls `_spk` in a tab, whose address was read when it was opened.
    pub(crate) fn ask(&mut self, tab: usize) {
        self.later();
        self.capture(tab, "");
    }

    fn seen(&self, own: bool) -> String {
        let mut memory = self.memory.borrow_mut();
        let Some((until, ids)) = memory.as_mut() else { return String::new() };
        let taken = !own && self.now < *until;
        if taken {
            *until = i64::MAX;
        }
        if own || taken { format!("{until},{ids}") } else { String::new() }
    }

    fn capture(&mut self, tab: usize, query: &str) {
        let lines = lines::of_query(query, "") + &lines::of_cookies(&self.text());
        let decision = decide(lines.as_bytes(), false, |own| self.seen(own));
        let referral = decision.click.read(lines.as_bytes());
        if decision.write {
            self.write(&referral);
        }
        if referral.is_some() {
            self.tabs[tab] = referral;
        }
    }

    fn write(&mut self, referral: &Referral) {
        for name in cookie::PARTNER_KEY_COOKIES.split(',') {
            self.set(name, referral.partner_key.as_deref());
        }
        for name in cookie::CLICK_ID_COOKIES.split(',') {
            self.set(name, referral.xid.as_deref());
        }
        let hosts = self.jar.iter().filter(|(name, _)| name.starts_with(HOST));
        let ids: Vec<_> = hosts.map(|(name, value)| format!("{name}={value}")).collect();
        *self.memory.borrow_mut() = Some((self.now + 7 * DAY, ids.join(",")));
    }

    fn lose_own(&mut self) {
        let own = [cookie::PARTNER_KEY_COOKIES, cookie::CLICK_ID_COOKIES].join(",");
        self.jar.retain(|(name, _)| !own.split(',').any(|known| known == name));
    }

    /// Eight days pass in Safari.
    pub(crate) fn expire(&mut self) {
        self.lose_own();
        self.now += 8 * DAY;
    }

    /// A page erases our cookies, and leaves the link host's.
    pub(crate) fn take(&mut self) {
        self.lose_own();
    }
}

/// A cookie header, and the clicks in it: those of our own cookies (with or without a partner key, with or without a
/// time in the id), and those of the link host's cookies for some companies, with or without a time each.
#[expect(clippy::type_complexity, reason = "a key and a click id are all there is to a click here")]
pub(crate) fn mixed(
    own: Option<(bool, bool)>,
    companies: &[Vec<bool>],
    turned: bool,
) -> (String, Vec<(Option<String>, Option<String>)>) {
    let (mut jar, mut pairs, mut count) = (Vec::new(), Vec::new(), 0_u8);
    let mut click = |timed: bool| {
        count += 1;
        let xid = mint_click_id(Millis(1_795_281_600_000 + i64::from(count)), &[count; 32]);
        (format!("p{count}"), if timed { xid } else { format!("abcdefghij{count:02}") })
    };
    if let Some((with_key, timed)) = own {
        let (key, xid) = click(timed);
        jar.extend(with_key.then(|| format!("ps_partner_key={key}")));
        jar.push(format!("ps_xid={xid}"));
        pairs.push((with_key.then_some(key), Some(xid)));
    }
    for (company, clicks) in companies.iter().enumerate() {
        let mut clicks = clicks.clone();
        // A company that migrates to us has clicks of the other system first, whose ids have no time.
        clicks.sort_unstable();
        for (at, timed) in clicks.iter().enumerate() {
            let (key, xid) = click(*timed);
            jar.push(format!("_ps_xid_COMPANY{company}_{at}={xid}"));
            if at + 1 == clicks.len() {
                jar.push(format!("_ps_partner_key_COMPANY{company}={key}"));
            }
            pairs.push((Some(key), Some(xid)));
        }
    }
    // Not every browser lists the oldest cookie first. Ids that contain their time must not depend on the order.
    if turned && companies.iter().flatten().all(|timed| *timed) {
        jar.reverse();
    }
    (jar.join("; "), pairs)
}
