//! Tolerant deserializers for what pages write: a number counts as text, and a value of the wrong type as absent.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::Currency;

/// Text a page wrote: a string or a number; null, booleans and `""` count as absent.
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

/// A whole number, also one that was written as text; anything else counts as absent.
pub(super) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

/// A currency's code in either case; anything else counts as absent.
pub(super) fn currency<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Currency>, D::Error> {
    Ok(text(from)?.and_then(|text| text.parse().ok()))
}

/// A required key: text as it is, a number as its text.
pub(crate) fn key<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    optional_key(from)?.ok_or_else(|| serde::de::Error::custom("must be a string or a number"))
}

/// [`key`] where null means none.
pub(crate) fn optional_key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(serde::de::Error::custom("must be a string or a number")),
    }
}

/// Text; null counts as empty text, so that it can be told from a member that is absent.
pub(crate) fn null_as_empty<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Option::deserialize(from)?.unwrap_or_default()))
}
