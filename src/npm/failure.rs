//! What Promises reject with: an `Error` with `code` and `field`.

use wasm_bindgen::JsValue;

use crate::browser;

/// An error a developer can act on.
pub(super) struct Failure {
    /// Stable, for programs.
    code: String,
    /// The member at fault, `products[1].amount`; empty when it is none.
    field: String,
    /// For people; begins with the field.
    message: String,
}

impl Failure {
    /// A failure of this field.
    pub(super) fn new(code: &str, field: &str, message: &str) -> Self {
        Self { code: code.to_owned(), field: field.to_owned(), message: message.to_owned() }
    }

    /// A required field that is missing.
    pub(super) fn required(field: &str) -> Self {
        Self::new("required", field, &[field, " is required"].concat())
    }

    /// A field that holds something else than it should.
    pub(super) fn expected(field: &str, expected: &str, got: &str) -> Self {
        let colon = if field.is_empty() { "" } else { ": " };
        Self::new("invalid_value", field, &[field, colon, "expected ", expected, ", got ", got].concat())
    }
}

impl From<Failure> for JsValue {
    fn from(Failure { code, field, message }: Failure) -> Self {
        browser::failure(&code, &field, &message)
    }
}
