//! Removes from the package's module functions that only format messages which nobody can see: they become traps, and
//! functions that only they called are removed later as unused.
//!
//! The script has a panic handler of its own and does not need this; the package links the standard library.

use std::collections::BTreeSet;

use anyhow::bail;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// The ends of these functions' mangled names. A name that no longer exists fails the build, so that after an update
/// no other function is removed by accident.
const WORDS: &[&str] = &[
    // Formats a panic's message. On this target nobody can see it, and the panic traps either way.
    "4core9panicking9panic_fmt",
    // The same for an index inside a character: its message quotes the text, which takes tables of Unicode.
    "4core3str19slice_error_fail_rt",
    // `Display` of `f64`, 6 kB under brotli: only serde uses it, to report a number of the wrong type. We read every
    // kind of value that JSON has (src/npm/value.rs), so serde never reports one.
    "4core3fmt5floatdNtB7_7Display3fmt",
];
/// The custom section that wasm-bindgen reads. Others are removed: without `target_features` its glue needs no tables
/// of references.
const NOTES: &str = "__wasm_bindgen_unstable";
/// Bytes of the magic number and the version.
const HEAD: usize = 8;
/// A body without locals that traps.
const TRAP: &[u8] = &[0, 0x00, 0x0b];

/// The module with those functions replaced by traps, and without names.
pub(super) fn trap_formatting(wasm: &[u8]) -> anyhow::Result<Vec<u8>> {
    let muted = functions(wasm, WORDS)?; // reads the head, too
    let mut out = wasm[..HEAD].to_vec();
    let (mut index, mut left, mut code) = (imported(wasm)?, 0, Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::CodeSectionStart { count, .. } => {
                left = count;
                code = leb(count as usize);
            }
            Payload::CodeSectionEntry(body) => {
                let body = if muted.contains(&index) { TRAP } else { body.as_bytes() };
                code.extend(leb(body.len()));
                code.extend(body);
                (index, left) = (index + 1, left - 1);
                if left == 0 {
                    push_section(&mut out, 10, &code);
                }
            }
            Payload::CustomSection(notes) if notes.name() != NOTES => {}
            other => {
                if let Some((id, range)) = other.as_section() {
                    push_section(&mut out, id, &wasm[range]);
                }
            }
        }
    }
    Ok(out)
}

/// The functions whose names have these ends; an error when one is missing.
fn functions(wasm: &[u8], ends: &[&str]) -> anyhow::Result<BTreeSet<u32>> {
    let mut found = BTreeSet::new();
    let mut missing: BTreeSet<_> = ends.iter().collect();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(notes) = payload? else { continue };
        let KnownCustom::Name(names) = notes.as_known() else { continue };
        for names in names {
            let Name::Function(names) = names? else { continue };
            for naming in names {
                let naming = naming?;
                if let Some(end) = ends.iter().find(|end| naming.name.ends_with(**end)) {
                    found.insert(naming.index);
                    missing.remove(end);
                }
            }
        }
    }
    match missing.first() {
        None => Ok(found),
        Some(end) => bail!(
            "no function's name ends in {end}: the compiler names it anew, or nothing calls it any more; see {}",
            file!()
        ),
    }
}

/// How many imported functions precede the module's own.
fn imported(wasm: &[u8]) -> anyhow::Result<u32> {
    Ok(u32::try_from(super::sections::imports(wasm)?.len())?)
}

fn push_section(out: &mut Vec<u8>, id: u8, content: &[u8]) {
    out.push(id);
    out.extend(leb(content.len()));
    out.extend(content);
}

/// A number in unsigned LEB128, as wasm encodes lengths.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that imports one function and has two of its own, with these names for all three.
    fn module(names: [&str; 3]) -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        push_section(&mut wasm, 1, &[1, 0x60, 0, 0]);
        push_section(&mut wasm, 2, &[1, 1, b'm', 1, b'f', 0, 0]);
        push_section(&mut wasm, 3, &[2, 0, 0]);
        push_section(&mut wasm, 10, &[2, 4, 0, 0x10, 0, 0x0b, 4, 0, 0x10, 1, 0x0b]);
        let mut map = vec![3];
        for (at, name) in (0..).zip(names) {
            map.push(at);
            map.extend(leb(name.len()));
            map.extend(name.as_bytes());
        }
        let mut notes = b"\x04name\x01".to_vec();
        notes.extend(leb(map.len()));
        notes.extend(map);
        push_section(&mut wasm, 0, &notes);
        wasm
    }

    fn bodies(wasm: &[u8]) -> Vec<Vec<u8>> {
        let bodies = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload.unwrap() {
            Payload::CodeSectionEntry(body) => Some(body.as_bytes().to_vec()),
            _ => None,
        });
        bodies.collect()
    }

    #[test]
    fn a_muted_function_traps_and_the_others_stay() {
        let wasm = module(["m.f", "own", "_RNvNtCsx_4core9panicking9panic_fmt"]);
        assert_eq!(functions(&wasm, &WORDS[..1]).unwrap(), [2].into());
        let all = WORDS.concat();
        let wasm = module([WORDS[1], WORDS[2], &all]);
        assert!(functions(&wasm, WORDS).is_err());
        let wasm = module([WORDS[0], WORDS[1], WORDS[2]]);
        let muted = trap_formatting(&wasm).unwrap();
        assert_eq!(bodies(&muted), [TRAP, TRAP]);
        assert_eq!(bodies(&wasm)[0], [0, 0x10, 0, 0x0b]);
        assert!(!muted.windows(4).any(|window| window == b"name"));
    }

    #[test]
    fn a_name_that_is_gone_fails_the_build() {
        let error = trap_formatting(&module(["m.f", "own", "other"])).unwrap_err().to_string();
        assert!(error.contains("no function's name ends in 4core"), "{error}");
    }

    #[test]
    fn lengths_are_written_as_wasm_reads_them() {
        assert_eq!(
            [leb(0), leb(127), leb(128), leb(300)],
            [vec![0], vec![0x7f], vec![0x80, 1], vec![0xac, 2]]
        );
    }
}
