//! `headwater.js` and its fallback: one classic script each, everything included.

use std::path::Path;

use anyhow::{Context as _, bail};

use super::wasm::{self, Artefact, NAME};
use super::{Node, glue, shrink, text};

/// The scripts, as they are served.
#[derive(Debug)]
pub(super) struct Scripts {
    /// The one that pages load; its wasm is carried as text.
    pub(super) script: String,
    /// What it loads where wasm is forbidden; missing when there was no wasm2js.
    pub(super) fallback: Option<String>,
}

/// Stands for the module while the text around it is minified, so that nothing reads 20 kB of escapes as code.
const PLACE: &str = "HEADWATER_WASM";

/// Builds both scripts; files in between are put below `work`.
pub(super) fn build(root: &Path, node: Option<&Node>, work: &Path) -> anyhow::Result<Scripts> {
    let directory = work.join("script");
    wasm::build(root, Artefact::Script, &directory)?;
    let read =
        |file: &str| std::fs::read_to_string(root.join(file)).with_context(|| format!("cannot read {file}"));
    let glue = glue::read(&directory)?;
    let shell = glue::inlined(&read("src/shell.js")?).context("src/shell.js")?;
    let wasm = directory.join(format!("{NAME}_bg.wasm"));

    let Some(node) = node else {
        let bytes = std::fs::read(&wasm)?;
        let imports = wasm::imports(&bytes)?;
        let imports = glue::import_object(&imports, |import| &import.name);
        let script = whole(&[&glue, &imports_and(&imports, PLACE), &shell], false);
        return Ok(Scripts { script: with_wasm(&script, &bytes)?, fallback: None });
    };
    let shrunk = shrink::shrink(node, &wasm, &glue::exports(&glue))?;
    if wasm::crosses_with_64_bits(&shrunk.wasm)? {
        bail!(
            "a function between Rust and JavaScript has a 64-bit integer, which the fallback splits: use f64"
        );
    }
    let glue = glue::renamed(&glue, |name| shrunk.export(name));
    let imports = wasm::imports(&shrunk.wasm)?;
    let imports = glue::import_object(&imports, |import| shrunk.function(import));
    let script = whole(&[&glue, &imports_and(&imports, PLACE), &shell], false);
    let script = with_wasm(&node.minify(&script, work)?, &shrunk.wasm)?;
    let instance = shrink::as_javascript(node, &wasm)?;
    let fallback = whole(&[&glue, &instance, &imports_and(&imports, "\"\""), &shell], true);
    Ok(Scripts { script, fallback: Some(node.minify(&fallback, work)?) })
}

fn imports_and(imports: &str, wasm_text: &str) -> String {
    format!("const wasm_imports = {imports};\nconst wasm_text = {wasm_text};\n")
}

/// The parts in one scope of their own.
fn whole(parts: &[&str], fallback: bool) -> String {
    format!("(() => {{\n'use strict';\nconst FALLBACK = {fallback};\n{}\n}})();\n", parts.join("\n"))
}

/// The script with the module in its place, read back as a browser reads it.
fn with_wasm(script: &str, wasm: &[u8]) -> anyhow::Result<String> {
    if script.matches(PLACE).count() != 1 {
        bail!("src/shell.js has to use wasm_text, and to make only one module of it");
    }
    let script = script.replace(PLACE, &text::literal(wasm));
    let found = text::find(&script).and_then(|place| text::decode(&script[place]));
    if found.as_deref() != Some(wasm) {
        bail!("the module in the script is not the module that was built");
    }
    Ok(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_one_strict_scope() {
        let script = whole(&["let a;", "let b;"], true);
        assert_eq!(script, "(() => {\n'use strict';\nconst FALLBACK = true;\nlet a;\nlet b;\n})();\n");
    }

    #[test]
    fn the_module_takes_its_place_once() {
        let wasm = b"\0asm\x01\0\0\0$`";
        let script = with_wasm("let a=HEADWATER_WASM;b(a)", wasm).unwrap();
        assert_eq!(script, "let a=`\\0asm\x01\\0\\0\\0$\\``;b(a)");
        for script in ["", "a(HEADWATER_WASM,HEADWATER_WASM)"] {
            assert!(with_wasm(script, wasm).unwrap_err().to_string().contains("wasm_text"), "{script}");
        }
    }

    #[test]
    fn what_is_no_module_is_not_put_into_a_script() {
        assert!(with_wasm("a(HEADWATER_WASM)", b"text").is_err());
    }
}
