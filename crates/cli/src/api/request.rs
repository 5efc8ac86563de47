//! A request made of an operation and the options that were given.

use anyhow::Context as _;
use clap::ArgMatches;
use headwater_protocol::referral::percent_encode;
use serde_json::{Map, Value};

use super::command::{option_name, place};
use super::operation::{ApiOperation, ApiOption, OptionKind};

/// Path, query and body of one request.
pub(crate) struct Request {
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    idempotency_key: Option<String>,
}

impl Request {
    pub(crate) fn new(operation: &ApiOperation, options: &ArgMatches) -> anyhow::Result<Self> {
        let mut path = operation.path.clone();
        for name in operation.path_names() {
            let given = options.get_one::<String>(&place(name)).map(String::as_str).unwrap_or_default();
            path = path.replace(&format!("{{{name}}}"), &percent_encode(given));
        }
        let mut query = Vec::new();
        for member in &operation.query {
            if let Some(value) = given(member, options)? {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                query.push((member.name.clone(), text));
            }
        }
        let body = operation.body.as_deref().map(|members| body(members, options)).transpose()?;
        let idempotency_key = options.try_get_one::<String>("idempotency-key").ok().flatten().cloned();
        Ok(Self { path, query, body, idempotency_key })
    }

    /// Path and query, encoded.
    pub(crate) fn path(&self) -> String {
        let pairs: Vec<_> =
            self.query.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }

    pub(crate) fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    /// A parameter that was given.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Gives a parameter, in place of what was given before.
    pub(crate) fn set_query(&mut self, name: &str, value: &str) {
        self.query.retain(|(known, _)| known != name);
        self.query.push((name.to_owned(), value.to_owned()));
    }
}

/// The body from `--body`, with the single options in it.
fn body(members: &[ApiOption], options: &ArgMatches) -> anyhow::Result<Value> {
    let mut body = match options.get_one::<String>("body").map(String::as_str) {
        None => Map::new(),
        Some(name) => {
            let text = if name == "-" {
                std::io::read_to_string(std::io::stdin()).context("cannot read standard input")?
            } else {
                std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"))?
            };
            serde_json::from_str(&text).with_context(|| format!("{name} is not a JSON object"))?
        }
    };
    for member in members {
        if let Some(value) = given(member, options)? {
            body.insert(member.name.clone(), value);
        }
    }
    Ok(Value::Object(body))
}

/// What was given for a member.
fn given(member: &ApiOption, options: &ArgMatches) -> anyhow::Result<Option<Value>> {
    let name = option_name(&member.name);
    Ok(match &member.kind {
        OptionKind::Text | OptionKind::Word(_) => {
            options.get_one::<String>(&name).map(|text| Value::from(text.as_str()))
        }
        OptionKind::Whole => options.get_one::<i64>(&name).map(|number| Value::from(*number)),
        OptionKind::Flag => options.get_one::<bool>(&name).map(|flag| Value::from(*flag)),
        OptionKind::Texts => options.get_many::<String>(&name).map(|texts| texts.cloned().collect()),
        OptionKind::Json => match options.get_one::<String>(&name) {
            None => None,
            Some(text) => Some(serde_json::from_str(text).with_context(|| format!("--{name} must be JSON"))?),
        },
    })
}
