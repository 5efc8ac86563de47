//! Parses JSON bodies, and says what is wrong with one: the field, its bound and how to correct it.
//!
//! Wording follows the JSON-schema messages existing clients know (api.md section 1).

mod members;
mod nul;
mod whole;
mod wording;

use std::fmt;

use serde::Deserialize;

pub use nul::without_nul;
pub use whole::without_zero_fractions;

/// What is wrong with one field of a body.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldError {
    /// Stable name of the mistake, `snake_case`: `required`, `wrong_type`, `out_of_range`, `malformed_json`, …
    pub code: String,
    /// Path of the field, as in `products[1].amount`; empty when the body as a whole is meant.
    pub field: String,
    /// One sentence that names the field and the bound.
    pub message: String,
}

impl FieldError {
    /// An error of `field`. `message` is a whole sentence.
    pub fn new(code: &str, field: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), field: field.to_owned(), message: message.into() }
    }

    /// A required field is missing.
    pub fn required(field: &str) -> Self {
        Self::new("required", field, format!("'{}' is a required property", last_name(field)))
    }

    /// The same error, its field below `parent`.
    #[must_use]
    pub fn below(mut self, parent: &str) -> Self {
        self.field = match self.field.as_str() {
            "" => parent.to_owned(),
            inner if inner.starts_with('[') => format!("{parent}{inner}"),
            inner => format!("{parent}.{inner}"),
        };
        self
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() || self.message.contains(last_name(&self.field)) {
            out.write_str(&self.message)
        } else {
            write!(out, "{}: {}", self.field, self.message)
        }
    }
}

impl std::error::Error for FieldError {}

fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Parses a JSON body. None of its strings may contain NUL.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, FieldError> {
    nul::check(body)?;
    parse_outer(body)
}

/// [`parse`] that also reports each member which `T` does not read: where it is, as `lines[0].amuont`, and for a member
/// of the body itself the names that `T` reads.
pub fn parse_reporting<'a, T: Deserialize<'a>>(
    body: &'a [u8],
    mut unread: impl FnMut(&str, &'static [&'static str]),
) -> Result<T, FieldError> {
    nul::check(body)?;
    if body.trim_ascii_start().first() == Some(&b'{') {
        let mut reader = serde_json::Deserializer::from_slice(body);
        let mut report = |path: serde_ignored::Path<'_>| {
            let known = if matches!(path, serde_ignored::Path::Map { parent: serde_ignored::Path::Root, .. })
            {
                members::names::<T>()
            } else {
                &[]
            };
            unread(&place(&path), known);
        };
        let read = serde_ignored::deserialize(&mut reader, &mut report);
        if let Ok(value) = read
            && reader.end().is_ok()
        {
            return Ok(value);
        }
    }
    parse_outer(body)
}

fn place(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", place(parent)),
        Path::Map { parent: Path::Root, key } => key.clone(),
        Path::Map { parent, key } => format!("{}.{key}", place(parent)),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            place(parent)
        }
    }
}

/// [`parse`] without the check for NUL, for a batch whose items are parsed one by one afterwards, so that a bad item does
/// not refuse the others. Tracking the path of each field costs time, so only a body that failed is parsed again with it.
pub fn parse_outer<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, FieldError> {
    // serde's derived structs also accept an array of their members, which no client sends on purpose.
    if body.trim_ascii_start().first() != Some(&b'{') {
        serde_json::from_slice::<serde::de::IgnoredAny>(body).map_err(|error| from_serde("", &error))?;
        return Err(FieldError::new("wrong_type", "", "the body must be a JSON object"));
    }
    serde_json::from_slice(body).or_else(|_| explain(body))
}

fn explain<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, FieldError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        // A name that a map's key may not be is written `?`; the message says which it was.
        let path = path.strip_suffix(".?").or(path.strip_suffix('?')).unwrap_or(&path);
        from_serde(if path == "." { "" } else { path }, error.inner())
    })?;
    reader.end().map_err(|error| from_serde("", &error))?;
    Ok(value)
}

fn from_serde(path: &str, error: &serde_json::Error) -> FieldError {
    if !error.is_data() {
        return FieldError::new("malformed_json", "", format!("the body is not valid JSON: {error}"));
    }
    let text = error.to_string();
    // serde_json appends the position. Search from the end: the sent value may itself contain ` at line `.
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let field = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        return FieldError::required(&field);
    }
    let code = if text.starts_with("invalid type") { "wrong_type" } else { "invalid_value" };
    let field = if path.is_empty() { "body" } else { path };
    FieldError::new(code, path, format!("{field}: {}", wording::of(text, last_name(field))))
}

