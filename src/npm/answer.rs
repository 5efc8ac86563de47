//! The relay's answer, for one of its events.

use js_sys::Array;
use serde::Deserialize;
use wasm_bindgen::JsValue;

use super::Report;
use super::failure::{self, Failure};

/// What became of one event.
pub(super) enum Answer {
    /// The relay has it.
    Accepted,
    /// Nobody answered, or asked to come back: it is kept, and sent again.
    Queued,
}

/// The body of an answer (`POST /v1/events`), accepted or not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    refused: Vec<Refusal>,
    code: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    id: Option<String>,
    code: String,
    field: String,
    message: String,
}

impl Answer {
    /// Reads `[status, text]` for the event of this id.
    pub(super) fn of(id: &str, answer: &Array) -> Result<Self, Failure> {
        let status = answer.get(0).as_f64().unwrap_or_default();
        let text = answer.get(1).as_string().unwrap_or_default();
        let body = js_sys::JSON::parse(&text).unwrap_or_default();
        let body: Body = serde_wasm_bindgen::from_value(body).unwrap_or_default();
        if let Some(refusal) = body.refused.into_iter().find(|refusal| refusal.id.as_deref() == Some(id)) {
            return Err(Failure::new(&refusal.code, &refusal.field, refusal.message));
        }
        if (200.0..300.0).contains(&status) {
            Ok(Self::Accepted)
        } else if !(400.0..500.0).contains(&status) || [408.0, 429.0].contains(&status) {
            Ok(Self::Queued)
        } else {
            let message = body.message.unwrap_or_else(|| format!("the relay answered {status}"));
            Err(Failure::new(body.code.as_deref().unwrap_or("refused"), "", message))
        }
    }

    /// What the caller's Promise resolves with.
    pub(super) fn report(&self, id: String) -> Result<JsValue, JsValue> {
        let state = match self {
            Self::Accepted => "accepted",
            Self::Queued => "queued",
        };
        failure::to_js(&Report { state, id: Some(id) })
    }
}
