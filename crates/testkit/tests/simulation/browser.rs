//! The browser under the tracker's core: what `src/browser.js` does with storage, timers and requests, for native code.
//!
//! Each function has the name and meaning that `src/browser.rs` gives it; those of cookies and referrals do nothing.
//! One page at a time runs the core, and [`run`] makes it the current one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A page, and the storage of its site in the visitor's browser.
#[derive(Default)]
pub(crate) struct Page {
    public_key: String,
    /// The present time, epoch milliseconds.
    pub(crate) now: i64,
    /// A source of random numbers of the page's own.
    random: fastrand::Rng,
    /// Texts of events that are not acknowledged, by id. Survives the page.
    pub(crate) stored: BTreeMap<String, String>,
    /// Events in a request that is not answered yet.
    pub(crate) flying: BTreeSet<String>,
    /// What the tracker asked the browser to do, in order.
    pub(crate) asked: Vec<Asked>,
    draft: String,
    last: String,
    listed: Vec<String>,
    count: u32,
}

/// Something that the tracker asks the browser to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Send these events; the answer arrives at `transport::answered`.
    Send(Vec<String>),
    /// Send these events without an answer.
    Beacon(Vec<String>),
    /// Call `transport::flush` after so many milliseconds, in place of an earlier timer.
    Wake(u32),
}

thread_local! {
    static CURRENT: RefCell<Page> = RefCell::default();
}

/// Runs the tracker's code on a page; returns what it answers.
pub(crate) fn run<T>(page: &mut Page, code: impl FnOnce() -> T) -> T {
    let swap = |page: &mut Page| CURRENT.with_borrow_mut(|current| std::mem::swap(current, page));
    swap(page);
    let answer = code();
    swap(page);
    answer
}

fn with<T>(action: impl FnOnce(&mut Page) -> T) -> T {
    CURRENT.with_borrow_mut(action)
}

impl Page {
    /// The first page of a visitor.
    pub(crate) fn new(public_key: &str, random: fastrand::Rng) -> Self {
        Self { public_key: public_key.to_owned(), random, ..Self::default() }
    }

    /// Drafts an event with this data, which is JSON; returns the bytes of the data.
    pub(crate) fn propose(&mut self, kind: &str, data: &str) -> usize {
        self.draft = format!(r#""type":"{kind}","occurred_at":{},"data":{data}}}"#, self.now);
        data.len()
    }

    /// The body of a request with these events.
    pub(crate) fn body(&self, ids: &[String]) -> String {
        let texts: Vec<_> = ids.iter().filter_map(|id| self.stored.get(id)).map(String::as_str).collect();
        format!(r#"{{"public_key":"{}","events":[{}]}}"#, self.public_key, texts.join(","))
    }

    /// A UUID v7, as `new_id` of src/browser.js makes it.
    fn new_id(&mut self) -> String {
        let variant = ['8', '9', 'a', 'b'][self.random.usize(..4)];
        let (high, low) = (self.random.u32(..), self.random.u32(..) & 0x0fff_ffff);
        let text = format!("{:012x}7{:03x}{variant}{high:08x}{low:07x}", self.now, self.count & 0xfff);
        self.count += 1;
        [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
    }
}

pub(crate) fn random(end: u32) -> u32 {
    with(|page| page.random.u32(..) % end)
}

pub(crate) fn set_cookies(_names: &[u8], _value: &[u8], _days: u32) {}

pub(crate) fn erase_cookies(_starts: &[u8]) {}

pub(crate) fn remember() {}

pub(crate) fn fill(_partner_key: &[u8], _xid: &[u8]) {}

pub(crate) fn hold(_held: bool) {}

pub(crate) fn has_customer() -> bool {
    true
}

/// The page has drafted it before: `growsumo.data` is not simulated.
pub(crate) fn draft_signup() -> usize {
    with(|page| page.draft.len())
}

pub(crate) fn create() {
    with(|page| {
        let id = page.new_id();
        page.stored.insert(id.clone(), format!(r#"{{"id":"{id}",{}"#, page.draft));
        page.last = id;
    });
}

pub(crate) fn list(all: bool) -> usize {
    with(|page| {
        let wanted = page.stored.keys().filter(|id| all || !page.flying.contains(*id));
        page.listed = wanted.cloned().collect();
        page.listed.len()
    })
}

pub(crate) fn size(place: usize) -> usize {
    with(|page| page.stored.get(&page.listed[place]).map_or(0, String::len))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are exact")]
pub(crate) fn age(place: usize) -> f64 {
    with(|page| {
        let made = i64::from_str_radix(&page.listed[place].replace('-', "")[..12], 16).unwrap();
        (page.now - made) as f64
    })
}

pub(crate) fn remove(place: usize) {
    with(|page| {
        let id = page.listed[place].clone();
        page.stored.remove(&id)
    });
}

pub(crate) fn send(count: usize) {
    with(|page| {
        let batch = page.listed[..count].to_vec();
        page.post(batch);
    });
}

pub(crate) fn send_newest() {
    with(|page| {
        let batch = vec![page.last.clone()];
        page.post(batch);
    });
}

impl Page {
    fn post(&mut self, batch: Vec<String>) {
        if !batch.is_empty() {
            self.flying.extend(batch.iter().cloned());
            self.asked.push(Asked::Send(batch));
        }
    }
}

pub(crate) fn beacon(count: usize) {
    with(|page| {
        let batch = page.listed[..count].to_vec();
        if !batch.is_empty() {
            page.asked.push(Asked::Beacon(batch));
        }
    });
}

pub(crate) fn wake_after(millis: u32) {
    with(|page| page.asked.push(Asked::Wake(millis)));
}
