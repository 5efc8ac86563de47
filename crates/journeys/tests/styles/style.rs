//! A row: pages, steps, and expected results. Texts may contain the names of `case::Names` in braces.

use std::ops::{Range, RangeInclusive};

use serde_json::Value;

use crate::relay::RelayBehaviour;

/// One style of integration.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    /// A sentence.
    pub(crate) name: String,
    /// What the site serves.
    pub(crate) pages: Vec<Page>,
    /// In their order.
    pub(crate) steps: Vec<Step>,
    /// Whether an event may arrive more than once: a page cannot know whether the request it sent while leaving
    /// arrived.
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
    /// Opens another tab, and switches to it.
    Tab,
    /// Switches to the tab of this number, from 0.
    Switch(usize),
    /// The page runs this script.
    Do(String),
    /// The relay behaves differently from here on.
    Relay(RelayBehaviour),
    /// An expression in the page has, or gets, this value. It does not see what the page declares with `let` or
    /// `const`.
    Is(String, Value),
    /// The page's cookies are, or become, exactly these, in any order.
    Cookies(Vec<(&'static str, String)>),
    /// A cookie expires in so many seconds from now.
    Ends(&'static str, Range<i64>),
    /// The page reports this value under this name, once, with the prelude's `say`.
    Said(&'static str, Value),
    /// The relay receives an event of this type, with these members in its data (`null`: without them), and accepts it.
    Taken(&'static str, Value),
    /// The same, whether or not the relay accepts it.
    Heard(&'static str, Value),
    /// So many requests have arrived at the relay.
    Requests(RangeInclusive<usize>),
    /// Everything the page was about to send has arrived, as shown by requests that it sends afterwards.
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
    pub(crate) fn relay(self, behaviour: RelayBehaviour) -> Self {
        self.step(Step::Relay(behaviour))
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
