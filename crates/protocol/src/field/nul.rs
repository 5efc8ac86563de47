//! The one character that is valid JSON and that PostgreSQL keeps nowhere. Requests with it are
//! refused whichever database runs, so that an installation can move from SQLite to PostgreSQL.

use std::borrow::Cow;

use serde_json::Value;

use super::FieldError;

/// How JSON writes it; as a raw byte it is no JSON.
const ESCAPED: &[u8] = b"\\u0000";

/// Refuses a JSON `body` of which a text holds NUL, by that text's field. Says nothing about a body that is no JSON.
pub(super) fn check(body: &[u8]) -> Result<(), FieldError> {
    if memchr::memmem::find(body, ESCAPED).is_none() {
        return Ok(());
    }
    // A backslash that is itself escaped may stand before it, so the texts decide.
    let whole: Option<Value> = serde_json::from_slice(body).ok();
    match whole.as_ref().and_then(find) {
        None => Ok(()),
        Some(field) => {
            let field = field.trim_start_matches('.');
            let message = format!("{field} must not contain the character NUL (\\u0000)");
            Err(FieldError::new("invalid_value", field, message))
        }
    }
}

/// The path of the first text with NUL, which may be a member's name.
fn find(value: &Value) -> Option<String> {
    let below = |at: String, inner: &Value| find(inner).map(|rest| at + &rest);
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| below(format!("[{at}]"), item)),
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            if name.contains('\0') {
                return Some(format!(".{}", name.replace('\0', "\\u0000")));
            }
            below(format!(".{name}"), member)
        }),
        _ => None,
    }
}

/// A JSON body less every NUL in its texts: for what a stranger wrote into a message that must not be refused.
pub fn without_nul(body: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(body, ESCAPED).is_none() {
        return Cow::Borrowed(body);
    }
    let (mut kept, mut rest) = (Vec::with_capacity(body.len()), body);
    while let Some((&first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(ESCAPED) {
            rest = after;
            continue;
        }
        kept.push(first);
        rest = after;
        // What follows a backslash belongs to it.
        if first == b'\\'
            && let Some((&second, after)) = after.split_first()
        {
            kept.push(second);
            rest = after;
        }
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_nul_is_refused_by_its_path() {
        let field = |body: &str| check(body.as_bytes()).err().map(|error| error.field);
        assert_eq!(field(r#"{"a":"b"}"#), None);
        assert_eq!(field(r#"{"a":"b\u0000"}"#).as_deref(), Some("a"));
        assert_eq!(field(r#"{"a":1,"b":[{"c":"d"},{"c":"\u0000"}]}"#).as_deref(), Some("b[1].c"));
        assert_eq!(field(r#"{"a":{"b\u0000":1}}"#).as_deref(), Some("a.b\\u0000"));
        assert_eq!(field(r#"{"a":"\\u0000"}"#), None, "a backslash and five characters");
        assert_eq!(field(r#"{"a":"\\\u0000"}"#).as_deref(), Some("a"), "a backslash and NUL");
        assert_eq!(field(r#"{"a":"\u0000"#), None, "no JSON");
    }

    #[test]
    fn a_text_loses_nul_and_nothing_else() {
        let less = |body: &str| String::from_utf8(without_nul(body.as_bytes()).into_owned()).unwrap();
        for kept in [r#"{"a":"b"}"#, r#"{"a":"\\u0000"}"#, r#"{"a":"\n\\\\u0000\u0001"}"#] {
            assert_eq!(less(kept), kept);
        }
        assert_eq!(less(r#"{"a\u0000":"\u0000b\\\u0000\u0000c"}"#), r#"{"a":"b\\c"}"#);
    }
}
