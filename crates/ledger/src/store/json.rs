//! Text columns that hold lists of text, objects or sources. A reader returns `None` for a value that is none.

#![expect(clippy::option_option, reason = "what the reader of a column that may be null returns")]

use headwater_protocol::Source;
use headwater_protocol::v2::WebhookSecrets;
use headwater_store::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// Reads a list of text.
pub(crate) fn texts(value: Value<'_>) -> Option<Vec<String>> {
    serde_json::from_str(value.text()?).ok()
}

/// Reads a value of a type that is stored as JSON.
pub(crate) fn read<T: DeserializeOwned>(value: Value<'_>) -> Option<T> {
    serde_json::from_str(value.text()?).ok()
}

/// Writes a value that [`read`] reads.
pub(crate) fn write<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("wire types have text keys and no floats that could fail")
}

/// Reads an object that may be absent.
pub(crate) fn object(value: Value<'_>) -> Option<Option<Map<String, Json>>> {
    maybe(value, |value| serde_json::from_str(value.text()?).ok())
}

/// Reads the secrets of billing providers' webhooks.
pub(crate) fn webhook_secrets(value: Value<'_>) -> Option<WebhookSecrets> {
    serde_json::from_str(value.text()?).ok()
}

/// Reads a source.
pub(crate) fn source(value: Value<'_>) -> Option<Source> {
    Source::from_name(value.text()?)
}

/// Reads a source that may be absent.
pub(crate) fn maybe_source(value: Value<'_>) -> Option<Option<Source>> {
    maybe(value, source)
}

fn maybe<'a, T>(value: Value<'a>, reader: impl FnOnce(Value<'a>) -> Option<T>) -> Option<Option<T>> {
    if value == Value::Null { Some(None) } else { reader(value).map(Some) }
}

/// Writes a list of text.
pub(crate) fn from_texts(texts: &[String]) -> String {
    Json::from(texts.to_vec()).to_string()
}

/// Writes the secrets of billing providers' webhooks.
pub(crate) fn from_webhook_secrets(secrets: &WebhookSecrets) -> String {
    serde_json::to_string(secrets).expect("a map with names for keys is always text")
}

/// Writes an object that may be absent.
pub(crate) fn from_object(object: Option<&Map<String, Json>>) -> Option<String> {
    object.map(|object| serde_json::to_string(object).expect("a JSON object is always text"))
}
