//! A model of who is credited, small enough to verify by reading: the newest click in any cookie that no page deleted.

use headwater_protocol::referral::Referral;

/// The state of one visitor.
#[derive(Debug, Default)]
pub(crate) struct Model {
    clock: u32,
    host: Option<(u32, Referral)>,
    own: Option<(u32, Referral)>,
    known: u32,
    taken: u32,
    /// Whom each tab credits.
    pub(crate) tabs: Vec<Referral>,
}

impl Model {
    /// The link host notes a click.
    pub(crate) fn click(&mut self, click: Referral) {
        self.clock += 1;
        self.host = Some((self.clock, click));
    }

    fn write(&mut self, click: (u32, Referral)) {
        // A new click written into our cookies counts again, so earlier deletions are forgotten.
        (self.own, self.known, self.taken) = (Some(click), self.clock, 0);
    }

    fn newest(&mut self) -> Option<Referral> {
        let host = self.host.clone().filter(|(at, _)| *at > self.taken);
        let (at, click) = self.own.clone().into_iter().chain(host).max_by_key(|(at, _)| *at)?;
        if self.own.as_ref().is_some_and(|(own, _)| *own < at) {
            self.write((at, click.clone()));
        }
        Some(click)
    }

    /// A new page whose address names this click.
    pub(crate) fn land(&mut self, click: Referral) {
        self.clock += 1;
        self.write((self.clock, click.clone()));
        self.tabs.push(click);
    }

    /// A new page.
    pub(crate) fn page(&mut self) {
        let found = self.newest().unwrap_or_default();
        self.tabs.push(found);
    }

    /// A page calls `_spk`.
    pub(crate) fn ask(&mut self, tab: usize) {
        if let Some(found) = self.newest() {
            self.tabs[tab] = found;
        }
    }

    /// Safari deletes the script's cookies.
    pub(crate) fn expire(&mut self) {
        self.own = None;
    }

    /// A page deletes the script's cookies.
    pub(crate) fn take(&mut self) {
        if self.own.take().is_some() {
            self.taken = self.known;
        }
    }
}
