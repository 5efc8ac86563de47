//! Text columns that hold lists of text, objects or sources.

use headwater_protocol::Source;
use headwater_store::{Row, StoreError};
use serde_json::{Map, Value};

/// Reads a list of text.
pub(crate) fn texts(row: &Row<'_>, column: usize) -> Result<Vec<String>, StoreError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| StoreError::Column { column, expected: "a JSON list of text" })
}

/// Reads an object that may be absent.
pub(crate) fn object(row: &Row<'_>, column: usize) -> Result<Option<Map<String, Value>>, StoreError> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|_| StoreError::Column { column, expected: "a JSON object" })
}

/// Reads a source.
pub(crate) fn source(row: &Row<'_>, column: usize) -> Result<Source, StoreError> {
    let word: String = row.get(column)?;
    Source::from_name(&word).ok_or(StoreError::Column { column, expected: "a source" })
}

/// Reads a source that may be absent.
pub(crate) fn maybe_source(row: &Row<'_>, column: usize) -> Result<Option<Source>, StoreError> {
    let word: Option<String> = row.get(column)?;
    word.map(|word| Source::from_name(&word).ok_or(StoreError::Column { column, expected: "a source" }))
        .transpose()
}

/// Writes a list of text.
pub(crate) fn from_texts(texts: &[String]) -> String {
    Value::from(texts.to_vec()).to_string()
}

/// Writes an object that may be absent.
pub(crate) fn from_object(object: Option<&Map<String, Value>>) -> Option<String> {
    object.map(|object| serde_json::to_string(object).expect("a JSON object is always text"))
}
