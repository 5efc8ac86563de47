//! `xtask-bindgen bundler|web MODULE DIRECTORY NAME`: the glue of a wasm module, as the `wasm-bindgen` command line
//! would write it. The library compiles without the command line's HTTP server and TLS client, which only browser
//! tests need.

use std::path::Path;

use anyhow::{Context as _, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let [target, module, directory, name] = arguments[..] else {
        bail!("usage: xtask-bindgen bundler|web MODULE DIRECTORY NAME");
    };
    let mut bindgen = Bindgen::new();
    match target {
        "bundler" => bindgen.bundler(true)?.typescript(false),
        "web" => bindgen.web(true)?.typescript(true),
        other => bail!("`{other}` is neither bundler nor web"),
    };
    bindgen.input_path(Path::new(module)).out_name(name);
    bindgen.remove_name_section(true).remove_producers_section(true);
    // The library's default is `true`; then the package's glue would not find its own wasm.
    bindgen.omit_default_module_path(false);
    bindgen.generate(directory).with_context(|| format!("no glue for {module}"))
}
