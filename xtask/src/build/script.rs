//! `headwater.js` and its fallback: one classic script each, everything included.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::bail;

use super::blank_panic_texts::blank_panic_texts;
use super::sections;
use super::wasm::{self, NAME, WasmArtefact};
use super::{NodeRuntime, glue, shrink, text};
use crate::size;

/// The scripts as they are served.
#[derive(Debug)]
pub(super) struct BuiltScripts {
    /// The script that pages load; it holds its wasm as text.
    pub(super) script: String,
    /// The script that it loads where wasm is forbidden; `None` without wasm2js.
    pub(super) fallback: Option<String>,
    /// The parts that it loads when a page needs them: file name and text.
    pub(super) parts: Vec<(String, String)>,
}

/// The parts: `src/parts/<name>.js`, served as `headwater-<name>.js`.
const PARTS: [&str; 5] = ["forms", "links", "checkout", "consent", "debug"];

/// A placeholder for the module while the text around it is minified, so that the minifier does not parse 20 kB of
/// escapes.
const PLACE: &str = "HEADWATER_WASM";
/// The constant in `src/shell.js` that holds what was added to each byte of the module.
const SHIFT: &str = "WASM_SHIFT";
/// The shifts to try. Under a low shift the frequent bytes just below 256 wrap around to low values, which take one
/// byte in UTF-8 and not two.
const SHIFTS: std::ops::RangeInclusive<u8> = 0..=8;

/// Builds the scripts and parts; intermediate files go below `work`.
pub(super) fn build(root: &Path, node: Option<&NodeRuntime>, work: &Path) -> anyhow::Result<BuiltScripts> {
    let directory = work.join("script");
    wasm::build(root, WasmArtefact::Script, &directory)?;
    let glue = glue::read(&directory)?;
    // wasm-bindgen has already included this file in the glue.
    let mut known = [root.join("src/browser.js").canonicalize()?].into();
    let shell = glue::inlined(&root.join("src/shell.js"), &mut known)?;
    glue::check(&format!("{glue}{shell}"))?;
    let wasm = directory.join(format!("{NAME}_bg.wasm"));
    std::fs::write(&wasm, blank_panic_texts(std::fs::read(&wasm)?)?)?;

    let parts = PARTS.map(|name| {
        let text = glue::inlined(&root.join(format!("src/parts/{name}.js")), &mut BTreeSet::new())?;
        let text = format!("(() => {{\n'use strict';\n{text}\n}})();\n");
        let text = node.map_or(Ok(text.clone()), |node| node.minify(&text, work))?;
        anyhow::Ok((format!("headwater-{name}.js"), text))
    });
    let parts = parts.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let Some(node) = node else {
        let wasm = std::fs::read(&wasm)?;
        let glue = glue::with_imports(&glue, &sections::imports(&wasm)?, |import| &import.name)?;
        let script = whole(&[&glue, &shell], false, 0);
        return Ok(BuiltScripts { script: with_wasm(&script, &wasm, 0)?, fallback: None, parts });
    };
    let shrunk = shrink::shrink(node, &wasm, &glue::exports(&glue))?;
    if sections::crosses_with_64_bits(&shrunk.wasm)? {
        bail!(
            "a function between Rust and JavaScript takes or gives 64 bits, which the fallback splits: use f64"
        );
    }
    let glue = glue::renamed(&glue, |name| shrunk.export(name));
    let imports = sections::imports(&shrunk.wasm)?;
    let glue = glue::with_imports(&glue, &imports, |import| shrunk.function(import))?;
    let shift = if shell.contains(SHIFT) { best_shift(&shrunk.wasm)? } else { 0 };
    let script = node.minify(&whole(&[&glue, &shell], false, shift), work)?;
    let instance = shrink::as_javascript(node, &wasm)?;
    let fallback = whole(&[&glue, &instance, &shell], true, 0);
    Ok(BuiltScripts {
        script: with_wasm(&script, &shrunk.wasm, shift)?,
        fallback: Some(node.minify(&fallback, work)?),
        parts,
    })
}

/// The shift that gives the smallest script under brotli.
fn best_shift(wasm: &[u8]) -> anyhow::Result<u8> {
    let mut best = (usize::MAX, 0);
    for shift in SHIFTS {
        best = best.min((size::brotli(text::literal(wasm, shift).as_bytes())?, shift));
    }
    Ok(best.1)
}

/// The parts in one function scope. The module is its argument at the end: in front of the code, or within it, it
/// compresses worse.
fn whole(parts: &[&str], fallback: bool, shift: u8) -> String {
    let module = if fallback { "''" } else { PLACE };
    let constants = format!("const FALLBACK = {fallback};\nconst {SHIFT} = {shift};\n");
    let parts = parts.join("\n");
    format!("((wasm_text) => {{\n'use strict';\n{constants}{parts}\n}})({module});\n")
}

/// The script with the module in place of the placeholder; checks that a browser would read back the same module.
fn with_wasm(script: &str, wasm: &[u8], shift: u8) -> anyhow::Result<String> {
    if script.matches(PLACE).count() != 1 {
        bail!("src/shell.js has to use wasm_text, and to make only one module of it");
    }
    let script = script.replace(PLACE, &text::literal(wasm, shift));
    let found = text::find(&script).and_then(|place| text::decode(&script[place]));
    if found.as_deref() != Some(wasm) {
        bail!("the module in the script is not the module that was built");
    }
    Ok(script)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn a_script_is_one_scope_that_takes_its_module_last() {
        let script = whole(&["let a;", "let b;"], false, 3);
        let body = "'use strict';\nconst FALLBACK = false;\nconst WASM_SHIFT = 3;\nlet a;\nlet b;\n";
        assert_eq!(script, format!("((wasm_text) => {{\n{body}}})(HEADWATER_WASM);\n"));
        assert!(whole(&[], true, 0).ends_with("})('');\n"));
    }

    #[test]
    fn the_module_takes_its_place_once() {
        let wasm = b"\0asm\x01\0\0\0$`";
        let script = with_wasm("let a=HEADWATER_WASM;b(a)", wasm, 0).unwrap();
        assert_eq!(script, "let a=`\\0asm\x01\\0\\0\\0$\\``;b(a)");
        for script in ["", "a(HEADWATER_WASM,HEADWATER_WASM)"] {
            assert!(with_wasm(script, wasm, 0).unwrap_err().to_string().contains("wasm_text"), "{script}");
        }
    }

    #[test]
    fn what_is_no_module_is_not_put_into_a_script() {
        assert!(with_wasm("a(HEADWATER_WASM)", b"text", 0).is_err());
    }

    #[test]
    fn the_best_shift_moves_the_frequent_bytes_below_128() {
        let bytes: Vec<u8> =
            Sha256::digest(b"seed").iter().flat_map(|byte| [252 + byte % 4, 252 + byte / 64]).collect();
        let shift = best_shift(&bytes).unwrap();
        assert!(shift >= 4, "{shift}");
    }
}
