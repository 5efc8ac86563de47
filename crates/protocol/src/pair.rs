//! Lists of pairs: `name=value&…` in a query, `name=value; …` in a cookie jar. Written for size: the script
//! build carries it.

use alloc::vec::Vec;

/// The text before the first `separator` and, when there is one, the text after it.
pub(crate) fn cut(text: &str, separator: u8) -> (&str, Option<&str>) {
    let at = text.bytes().position(|byte| byte == separator).unwrap_or(text.len());
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    (before, after.get(1..))
}

/// Takes the first pair off the text: its name and, where it has one, its value, as they stand there.
pub(crate) fn next<'a>(rest: &mut Option<&'a str>, separator: u8) -> Option<(&'a str, Option<&'a str>)> {
    let (pair, after) = cut((*rest)?, separator);
    *rest = after;
    let (name, value) = cut(pair.trim_ascii_start(), b'=');
    Some((name, value.map(str::trim_ascii)))
}

/// The first value whose name is `start` and then `end`, as it stands in the text.
pub(crate) fn find<'a>(text: &'a str, separator: u8, start: &str, end: &str) -> Option<&'a str> {
    let mut rest = Some(text);
    while let Some((name, value)) = next(&mut rest, separator) {
        if value.is_some() && name.strip_prefix(start) == Some(end) {
            return value;
        }
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
