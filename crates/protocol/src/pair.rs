//! Lists of pairs: `name=value&…` in a query, `name=value; …` in a cookie jar. Written for size: the script
//! build carries it.

use alloc::string::String;
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

/// Bytes as text, `None` when they are not UTF-8: what `String::from_utf8` does in four times the size.
pub(crate) fn utf8(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(&first) = rest.next() {
        // The leading ones say how many bytes follow; the bits after them begin the character.
        let ones = first.leading_ones();
        let mut code = u32::from(first) & (0x7F >> ones);
        for _ in 1..ones {
            let next = *rest.next()?;
            if next & 0xC0 != 0x80 {
                return None;
            }
            code = code << 6 | u32::from(next & 0x3F);
        }
        let character = char::from_u32(code)?;
        if character.len_utf8() != ones.max(1) as usize || ones == 1 {
            return None;
        }
        text.push(character);
    }
    Some(text)
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
