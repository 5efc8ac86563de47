//! Lists of pairs: `name=value&…` in a query, `name=value; …` in a cookie jar. Written for size: the script
//! build carries it.

use alloc::vec::Vec;

/// The text before the first `separator` and, when there is one, the text after it.
pub(crate) fn cut(text: &str, separator: u8) -> (&str, Option<&str>) {
    let at = text.bytes().position(|byte| byte == separator).unwrap_or(text.len());
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    (before, after.get(1..))
}

/// The first value whose name is `name`, or begins with it, as it stands in the text.
pub(crate) fn find<'a>(text: &'a str, separator: u8, name: &str, begins: bool) -> Option<&'a str> {
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (pair, next) = cut(text, separator);
        let (found, value) = cut(pair.trim_ascii_start(), b'=');
        if value.is_some() && found.starts_with(name) && (begins || found.len() == name.len()) {
            return value.map(str::trim_ascii);
        }
        rest = next;
    }
    None
}

/// Decodes `%XX`, and `+` as space when `plus` says so; a `%` that begins no escape stays.
pub(crate) fn unescape(text: &str, plus: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        let escape = match after {
            [high, low, after @ ..] if *byte == b'%' => {
                hex(*high).zip(hex(*low)).map(|digits| (digits, after))
            }
            _ => None,
        };
        out.push(match escape {
            Some(((high, low), after)) => {
                rest = after;
                high << 4 | low
            }
            None if plus && *byte == b'+' => b' ',
            None => *byte,
        });
    }
    out
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit.to_le_bytes()[0])
}
