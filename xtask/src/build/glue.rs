//! The JavaScript around the wasm module as one classic script. What wasm-bindgen wrote as several ES modules for a
//! bundler goes into one scope here, without import and export, and without what a tracker does not need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::sections::Import;
use super::wasm::NAME;

/// Shorter replacements of functions in wasm-bindgen's glue. They keep no views of the memory: making a view is as
/// fast as checking a kept one, and under wasm2js a kept view would read the old buffer after the memory has grown.
const SHORTER: &[(&str, &str)] = &[
    // The memory stays below 2 GiB, so an address is never negative.
    ("getArrayU8FromWasm0", "(ptr, len) { return new Uint8Array(wasm.memory.buffer, ptr, len); }"),
];

/// Reads what wasm-bindgen wrote for a bundler: the snippets the glue imports, then the glue.
pub(super) fn read(directory: &Path) -> anyhow::Result<String> {
    let read = |file: &str| {
        std::fs::read_to_string(directory.join(file)).with_context(|| format!("wasm-bindgen wrote no {file}"))
    };
    let glue = plain(&read(&format!("{NAME}_bg.js"))?)?;
    let mut parts = Vec::new();
    for (module, names) in &glue.imports {
        let snippet = plain(&read(module)?)?;
        if let Some(other) = snippet.imports.keys().next() {
            bail!("{module} imports {other}, which wasm-bindgen does not bring along");
        }
        parts.push(with_names(snippet.text, names, module)?);
    }
    let mut own = shorter(&glue.text);
    if read(&format!("{NAME}.js"))?.contains("__wbindgen_start") {
        own = own.replacen("wasm = val;", "wasm = val;\n    wasm.__wbindgen_start();", 1);
    }
    parts.push(own);
    Ok(parts.join("\n"))
}

/// A hand-written file, preceded by those it imports, each once. `known` holds the files that are already included.
pub(super) fn inlined(file: &Path, known: &mut BTreeSet<PathBuf>) -> anyhow::Result<String> {
    let shown = file.display();
    let source = std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    let module = plain(&source).with_context(|| shown.to_string())?;
    let mut text = String::new();
    for (from, names) in &module.imports {
        let path = file.with_file_name(from).canonicalize();
        let path = path.with_context(|| format!("{shown} imports {from}, which is not there"))?;
        if known.insert(path.clone()) {
            text += &with_names(inlined(&path, known)?, names, from)?;
        } else {
            text += &renamings(names);
        }
    }
    Ok(text + &module.text)
}

/// A module's text, and `const` lines for the names under which another module imports from it.
fn with_names(text: String, names: &BTreeSet<(String, String)>, module: &str) -> anyhow::Result<String> {
    let defined: BTreeSet<_> = text.lines().filter_map(declared).collect();
    match names.iter().find(|(theirs, _)| !defined.contains(&**theirs)) {
        Some((missing, _)) => bail!("{missing} is wanted from {module}, which does not define it"),
        None => Ok(text + &renamings(names)),
    }
}

fn renamings(names: &BTreeSet<(String, String)>) -> String {
    let renamed = names.iter().filter(|(theirs, ours)| theirs != ours);
    renamed.flat_map(|(theirs, ours)| ["const ", ours, " = ", theirs, ";\n"]).collect()
}

/// A module's text for a scope shared with others.
#[derive(Debug, PartialEq, Eq)]
struct Plain {
    text: String,
    /// The imported names by module: the exported name and the local one.
    imports: BTreeMap<String, BTreeSet<(String, String)>>,
}

/// Removes `import` and `export` from a module.
fn plain(module: &str) -> anyhow::Result<Plain> {
    let mut plain = Plain { text: String::new(), imports: BTreeMap::new() };
    for line in module.lines() {
        if let Some(rest) = line.strip_prefix("import ") {
            let (names, from) = imported(rest).with_context(|| format!("`{line}` cannot be inlined"))?;
            plain.imports.entry(from).or_default().extend(names);
            continue;
        }
        let line = match line.strip_prefix("export ") {
            Some(rest) if ["{", "*", "default "].iter().any(|other| rest.starts_with(other)) => {
                bail!("`{line}` cannot be inlined: export where you declare")
            }
            rest => rest.unwrap_or(line),
        };
        plain.text.push_str(line);
        plain.text.push('\n');
    }
    Ok(plain)
}

