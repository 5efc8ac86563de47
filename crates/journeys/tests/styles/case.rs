//! A row while it runs: its names, its pages, and what its site and its relay have received.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use headwater_protocol::referral::encode_partner_key;
use serde_json::Value;
use tokio::sync::watch;

use crate::relay::RelayBehaviour;
use crate::style::{Page, Style};

/// What the names in braces stand for.
#[derive(Debug, Clone)]
pub(crate) struct Names(Vec<(&'static str, String)>);

impl Names {
    fn of(number: usize, host: Option<&str>, port: u16, integrity: &str) -> Self {
        let own = format!("c{number}.localhost");
        let site = host.unwrap_or(&own);
        let at = |host: &str| format!("http://{host}:{port}");
        let click = |partner: &str, xid: &str| {
            let key = encode_partner_key(partner);
            format!("pscd=go.partner.example&ps_partner_key={key}&ps_xid={xid}&gsxid={xid}&gspk={key}")
        };
        Self(vec![
            ("{site}", at(site)),
            ("{www}", at(&format!("www.{site}"))),
            // The relay is another site than the page, as that of a hosted program is.
            ("{relay}", at(&format!("r{number}.localhost"))),
            ("{other}", at(&format!("o{number}.localhost"))),
            ("{elsewhere}", format!("o{number}.localhost")),
            ("{host}", site.to_owned()),
            ("{key}", KEY.to_owned()),
            ("{integrity}", integrity.to_owned()),
            ("{nonce}", "c3R5bGVz".to_owned()),
            // The parameters that two partners' links have on the landing page.
            ("{ada}", click("ada", "abcDEF123456")),
            ("{bea}", click("bea", "bcdEFG12345678")),
        ])
    }

    /// The text with every name replaced.
    pub(crate) fn expand(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// The same in every text of a value.
    pub(crate) fn expand_in(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.expand(text)),
            Value::Array(values) => values.iter().map(|value| self.expand_in(value)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.expand_in(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// Every host of the row, without port.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter_map(|(_, value)| value.strip_prefix("http://")?.rsplit_once(':'))
            .map(|(host, _)| host)
    }
}

/// The public key of every row.
pub(crate) const KEY: &str = "pk_test_example";

/// A row while it runs.
#[derive(Debug)]
pub(crate) struct Case {
    /// Its names.
    pub(crate) names: Names,
    /// What its site serves.
    pub(crate) pages: Vec<Page>,
    /// How its relay answers just now.
    pub(crate) behaviour: watch::Sender<RelayBehaviour>,
    seen: Mutex<Seen>,
}

/// What has been received.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// What pages have reported with `say` and no step has expected yet, by name.
    pub(crate) said: Vec<(String, Value)>,
    /// What was thrown, or written to the console as an error or warning.
    pub(crate) noise: Vec<String>,
    /// Requests at the relay.
    pub(crate) requests: usize,
    /// Events at the relay, by id.
    pub(crate) events: BTreeMap<String, Heard>,
    /// Requests of `perform::SENTINEL`, which pages send after all others.
    pub(crate) sentinels: usize,
}

/// An event at the relay.
#[derive(Debug)]
pub(crate) struct Heard {
    /// As it arrived first.
    pub(crate) text: String,
    /// How often it arrived.
    pub(crate) times: usize,
    /// How often it was accepted.
    pub(crate) taken: usize,
    /// Whether a step asked for it.
    pub(crate) expected: bool,
}

impl Case {
    /// Begins a row.
    pub(crate) fn begin(style: &Style, number: usize, port: u16, integrity: &str) -> Self {
        let (behaviour, _) = watch::channel(RelayBehaviour::Works);
        let names = Names::of(number, style.host, port, integrity);
        Self { names, pages: style.pages.clone(), behaviour, seen: Mutex::default() }
    }

    /// What has been received until now.
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panics while holding it")
    }

    /// Records something unexpected, which fails the row.
    pub(crate) fn note(&self, noise: impl Into<String>) {
        self.seen().noise.push(noise.into());
    }
}
