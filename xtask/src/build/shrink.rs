//! Shrinks a module and compiles it to JavaScript, with binaryen's tools.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use super::NodeRuntime;
use super::sections::Import;
use crate::process::output;

/// The features that every browser since 2021 supports. `--all-features` would produce encodings that browsers
/// refuse.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-multivalue",
    "--enable-reference-types",
];

/// A module whose imports and exports have other names than wasm-bindgen gave them.
#[derive(Debug)]
pub(super) struct Shrunk {
    /// The module.
    pub(super) wasm: Vec<u8>,
    /// By the name in the module: the function as wasm-bindgen named it.
    imports: BTreeMap<String, Import>,
    /// By the name that wasm-bindgen gave: the name in the module.
    exports: BTreeMap<String, String>,
}

impl Shrunk {
    /// The function of the glue that is imported under this name.
    pub(super) fn function<'a>(&'a self, import: &'a Import) -> &'a str {
        self.imports.get(&import.name).map_or(&import.name, |import| &import.name)
    }

    /// The short name of this export in the module.
    pub(super) fn export<'a>(&'a self, name: &'a str) -> &'a str {
        self.exports.get(name).map_or(name, String::as_str)
    }
}

/// Optimises the module in place.
pub(super) fn optimise(node: &NodeRuntime, wasm: &Path) -> anyhow::Result<()> {
    // `--low-memory-unused` holds because Rust puts the stack first. Rebuilding control flow from flattened code and
    // then optimising once more saves 3 % under brotli.
    for passes in [&[][..], &["--flatten", "--rereloop"], &[]] {
        let mut tool = node.tool("wasm-opt");
        tool.arg(wasm).args(FEATURES).arg("--low-memory-unused").args(passes);
        tool.args(["-Oz", "--converge", "-o"]).arg(wasm);
        output(&mut tool)?;
    }
    Ok(())
}

/// The module with only these exports, optimised, and with short names of imports and exports.
pub(super) fn shrink(node: &NodeRuntime, wasm: &Path, exports: &BTreeSet<String>) -> anyhow::Result<Shrunk> {
    let roots = wasm.with_extension("roots.json");
    std::fs::write(&roots, graph(exports))?;
    let mut tool = node.tool("wasm-metadce");
    tool.arg(wasm).args(FEATURES).arg("--graph-file").arg(&roots).arg("-o").arg(wasm);
    output(&mut tool)?;
    optimise(node, wasm)?;
    // A run of its own: `--converge` would print a mapping for each of its rounds.
    let mut tool = node.tool("wasm-opt");
    tool.arg(wasm).args(FEATURES).arg("--minify-imports-and-exports-and-modules").arg("-o").arg(wasm);
    let mapping = output(&mut tool)?;
    let (imports, exports) = names(&mapping).context("wasm-opt printed no mapping of names")?;
    Ok(Shrunk { wasm: std::fs::read(wasm)?, imports, exports })
}

/// The graph for wasm-metadce, in which these exports are the roots.
fn graph(exports: &BTreeSet<String>) -> String {
    let root = |name: &String| serde_json::json!({ "name": name, "export": name, "root": true });
    exports.iter().map(root).collect::<serde_json::Value>().to_string()
}

type ShortNames = (BTreeMap<String, Import>, BTreeMap<String, String>);

/// Reads the mapping that wasm-opt prints.
fn names(mapping: &str) -> anyhow::Result<ShortNames> {
    #[derive(Deserialize)]
    struct Mapping {
        imports: Vec<(String, String, String)>,
        exports: Vec<(String, String)>,
    }
    let mapping: Mapping = serde_json::from_str(mapping)?;
    let imports = mapping.imports.into_iter();
    let imports = imports.map(|(module, name, short)| (short, Import { module, name })).collect();
    Ok((imports, mapping.exports.into_iter().collect()))
}

/// The module as a JavaScript function `wasm_instance(imports)` that gives its exports.
pub(super) fn as_javascript(node: &NodeRuntime, wasm: &Path) -> anyhow::Result<String> {
    // Works around wasm2js 132, which accepts a saturating conversion to 64 bits but produces invalid output.
    let lowered = wasm.with_extension("lowered.wasm");
    let mut tool = node.tool("wasm-opt");
    tool.arg(wasm).args(FEATURES).arg("--llvm-nontrapping-fptoint-lowering").arg("-o").arg(&lowered);
    output(&mut tool)?;
    let mut tool = node.tool("wasm2js");
    let module = output(tool.arg(&lowered).args(FEATURES).arg("-Oz").args(["-o", "-"]))?;
    function(&module).context("wasm2js wrote its module in another way than we know")
}

/// Makes a function of the module that wasm2js writes: imports first, its instance last.
fn function(module: &str) -> Option<String> {
    let (body, exports) = module.split_once("var retasmFunc = asmFunc(")?;
    exports.contains("retasmFunc.").then_some(())?;
    let body: String =
        body.lines().filter(|line| !line.starts_with("import ")).flat_map(|line| [line, "\n"]).collect();
    Some(format!("function wasm_instance(imports) {{\n{body}return asmFunc(imports);\n}}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_leads_from_short_names_to_long_ones() {
        let printed = r#"{ "imports": [["./x_bg.js", "__wbg_post", "a"]], "exports": [["memory", "b"]] }"#;
        let (imports, exports) = names(printed).unwrap();
        let shrunk = Shrunk { wasm: Vec::new(), imports, exports };
        let import = |name: &str| Import { module: "a".into(), name: name.into() };
        assert_eq!(shrunk.function(&import("a")), "__wbg_post");
        assert_eq!(shrunk.function(&import("z")), "z");
        assert_eq!((shrunk.export("memory"), shrunk.export("other")), ("b", "other"));
    }

    #[test]
    fn every_export_in_use_is_a_root() {
        let graph = graph(&["memory".into(), "capture".into()].into());
        assert_eq!(
            graph,
            r#"[{"export":"capture","name":"capture","root":true},{"export":"memory","name":"memory","root":true}]"#
        );
    }

    #[test]
    fn a_module_of_wasm2js_becomes_a_function() {
        let module = "import * as a from 'a';\nfunction asmFunc(imports) {\n return {};\n}\n\n\
                      var retasmFunc = asmFunc({\n  \"a\": a,\n});\nexport var i = retasmFunc.i;\n";
        let expected = "function wasm_instance(imports) {\nfunction asmFunc(imports) {\n return {};\n}\n\n\
                        return asmFunc(imports);\n}\n";
        assert_eq!(function(module).unwrap(), expected);
        assert_eq!(function("something else"), None);
    }
}