/// `{ a, b as c } from './module.js';`
fn imported(rest: &str) -> Option<(Vec<(String, String)>, String)> {
    let (names, from) = rest.strip_prefix('{')?.split_once('}')?;
    let from = from.trim().strip_prefix("from ")?.trim_end_matches(';').trim_matches(['\'', '"']);
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    let pair = |name: &str| {
        let (theirs, ours) = name.split_once(" as ").unwrap_or((name, name));
        (theirs.to_owned(), ours.to_owned())
    };
    Some((names.map(pair).collect(), from.to_owned()))
}

/// The glue with the shorter functions in place.
fn shorter(glue: &str) -> String {
    let mut glue = glue.to_owned();
    for (name, body) in SHORTER {
        let opening = format!("function {name}(");
        if glue.lines().any(|line| line.starts_with(&opening)) {
            let rest = without_block(&glue, &opening);
            glue = format!("{rest}function {name}{body}\n");
        }
    }
    glue
}

/// The text without the block that begins with the line `opening` and ends at the next line that is a closing brace.
fn without_block(text: &str, opening: &str) -> String {
    let mut inside = false;
    let mut rest = String::with_capacity(text.len());
    for line in text.lines() {
        inside |= line.starts_with(opening);
        if !inside {
            rest.push_str(line);
            rest.push('\n');
        }
        inside &= line != "}" && !(line.starts_with(opening) && line.ends_with('}'));
    }
    rest
}

/// Fails when a name is declared twice at the top level: the second of two functions would silently win.
pub(super) fn check(text: &str) -> anyhow::Result<()> {
    let mut known = BTreeSet::new();
    match text.lines().filter_map(declared).find(|name| !known.insert(*name)) {
        Some(name) => {
            bail!("{name} has two definitions in the script: in Rust, src/browser.js or src/shell.js")
        }
        None => Ok(()),
    }
}

/// The name that a line declares at the top level.
fn declared(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").unwrap_or(line);
    let words = ["function* ", "function ", "const ", "let ", "class "];
    let name = identifier(words.iter().find_map(|word| line.strip_prefix(word))?);
    (!name.is_empty()).then_some(name)
}

/// The identifier at the beginning of a text.
fn identifier(text: &str) -> &str {
    let end = text.find(|character: char| !is_identifier(character)).unwrap_or(text.len());
    &text[..end]
}

