//! What pages write loosely, read tolerantly: numbers for texts, nothing for anything.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Text a page wrote: a string or a number; null, booleans and `""` are nothing.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(as_text(Value::deserialize(from)?))
}

fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn required_text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from)?.ok_or_else(|| serde::de::Error::custom("must be a string or a number"))
}

pub(super) fn object<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Map<String, Value>>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Object(map) => Some(map),
        _ => None,
    })
}

/// A list of texts, or an object of them (`{"sid1": "…"}`), as pages write sub-ids.
pub(super) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(values) => values.into_iter().filter_map(as_text).collect(),
        Value::Object(map) => map.into_iter().filter_map(|(_, value)| as_text(value)).collect(),
        other => as_text(other).into_iter().collect(),
    })
}
