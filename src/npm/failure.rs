//! What a Promise rejects with: `{code, field, message}`.

use serde::Serialize;
use wasm_bindgen::JsValue;

/// An error a developer can act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    /// Stable, for programs.
    pub(super) code: String,
    /// The member at fault, `products[1].amount`; empty when it is none.
    pub(super) field: String,
    /// For people; begins with the field.
    pub(super) message: String,
}

impl Failure {
    /// A failure of this field.
    pub(super) fn new(code: &str, field: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), field: field.to_owned(), message: message.into() }
    }

    /// A field that holds something else than it should.
    pub(super) fn expected(field: &str, expected: &str, got: &str) -> Self {
        Self::new("invalid_value", field, format!("{field}: expected {expected}, got {got}"))
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        to_js(&failure).unwrap_or_else(|error| error)
    }
}

/// A value of ours as a plain object.
pub(super) fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}
