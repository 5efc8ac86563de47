//! JSON in text columns: lists of text, and objects.

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

/// Writes a list of text.
pub(crate) fn from_texts(texts: &[String]) -> String {
    Value::from(texts.to_vec()).to_string()
}

/// Writes an object that may be absent.
pub(crate) fn from_object(object: Option<&Map<String, Value>>) -> Option<String> {
    object.map(|object| serde_json::to_string(object).expect("a JSON object is always text"))
}