/// Checks that `text` has from `min` to `max` characters.
pub fn check_length(field: &str, text: &str, min: usize, max: usize) -> Result<(), FieldError> {
    let length = text.chars().count();
    if (min..=max).contains(&length) {
        return Ok(());
    }
    let bound = if min == 0 { format!("at most {max}") } else { format!("{min} to {max}") };
    Err(FieldError::new("out_of_range", field, format!("{field} must have {bound} characters, got {length}")))
}

/// [`check_length`] for a field that may be absent.
pub fn check_optional(field: &str, text: Option<&str>, min: usize, max: usize) -> Result<(), FieldError> {
    text.map_or(Ok(()), |text| check_length(field, text, min, max))
}

#[cfg(test)]
mod tests {
    use super::{FieldError, parse};

    #[derive(Debug, serde::Deserialize)]
    struct Line {
        #[allow(dead_code, reason = "read by the derive only")]
        amount: i64,
    }
    #[derive(Debug, serde::Deserialize)]
    struct Body {
        #[allow(dead_code, reason = "read by the derive only")]
        lines: Vec<Line>,
    }

    fn check(body: &str, code: &str, field: &str, message: &str) {
        let error = parse::<Body>(body.as_bytes()).unwrap_err();
        assert_eq!((error.code.as_str(), error.field.as_str()), (code, field), "{error:?}");
        assert!(error.message.contains(message), "{}", error.message);
    }

    #[test]
    fn an_error_names_its_field() {
        check("{}", "required", "lines", "'lines' is a required property");
        check(
            r#"{"lines":[{"amount":1},{}]}"#,
            "required",
            "lines[1].amount",
            "'amount' is a required property",
        );
        check(r#"{"lines":[{"amount":19.99}]}"#, "wrong_type", "lines[0].amount", "19.99");
        check(
            r#"{"lines":[{"amount":"a at line b"}]}"#,
            "wrong_type",
            "lines[0].amount",
            "'a at line b' is not of type 'integer'",
        );
        check("{", "malformed_json", "", "not valid JSON");
        check("[1]", "wrong_type", "", "must be a JSON object");
        check("[1] x", "malformed_json", "", "not valid JSON");
    }

    #[test]
    fn every_member_that_is_not_read_is_reported_with_its_place() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only what is not read matters")]
        struct Order {
            amount: i64,
            note: Option<Line>,
            lines: Vec<Line>,
        }
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "as above")]
        struct Line {
            price: i64,
        }
        let mut found = Vec::new();
        let mut read = |body: &[u8]| {
            found.clear();
            let order = super::parse_reporting::<Order>(body, |place, known| {
                found.push((place.to_owned(), known.len()));
            });
            (order.map(|order| order.amount), found.clone())
        };
        let body = br#"{"amuont": 1, "amount": 2, "note": {"price": 1, "x": 1}, "lines": [{"price": 1}, {"price": 2, "tax": {}}]}"#;
        let unread = [("amuont", 3), ("note.x", 0), ("lines[1].tax", 0)];
        assert_eq!(read(body), (Ok(2), unread.map(|(place, known)| (place.to_owned(), known)).to_vec()));
        assert_eq!(read(br#"{"amount": 2, "lines": []}"#), (Ok(2), Vec::new()));
        for bad in [
            "[]",
            "{} x",
            r#"{"amuont": 1, "lines": []}"#,
            r#"{"amount": "1"}"#,
            "{\"amount\": 1, \"lines\": [], \"a\": \"\\u0000\"}",
        ] {
            let explained = parse::<Order>(bad.as_bytes()).unwrap_err();
            assert_eq!(
                super::parse_reporting::<Order>(bad.as_bytes(), |_, _| ()).unwrap_err(),
                explained,
                "{bad}"
            );
        }
    }

    #[test]
    fn a_key_that_a_map_does_not_take_is_an_error_of_the_map() {
        #[derive(Debug, serde::Deserialize, PartialEq, Eq, PartialOrd, Ord)]
        #[serde(rename_all = "snake_case")]
        enum Key {
            Known,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Outer {
            #[expect(dead_code, reason = "only the error matters")]
            map: std::collections::BTreeMap<Key, String>,
        }
        let error = parse::<Outer>(br#"{"map": {"unknown": ""}}"#).unwrap_err();
        assert_eq!((error.field.as_str(), error.code.as_str()), ("map", "invalid_value"));
        assert!(error.message.contains("'unknown'"), "{}", error.message);
    }

    #[test]
    fn a_nested_error_has_its_full_path() {
        let error = FieldError::required("amount").below("products[1]");
        assert_eq!(error.field, "products[1].amount");
        assert_eq!(error.to_string(), "'amount' is a required property");
    }
}
