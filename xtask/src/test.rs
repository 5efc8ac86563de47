//! `cargo xtask test`: native tests, the tracker in a browser, the journeys end to end, and the styles of integration.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::process::{self, cargo};
use crate::{binaries, bundlers, tools};

/// Where tests run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The browsers in which the styles of integration run; what is missing is installed where we may.
    #[arg(long, value_enum, default_value_t)]
    engines: tools::Engines,
    /// In place of all that: the npm package in Vite and Next, which takes node and some hundred megabytes.
    #[arg(long)]
    bundlers: bool,
}

/// Runs every kind of test; the styles come last, so that a test runner's own line ends the output.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    if options.bundlers {
        return bundlers::check(root);
    }
    let engines = options.engines.each();
    let names: Vec<_> = engines.iter().map(|engine| engine.name()).collect();
    native(root)?;
    let browser = tools::browser()?;
    in_browser(root, &browser)?;
    journeys(root, &browser)?;
    println!("the styles of integration run in {}", names.join(", "));
    engines.iter().try_for_each(|engine| styles(root, *engine))
}

/// Everything that runs without a browser.
fn native(root: &Path) -> anyhow::Result<()> {
    let excluded = ["--exclude", "headwater-tracker", "--exclude", "headwater-journeys"];
    run_in(root, cargo().args(["test", "--workspace"]).args(excluded))
}

/// The tracker's own suite, compiled to wasm and run in a headless browser.
fn in_browser(root: &Path, browser: &tools::Browser) -> anyhow::Result<()> {
    tools::wasm_target()?;
    let wasm_bindgen = tools::wasm_bindgen(root)?;
    let mut wasm_pack = Command::new(tools::wasm_pack()?);
    wasm_pack.args(["test", "--headless", "--chrome", "--mode", "no-install", "--chromedriver"]);
    // The other packages of the workspace do not compile to wasm.
    wasm_pack.arg(&browser.driver).args([".", "-p", "headwater-tracker"]);
    let settings = tempfile::NamedTempFile::new()?;
    std::fs::write(settings.path(), with_binary(root, &browser.binary)?)?;
    wasm_pack.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", settings.path());
    // wasm-pack looks for the runner beside the `wasm-bindgen` it finds on the path.
    wasm_pack.env("PATH", before_path(&wasm_bindgen)?);
    run_in(root, &mut wasm_pack)
}

/// The settings in webdriver.json, and which browser it is: a driver looks for Chrome under few names only.
fn with_binary(root: &Path, binary: &Path) -> anyhow::Result<String> {
    let settings =
        std::fs::read_to_string(root.join("webdriver.json")).context("cannot read webdriver.json")?;
    let mut settings: serde_json::Value = serde_json::from_str(&settings).context("webdriver.json")?;
    settings["goog:chromeOptions"]["binary"] = binary.to_string_lossy().into();
    Ok(settings.to_string())
}

/// A `PATH` on which the directory of this tool comes first.
fn before_path(tool: &Path) -> anyhow::Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = tool.parent().map(PathBuf::from).into_iter().filter(|own| !own.as_os_str().is_empty());
    std::env::join_paths(own.chain(std::env::split_paths(&path))).context("PATH cannot be extended")
}

/// The journeys: real binaries, a real browser.
fn journeys(root: &Path, browser: &tools::Browser) -> anyhow::Result<()> {
    let binaries = binaries::build(root, binaries::Speed::Debug)?;
    let mut journeys = cargo();
    journeys.args(["test", "-p", "headwater-journeys", "--lib", "--test", "journeys"]);
    journeys.env("HEADWATER_JOURNEYS_BINARIES", binaries);
    journeys.env("HEADWATER_JOURNEYS_BROWSER", &browser.binary);
    journeys.env("HEADWATER_JOURNEYS_DRIVER", &browser.driver);
    run_in(root, &mut journeys)
}

/// The styles of integration: the script of `dist/`, in one engine.
fn styles(root: &Path, engine: tools::Engine) -> anyhow::Result<()> {
    let browser = tools::install(engine)?;
    let displayed = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let cargo = cargo();
    let mut styles = if engine.needs_display() && !displayed {
        let mut with_display = Command::new("xvfb-run");
        with_display.arg("--auto-servernum").arg(cargo.get_program());
        with_display
    } else {
        cargo
    };
    styles.args(["test", "-p", "headwater-journeys", "--test", "styles"]);
    styles.env("HEADWATER_JOURNEYS_ENGINE", engine.name());
    styles.env("HEADWATER_JOURNEYS_BROWSER", &browser.binary);
    styles.env("HEADWATER_JOURNEYS_DRIVER", &browser.driver);
    run_in(root, &mut styles)
}

fn run_in(root: &Path, command: &mut Command) -> anyhow::Result<()> {
    process::run(command.current_dir(root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_that_was_found_is_named_to_the_driver() {
        let settings = with_binary(&crate::root(), Path::new("/somewhere/chromium")).unwrap();
        let settings: serde_json::Value = serde_json::from_str(&settings).unwrap();
        assert_eq!(settings["goog:chromeOptions"]["binary"], "/somewhere/chromium");
        assert!(settings["goog:chromeOptions"]["args"].as_array().is_some_and(|args| !args.is_empty()));
    }
}