fn is_identifier(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// The exports of the module that the glue uses: the names after `wasm.`.
pub(super) fn exports(glue: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    renamed(glue, |name| {
        names.insert(name.to_owned());
        name
    });
    names
}

/// The glue with the names after `wasm.` replaced.
pub(super) fn renamed<'a>(glue: &'a str, mut rename: impl FnMut(&'a str) -> &'a str) -> String {
    let mut text = String::with_capacity(glue.len());
    let mut done = 0;
    for (at, member) in glue.match_indices("wasm.") {
        if glue[..at].ends_with(|before: char| is_identifier(before) || before == '.') {
            continue;
        }
        let start = at + member.len();
        let name = identifier(&glue[start..]);
        text.push_str(&glue[done..start]);
        text.push_str(rename(name));
        done = start + name.len();
    }
    text + &glue[done..]
}

/// The glue, followed by the module's import object. `functions` maps each import to a function of the glue.
pub(super) fn with_imports<'a>(
    glue: &str,
    imports: &'a [Import],
    functions: impl Fn(&'a Import) -> &'a str,
) -> anyhow::Result<String> {
    let defined: BTreeSet<_> = glue.lines().filter_map(declared).collect();
    let mut modules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for import in imports {
        let function = functions(import);
        if !defined.contains(function) {
            bail!("the module imports {function}, which neither the glue nor src/browser.js defines");
        }
        modules.entry(&import.module).or_default().push(format!("{}: {function}", import.name));
    }
    let modules: Vec<_> = modules
        .iter()
        .map(|(module, members)| format!("\"{module}\": {{ {} }}", members.join(", ")))
        .collect();
    Ok(format!("{glue}\nconst wasm_imports = {{ {} }};\n", modules.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_becomes_text_for_a_shared_scope() {
        let module = "import { a, b as c } from './snippets/x/browser.js';\nexport function f() {}\nlet g;\n";
        let plain = plain(module).unwrap();
        assert_eq!(plain.text, "function f() {}\nlet g;\n");
        let names = [("a".into(), "a".into()), ("b".into(), "c".into())];
        assert_eq!(plain.imports, [("./snippets/x/browser.js".into(), names.into())].into());
    }

    #[test]
    fn what_cannot_be_inlined_is_refused() {
        for line in ["export { a };", "export default 1;", "export * from 'a';", "import a from 'a';"] {
            assert!(plain(line).unwrap_err().to_string().contains(line), "{line}");
        }
    }

    #[test]
    fn bytes_are_read_without_a_cached_view() {
        let glue = "function getArrayU8FromWasm0(ptr, len) {\n    long;\n}\nlet end;\n";
        let short = shorter(glue);
        assert!(short.starts_with("let end;\n") && !short.contains("long"), "{short}");
        assert!(short.contains("new Uint8Array(wasm.memory.buffer, ptr, len)"), "{short}");
    }

    #[test]
    fn a_snippet_that_lacks_an_imported_name_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| std::fs::write(directory.path().join(file), text).unwrap();
        write("headwater.js", "");
        write(
            "headwater_bg.js",
            "import { a, b as c } from './browser.js';\nexport function f() { a(c()); }\n",
        );
        write("browser.js", "export const a = 1;\n");
        let error = read(directory.path()).unwrap_err().to_string();
        assert!(error.starts_with("b is wanted from ./browser.js"), "{error}");
        write("browser.js", "export const a = 1;\nexport async function b() {}\n");
        let text = read(directory.path()).unwrap();
        assert!(text.contains("const c = b;\n") && !text.contains("import"), "{text}");
    }

    #[test]
    fn a_file_that_two_others_import_is_there_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = |file: &str| directory.path().canonicalize().unwrap().join(file);
        std::fs::create_dir(path("npm")).unwrap();
        let write = |file: &str, text: &str| std::fs::write(path(file), text).unwrap();
        write(
            "shell.js",
            "import { a } from './npm/a.js';\nimport { b as c } from './b.js';\nimport { d as e } from './d.js';\na(c, e);\n",
        );
        write("npm/a.js", "import { b } from '../b.js';\nexport const a = b;\n");
        write("b.js", "export const b = 1;\n");
        let mut known = [path("d.js")].into();
        assert!(inlined(&path("shell.js"), &mut known).unwrap_err().to_string().contains("./d.js"));
        write("d.js", "export const d = 1;\n");
        let mut known = [path("d.js")].into();
        let text = inlined(&path("shell.js"), &mut known).unwrap();
        assert_eq!(text, "const b = 1;\nconst c = b;\nconst e = d;\nconst a = b;\na(c, e);\n");
    }

    #[test]
    fn a_function_that_is_not_there_is_not_added() {
        assert_eq!(shorter("let a;\n"), "let a;\n");
    }

    #[test]
    fn one_name_for_two_things_is_an_error() {
        check("function a() {\n    const b = 1;\n}\nconst b = 1;\n").unwrap();
        for text in
            ["function ab() {}\nasync function ab() {}\n", "const ab = 1;\nlet a;\nfunction ab() {}\n"]
        {
            assert!(check(text).unwrap_err().to_string().starts_with("ab has two definitions"), "{text}");
        }
    }

    #[test]
    fn only_members_of_the_module_are_renamed() {
        let glue = "wasm.memory.buffer;mywasm.memory;a.wasm.memory;f(wasm.memory2, wasm.memory)";
        assert_eq!(exports(glue), ["memory".into(), "memory2".into()].into());
        let short = renamed(glue, |name| if name == "memory" { "i" } else { name });
        assert_eq!(short, "wasm.i.buffer;mywasm.memory;a.wasm.memory;f(wasm.memory2, wasm.i)");
        assert_eq!(renamed("none", |name| name), "none");
    }

    fn function(import: &Import) -> &str {
        if import.name == "y" { "long" } else { &import.name }
    }

    #[test]
    fn the_import_object_has_what_the_module_wants() {
        let import = |module: &str, name: &str| Import { module: module.into(), name: name.into() };
        let imports = [import("./b.js", "x"), import("a", "y"), import("./b.js", "z")];
        let glue = "function x() {}\nconst long = x;\nlet z;\n";
        let text = with_imports(glue, &imports, function).unwrap();
        let object = r#"const wasm_imports = { "./b.js": { x: x, z: z }, "a": { y: long } };"#;
        assert_eq!(text, format!("{glue}\n{object}\n"));
        let error = with_imports("function x() {}\nlet z;", &imports, function).unwrap_err().to_string();
        assert!(error.contains("imports long"), "{error}");
    }
}
