//! Blanks out the texts of panics. The script's panic handler traps and never reads them, but the linker keeps them,
//! and they are a thirtieth of the script under brotli.

use std::ops::Range;

use wasmparser::{Parser, Payload};

/// Messages of the standard library and wasm-bindgen. One that no longer exists does no harm.
const TEXTS: &[&[u8]] = &[
    b"capacity overflow",
    b"memory allocation of ",
    b" bytes failed",
    b"RefCell already borrowed",
    b"Tried to shrink to a larger capacity",
    b"assertion failed: self.is_char_boundary(new_len)",
];
/// The beginning of the 200-byte table of two-digit numbers that a panic uses to format numbers.
const DIGITS: &[u8] = b"0001020304050607080910";
const DIGITS_LENGTH: usize = 200;

/// The module with these texts zeroed; no other byte moves.
pub(super) fn blank_panic_texts(mut wasm: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let mut blank = Vec::new();
    for payload in Parser::new(0).parse_all(&wasm) {
        let Payload::DataSection(section) = payload? else { continue };
        for data in section {
            let data = data?;
            let start = data.range.end - data.data.len();
            let here = spans(data.data).into_iter().map(|span| start + span.start..start + span.end);
            blank.extend(here);
        }
    }
    for span in blank {
        wasm[span].fill(0);
    }
    Ok(wasm)
}

/// The ranges of such texts: the known messages, the table of digits, and the names of source files.
fn spans(data: &[u8]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for text in TEXTS {
        spans.extend(places(data, text).map(|at| at..at + text.len()));
    }
    spans.extend(places(data, DIGITS).map(|at| at..data.len().min(at + DIGITS_LENGTH)));
    for end in places(data, b".rs").map(|at| at + 3) {
        let path = data[..end].iter().rev().take_while(|byte| byte.is_ascii_graphic()).count();
        spans.push(end - path..end);
    }
    spans
}

fn places<'a>(data: &'a [u8], text: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    data.windows(text.len()).enumerate().filter(move |(_, window)| *window == text).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: &[u8], expected: &[u8]) {
        let mut data = data.to_vec();
        for span in spans(&data) {
            data[span].fill(b'_');
        }
        assert_eq!(String::from_utf8(data).unwrap(), String::from_utf8(expected.to_vec()).unwrap());
    }

    #[test]
    fn panic_messages_are_blanked_and_nothing_else() {
        check(b"ps_xid\0capacity overflow\0gsxid", b"ps_xid\0_________________\0gsxid");
        check(b"pscd\0/rustc/x/mod.rs\0a", b"pscd\0_______________\0a");
        check(b"\x02key.rsx", b"\x02______x");
        let tens = |ten: char| ('0'..='9').flat_map(move |one| [ten, one]);
        let digits: String = ('0'..='9').flat_map(tens).collect();
        check(format!("a{digits}b").as_bytes(), format!("a{}b", "_".repeat(200)).as_bytes());
    }

    #[test]
    fn a_module_without_data_stays_as_it_is() {
        let wasm = b"\0asm\x01\0\0\0".to_vec();
        assert_eq!(blank_panic_texts(wasm.clone()).unwrap(), wasm);
    }
}
