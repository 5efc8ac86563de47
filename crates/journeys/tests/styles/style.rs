//! A row: pages, steps, and what has to come of them. Texts may hold the names of `case::Names` in braces.

use std::ops::{Range, RangeInclusive};

use serde_json::Value;

use crate::relay::Manner;

/// One style of integration.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    /// A sentence.
    pub(crate) name: String,
    /// What the site serves.
    pub(crate) pages: Vec<Page>,
    /// In their order.
    pub(crate) steps: Vec<Step>,
    /// Whether an event may arrive more than once: nobody can know whether what was said while leaving was heard.
    pub(crate) repeats: bool,
    /// The site's host, where its name matters; otherwise one of the row's own.
    pub(crate) host: Option<&'static str>,
}

/// A page of the site. The server puts `prelude.js` in front of it.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Without query.
    pub(crate) path: &'static str,
    /// HTML.
    pub(crate) html: String,
    /// More headers.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

/// What happens next, or has to be seen before the next thing happens.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The visitor opens an address; one that begins with `/` is on the site.
    Open(String),
    /// Back in the history.
    Back,
    /// The page is loaded again.
    Reload,
    /// Another tab is opened, and acted in.
    Tab,
    /// The tab of this number, from 0, is acted in.
    Switch(usize),
    /// The page does something.
    Do(String),
    /// The relay answers in another manner from here on.
    Relay(Manner),
    /// An expression over the page's window comes to this value. It does not see what the page calls `let` or `const`.
    Is(String, Value),
    /// The page's cookies come to be these, all of them, in any order.
    Cookies(Vec<(&'static str, String)>),
    /// A cookie ends in so many seconds from now.
    Ends(&'static str, Range<i64>),
    /// The page says this under this name, once: with the prelude's `say`.
    Said(&'static str, Value),
    /// The relay hears an event of this type, with these members in its data (`null`: without them), and takes it.
    Taken(&'static str, Value),
    /// The same; what the relay answered is left to the row.
    Heard(&'static str, Value),
    /// So many requests have arrived at the relay.
    Requests(RangeInclusive<usize>),
    /// Whatever the page was about to send has been sent: shown by requests that it sends after it.
    Settled,
}

/// Begins a row.
pub(crate) fn style(name: impl Into<String>) -> Style {
    Style { name: name.into(), pages: vec![], steps: vec![], repeats: false, host: None }
}

impl Style {
    /// A page of the site.
    pub(crate) fn page(self, path: &'static str, html: impl Into<String>) -> Self {
        self.page_with(path, &[], html)
    }

    /// A page with headers of its own.
    pub(crate) fn page_with(
        mut self,
        path: &'static str,
        headers: &[(&'static str, &'static str)],
        html: impl Into<String>,
    ) -> Self {
        self.pages.push(Page { path, html: html.into(), headers: headers.to_vec() });
        self
    }

    /// The site's host.
    pub(crate) fn host(mut self, host: &'static str) -> Self {
        self.host = Some(host);
        self
    }

    /// Events may arrive more than once.
    pub(crate) fn repeats(mut self) -> Self {
        self.repeats = true;
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// See [`Step::Open`].
    pub(crate) fn open(self, address: impl Into<String>) -> Self {
        self.step(Step::Open(address.into()))
    }

    /// See [`Step::Back`].
    pub(crate) fn back(self) -> Self {
        self.step(Step::Back)
    }

    /// See [`Step::Reload`].
    pub(crate) fn reload(self) -> Self {
        self.step(Step::Reload)
    }

    /// See [`Step::Tab`].
    pub(crate) fn tab(self) -> Self {
        self.step(Step::Tab)
    }

    /// See [`Step::Switch`].
    pub(crate) fn switch(self, tab: usize) -> Self {
        self.step(Step::Switch(tab))
    }

    /// See [`Step::Do`].
    pub(crate) fn act(self, script: impl Into<String>) -> Self {
        self.step(Step::Do(script.into()))
    }

    /// See [`Step::Relay`].
    pub(crate) fn relay(self, manner: Manner) -> Self {
        self.step(Step::Relay(manner))
    }

    /// See [`Step::Is`].
    pub(crate) fn is(self, expression: impl Into<String>, value: impl Into<Value>) -> Self {
        self.step(Step::Is(expression.into(), value.into()))
    }

    /// See [`Step::Cookies`].
    pub(crate) fn cookies(self, cookies: &[(&'static str, &str)]) -> Self {
        let owned = cookies.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.step(Step::Cookies(owned))
    }

    /// See [`Step::Ends`].
    pub(crate) fn ends(self, cookie: &'static str, seconds: Range<i64>) -> Self {
        self.step(Step::Ends(cookie, seconds))
    }

    /// See [`Step::Said`].
    pub(crate) fn said(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.step(Step::Said(name, value.into()))
    }

    /// See [`Step::Taken`].
    pub(crate) fn taken(self, kind: &'static str, members: Value) -> Self {
        self.step(Step::Taken(kind, members))
    }

    /// See [`Step::Heard`].
    pub(crate) fn heard(self, kind: &'static str, members: Value) -> Self {
        self.step(Step::Heard(kind, members))
    }

    /// See [`Step::Requests`].
    pub(crate) fn requests(self, count: RangeInclusive<usize>) -> Self {
        self.step(Step::Requests(count))
    }

    /// See [`Step::Settled`].
    pub(crate) fn settled(self) -> Self {
        self.step(Step::Settled)
    }
}
