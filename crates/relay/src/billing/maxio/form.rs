//! The fields of a form body, by their names as written: `payload[subscription][id]`.

use std::collections::BTreeMap;

use headwater_protocol::{FieldError, Millis, field};
use url::form_urlencoded;

/// How long an id of Maxio's may be; they are numbers. It becomes part of names, which have bounds of their own.
const ID_MAX: usize = 64;

/// The fields of a body; of several with one name the first.
pub(super) struct FormFields(BTreeMap<String, String>);

impl FormFields {
    /// Reads any body: what is no form has no fields that are asked for.
    pub(super) fn parse(body: &[u8]) -> Self {
        let mut fields = BTreeMap::new();
        for (name, text) in form_urlencoded::parse(body) {
            // A buyer may have typed it; the payment counts all the same.
            fields.entry(name.into_owned()).or_insert_with(|| text.replace('\0', ""));
        }
        Self(fields)
    }

    /// A field's text; an empty one is none.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The text of a field that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, FieldError> {
        self.text(name).ok_or_else(|| FieldError::required(name))
    }

    /// An id that must be there.
    pub(super) fn id(&self, name: &str) -> Result<&str, FieldError> {
        let id = self.required(name)?;
        field::check_length(name, id, 1, ID_MAX)?;
        Ok(id)
    }

    /// A field's integer.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, FieldError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong =
            |_| FieldError::new("wrong_type", name, format!("{name} must be an integer, got '{text}'"));
        text.trim().parse().map(Some).map_err(wrong)
    }

    /// The integer of a field that must be there.
    pub(super) fn required_integer(&self, name: &str) -> Result<i64, FieldError> {
        self.integer(name)?.ok_or_else(|| FieldError::required(name))
    }

    /// A time that must be there. Maxio writes `2016-11-08 16:22:20 -0500`, `2013-11-27 00:59:35 UTC`, and ISO 8601 in
    /// newer places.
    pub(super) fn time(&self, name: &str) -> Result<Millis, FieldError> {
        let text = self.required(name)?.trim();
        let spaced =
            text.strip_suffix(" UTC").map_or_else(|| text.to_owned(), |text| format!("{text} +0000"));
        let time = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", &spaced)
            .and_then(|parts| parts.to_timestamp())
            .or_else(|_| text.parse::<jiff::Timestamp>());
        time.map(|time| Millis(time.as_millisecond())).map_err(|_| {
            let message = format!("{name} must be a time such as 2016-11-08 16:22:20 -0500, got '{text}'");
            FieldError::new("wrong_type", name, message)
        })
    }
}
