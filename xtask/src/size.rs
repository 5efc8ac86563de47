//! `cargo xtask size`: the sizes of the artefacts, and whether they are within budget.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::build::{self, NodeRuntime, text};
use crate::page;

/// The arguments of `size`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Print the table only; leave docs/benchmarks.md as it is.
    #[arg(long)]
    dry: bool,
}

/// Bytes under brotli that the script may not pass: the smallest peer with a persistent retry queue.
const SCRIPT_BUDGET: usize = 7_310;
/// Bytes under brotli that the npm package may not pass: wasm, glue and entry point.
const PACKAGE_BUDGET: usize = 40_000;

/// What a site would otherwise load, in bytes under brotli 11: each vendor's hosted script, fetched and measured by
/// us in November 2026. `PartnerStackJS` is missing, because only its own host serves it.
const PEERS: &[(&str, usize)] = &[
    ("Dub", 1_510),
    ("RefRef", 1_553),
    ("Dub with conversion tracking", 1_895),
    ("FirstPromoter", 1_937),
    ("Umami", 1_941),
    ("Plausible", 2_497),
    ("Dub with all extensions", 2_513),
    ("Jitsu classic, the smallest with a persistent retry queue", 7_310),
    ("Snowplow", 15_642),
    ("Matomo", 19_064),
    ("Segment", 27_445),
    ("Mixpanel", 29_489),
    ("RudderStack", 30_427),
    ("Amplitude", 58_094),
    ("PostHog", 102_457),
];

/// A size in bytes: uncompressed, under gzip and under brotli.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Weight {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Builds, prints the table, writes it into docs/benchmarks.md, and fails over budget.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    let node = shipped(NodeRuntime::find(root)?)?;
    build::run(root)?;
    let work = tempfile::tempdir()?;
    let rows = rows(root, |module| node.minify_module(module, work.path()))?;
    let table = table(&rows);
    println!("{table}");
    if !options.dry {
        page::replace(&root.join("docs/benchmarks.md"), "Sizes", &section(&table))?;
    }
    let brotli = |title| rows.iter().find(|(row, _)| *row == title).map_or(0, |(_, weight)| weight.brotli);
    println!("{}", within(brotli(SCRIPT), brotli(PACKAGE))?);
    Ok(())
}

/// The tools that make what is shipped; without them other bytes would be compared with the budget.
fn shipped(node: Option<NodeRuntime>) -> anyhow::Result<NodeRuntime> {
    node.context(
        "sizes are those of what is shipped, and that takes node and npm: install both, then run this again",
    )
}

const SCRIPT: &str = "**`headwater.js`**";
const PACKAGE: &str = "**npm package**: wasm, glue and entry point";

/// What the script loads when a page asks for it.
const PARTS: [(&str, &str); 5] = [
    ("headwater-forms.js", "`headwater-forms.js`, only where forms are signups"),
    ("headwater-links.js", "`headwater-links.js`, only with `data-domains`"),
    ("headwater-checkout.js", "`headwater-checkout.js`, only with `decorateCheckout`"),
    ("headwater-consent.js", "`headwater-consent.js`, only with Google's consent mode"),
    ("headwater-debug.js", "`headwater-debug.js`, only with the overlay"),
];

/// Our artefacts with their parts. `minify` stands for a site's bundler.
fn rows(
    root: &Path,
    minify: impl Fn(&str) -> anyhow::Result<String>,
) -> anyhow::Result<Vec<(&'static str, Weight)>> {
    let read = |file: &str| std::fs::read(root.join(file)).with_context(|| format!("cannot read {file}"));
    let script = String::from_utf8(read("dist/headwater.js")?).context("dist/headwater.js is no text")?;
    let place = text::find(&script).context("there is no wasm in dist/headwater.js")?;
    let wasm = text::decode(&script[place.clone()]).context("the wasm in dist/headwater.js is damaged")?;
    let around = format!("{}{}", &script[..place.start], &script[place.end..]);
    let mut rows = vec![
        (SCRIPT, weigh(script.as_bytes())?),
        ("its wasm, before it became text", weigh(&wasm)?),
        ("its JavaScript, without the wasm", weigh(around.as_bytes())?),
    ];
    if let Ok(fallback) = read("dist/headwater-fallback.js") {
        rows.push(("`headwater-fallback.js`, only where wasm is forbidden", weigh(&fallback)?));
    }
    for (file, title) in PARTS {
        if let Ok(part) = read(&format!("dist/{file}")) {
            rows.push((title, weigh(&part)?));
        }
    }
    let wasm = weigh(&read("pkg/headwater_bg.wasm")?)?;
    let pkg = root.join("pkg");
    let modules = ["headwater.js", "index.js", "checkout.js"].map(|file| pkg.join(file));
    let mut glue = Weight::default();
    for module in modules.into_iter().filter(|module| module.exists()).chain(files(&pkg.join("snippets"))?) {
        let text = std::fs::read_to_string(&module)?;
        glue = glue.and(weigh(minify(&text)?.as_bytes())?);
    }
    rows.push((PACKAGE, wasm.and(glue)));
    rows.push(("its wasm", wasm));
    rows.push(("its JavaScript, minified as bundlers do", glue));
    Ok(rows)
}

/// The files below a directory.
fn files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !directory.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

