//! A wasm module as a JavaScript template literal of code points 0 to 255, and back.
//!
//! Written as UTF-8 this costs 5 % under brotli; base64 costs 30 %, and hides repetitions from gzip as well.

use std::ops::Range;

/// The bytes with which every wasm module begins.
const MAGIC: &[u8] = b"\0asm";

/// The module as a literal, backticks included. `shift` is added to each byte, modulo 256.
pub(crate) fn literal(wasm: &[u8], shift: u8) -> String {
    let wasm: Vec<_> = wasm.iter().map(|byte| byte.wrapping_add(shift)).collect();
    let mut text = String::with_capacity(wasm.len() * 2);
    text.push('`');
    for (at, &byte) in wasm.iter().enumerate() {
        let next = wasm.get(at + 1);
        match byte {
            // `\0` would be the shorter form, but is no escape before a digit.
            0 if next.is_some_and(u8::is_ascii_digit) => text.push_str("\\x00"),
            0 => text.push_str("\\0"),
            // A template literal reads CR as LF.
            b'\r' => text.push_str("\\r"),
            b'\\' | b'`' => text.extend(['\\', char::from(byte)]),
            b'$' if next == Some(&b'{') => text.push_str("\\$"),
            _ => text.push(char::from(byte)),
        }
    }
    text.push('`');
    text
}

/// The range of the literal in a script.
pub(crate) fn find(script: &str) -> Option<Range<usize>> {
    // The last byte of the magic is left out, because its escape depends on the byte after it.
    let opening = |shift| {
        let (whole, last) = (literal(MAGIC, shift), literal(&MAGIC[MAGIC.len() - 1..], shift));
        whole[..whole.len() + 1 - last.len()].to_owned()
    };
    let start = (0..=u8::MAX).find_map(|shift| script.find(&opening(shift)))?;
    let mut escaped = false;
    for (at, character) in script[start + 1..].char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '`' => return Some(start..start + at + 2),
            _ => {}
        }
    }
    None
}

/// The module in a literal, read as a browser reads it; `None` when it holds no module.
pub(crate) fn decode(literal: &str) -> Option<Vec<u8>> {
    let mut characters = literal.strip_prefix('`')?.strip_suffix('`')?.chars();
    let mut wasm = Vec::with_capacity(literal.len());
    while let Some(character) = characters.next() {
        wasm.push(match character {
            '\\' => match characters.next()? {
                '0' => 0,
                'r' => b'\r',
                'x' => u8::from_str_radix(&String::from_iter([characters.next()?, characters.next()?]), 16)
                    .ok()?,
                same @ ('\\' | '`' | '$') => u8::try_from(same).ok()?,
                _ => return None,
            },
            other => u8::try_from(other).ok()?,
        });
    }
    // A module begins with a zero byte, so the first byte is the shift.
    let shift = *wasm.first()?;
    for byte in &mut wasm {
        *byte = byte.wrapping_sub(shift);
    }
    wasm.starts_with(MAGIC).then_some(wasm)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn module(rest: impl IntoIterator<Item = u8>) -> Vec<u8> {
        MAGIC.iter().copied().chain(rest).collect()
    }

    #[test]
    fn every_byte_before_every_byte_survives() {
        let pairs = (0..=u8::MAX).flat_map(|first| (0..=u8::MAX).flat_map(move |second| [first, second]));
        let wasm = module(pairs);
        for shift in 0..=u8::MAX {
            assert_eq!(decode(&literal(&wasm, shift)).as_ref(), Some(&wasm), "{shift}");
        }
    }

    #[test]
    fn what_a_template_literal_would_read_otherwise_is_escaped() {
        let text = literal(&module(*b"\r\n\\`${$\0\x31\0a"), 0);
        assert_eq!(text, "`\\0asm\\r\n\\\\\\`\\${$\\x001\\0a`");
    }

    proptest! {
        #[test]
        fn a_literal_is_found_in_its_script(rest: Vec<u8>, shift: u8) {
            let wasm = module(rest);
            let script = format!("const a=`b`,c={};d(`${{a}}`)", literal(&wasm, shift));
            let found = find(&script).unwrap();
            prop_assert_eq!(&script[found.end..], ";d(`${a}`)");
            prop_assert_eq!(decode(&script[found]), Some(wasm));
        }
    }

    #[test]
    fn what_is_no_module_is_not_decoded() {
        for text in ["`abc`", "\\0asm", "`\\0asm", "`\\0asm\\q`", "`\\0asm\u{100}`", "`\\0asm\\`"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