impl Weight {
    /// The sum of two files, each compressed by itself, as they are loaded.
    fn and(self, other: Self) -> Self {
        Self { raw: self.raw + other.raw, gzip: self.gzip + other.gzip, brotli: self.brotli + other.brotli }
    }
}

fn weigh(bytes: &[u8]) -> anyhow::Result<Weight> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes)?;
    Ok(Weight { raw: bytes.len(), gzip: gzip.finish()?.len(), brotli: brotli(bytes)? })
}

/// Bytes under brotli at its best quality.
pub(crate) fn brotli(bytes: &[u8]) -> anyhow::Result<usize> {
    Ok(compress(bytes)?.len())
}

/// The bytes as a good CDN sends them: brotli at its best quality.
pub(crate) fn compress(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut brotli = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut brotli, &parameters)?;
    Ok(brotli)
}

fn table(rows: &[(&str, Weight)]) -> String {
    let mut table = String::from("| | bytes | gzip -9 | brotli -11 |\n|---|--:|--:|--:|\n");
    for (title, Weight { raw, gzip, brotli }) in rows {
        let (raw, gzip, brotli) = (thousands(*raw), thousands(*gzip), thousands(*brotli));
        writeln!(table, "| {title} | {raw} | {gzip} | {brotli} |").expect("text takes text");
    }
    for (title, brotli) in PEERS {
        writeln!(table, "| {title} | | | {} |", thousands(*brotli)).expect("text takes text");
    }
    table
}

/// A number with thousands separators.
fn thousands(number: usize) -> String {
    if number < 1000 {
        number.to_string()
    } else {
        format!("{},{:03}", thousands(number / 1000), number % 1000)
    }
}

fn section(table: &str) -> String {
    format!(
        "`cargo xtask size` writes this section and fails when the script weighs more than {} bytes or the npm
package more than {} (brotli -11). The rows below ours are what a site would otherwise load, weighed in November 2026.

{table}",
        thousands(SCRIPT_BUDGET),
        thousands(PACKAGE_BUDGET),
    )
}

/// Says how much is left of each budget, or fails.
fn within(script: usize, package: usize) -> anyhow::Result<String> {
    let mut lines = Vec::new();
    for (what, bytes, budget) in
        [("the script", script, SCRIPT_BUDGET), ("the npm package", package, PACKAGE_BUDGET)]
    {
        if bytes > budget {
            bail!(
                "{what} weighs {} bytes under brotli, {} over its budget of {}",
                thousands(bytes),
                thousands(bytes - budget),
                thousands(budget)
            );
        }
        lines.push(format!("{what}: {} bytes below its budget", thousands(budget - bytes)));
    }
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for directory in ["dist", "pkg/snippets/x"] {
            std::fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        let script = format!("a({})", text::literal(b"\0asm\x01\0\0\0", 0));
        for (file, content) in [
            ("dist/headwater.js", script.as_str()),
            ("pkg/headwater_bg.wasm", "wasm"),
            ("pkg/headwater.js", "glue!"),
            ("pkg/index.js", "index!"),
            ("pkg/snippets/x/browser.js", "snippet"),
        ] {
            std::fs::write(root.path().join(file), content).unwrap();
        }
        root
    }

    #[test]
    fn everything_a_page_loads_is_weighed() {
        let root = checkout();
        let minify = |module: &str| Ok(module.replace('!', ""));
        let raw = |title: &str| {
            let rows = rows(root.path(), minify).unwrap();
            rows.iter().find(|(row, _)| *row == title).map(|(_, weight)| weight.raw)
        };
        assert_eq!(raw(SCRIPT), Some("a(``)".len() + r"\0asm".len() + 1 + r"\0\0\0".len()));
        assert_eq!(raw("its wasm, before it became text"), Some(8));
        assert_eq!(raw("its JavaScript, without the wasm"), Some("a()".len()));
        assert_eq!(raw(PACKAGE), Some("wasmglueindexsnippet".len()));
        assert_eq!(rows(root.path(), minify).unwrap().len(), 6);
        std::fs::write(root.path().join("dist/headwater-fallback.js"), "x").unwrap();
        assert_eq!(rows(root.path(), minify).unwrap().len(), 7);
        std::fs::write(root.path().join("dist/headwater-forms.js"), "x").unwrap();
        assert_eq!(rows(root.path(), minify).unwrap().len(), 8);
    }

    #[test]
    fn a_weight_is_that_of_the_compressed_bytes() {
        let weight = weigh(&[b'a'; 10_000]).unwrap();
        assert_eq!(weight.raw, 10_000);
        assert!(weight.brotli < weight.gzip && weight.gzip < 100, "{weight:?}");
    }

    #[test]
    fn over_budget_fails_and_says_by_how_much() {
        assert!(within(SCRIPT_BUDGET, PACKAGE_BUDGET).is_ok());
        let error = within(SCRIPT_BUDGET + 1, 0).unwrap_err().to_string();
        assert_eq!(error, "the script weighs 7,311 bytes under brotli, 1 over its budget of 7,310");
        assert!(within(0, PACKAGE_BUDGET + 1).unwrap_err().to_string().contains("npm package"));
    }

    #[test]
    fn a_machine_without_node_is_told_so_and_passes_no_budget() {
        assert!(shipped(None).unwrap_err().to_string().contains("install both"));
    }

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(
            ["0", "999", "1,000", "102,457"].map(str::to_owned),
            [0, 999, 1000, 102_457].map(thousands)
        );
    }
}
