//! `cargo xtask test`: native tests, the tracker in a browser, the journeys end to end, and the styles of integration.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::build::{self, NodeRuntime};
use crate::cluster::Cluster;
use crate::process::{self, cargo};
use crate::{binaries, bundlers, endpoints, tools};

/// Where tests run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The browsers in which the npm package's suite and the styles of integration run. Missing ones are installed
    /// where we may.
    #[arg(long, value_enum, default_value_t)]
    engines: tools::Engines,
    /// Instead test the npm package in Vite and Next, which takes node and some hundred megabytes.
    #[arg(long)]
    bundlers: bool,
}

/// The environment variable with the address of the database that tests use in place of files.
pub(crate) const DATABASE: &str = "HEADWATER_TEST_DATABASE";
/// Packages whose tests run by other commands.
pub(crate) const EXCLUDED: [&str; 4] = ["--exclude", "headwater-tracker", "--exclude", "headwater-journeys"];

/// Runs every kind of test; the styles come last, so that a test runner's own line ends the output.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    if options.bundlers {
        return bundlers::check(root);
    }
    let engines = options.engines.each();
    let names: Vec<_> = engines.iter().map(|engine| engine.name()).collect();
    native(root)?;
    let cluster = Cluster::start()?;
    on_postgres(root, &cluster)?;
    println!("the npm package's suite and the styles of integration run in {}", names.join(", "));
    engines.iter().try_for_each(|engine| in_browser(root, *engine))?;
    journeys(root, &tools::browser()?, &cluster)?;
    drop(cluster);
    engines.iter().try_for_each(|engine| styles(root, *engine))
}

/// Everything that runs without a browser.
fn native(root: &Path) -> anyhow::Result<()> {
    endpoints::forget(root)?;
    // The feature is on because the modules of `bench` have tests, too.
    run_in(root, cargo().args(["test", "--workspace", "--features", "xtask/bench"]).args(EXCLUDED))?;
    endpoints::check(root)
}

/// Runs the tests that use a store once more on PostgreSQL, and those that need several processes on one database.
fn on_postgres(root: &Path, cluster: &Cluster) -> anyhow::Result<()> {
    println!("what stores runs again, on a PostgreSQL of its own");
    let mut suites = cargo();
    // The same packages and features as above, so that nothing is compiled again.
    suites.args(["test", "--workspace", "--features", "xtask/bench"]).args(EXCLUDED);
    suites.args([
        "--lib",
        "--test",
        "api",
        "--test",
        "relay_and_ledger",
        "--test",
        "round_trips",
        "--test",
        "postgres",
        "--test",
        "database",
    ]);
    run_in(root, suites.env(DATABASE, cluster.database("tests")?))
}

/// Runs the tracker's own suite, compiled to wasm, in a headless browser.
fn in_browser(root: &Path, engine: tools::Engine) -> anyhow::Result<()> {
    let browser = tools::install(engine)?;
    tools::wasm_target()?;
    let wasm_bindgen = tools::wasm_bindgen(root)?;
    let mut wasm_pack = on_display(engine, &tools::wasm_pack()?);
    // wasm-pack knows WebKit's driver only as Safari's: it speaks the same protocol, and without settings it starts
    // its own browser.
    let (name, driver) = match engine {
        tools::Engine::Chromium => ("--chrome", "--chromedriver"),
        tools::Engine::Firefox => ("--firefox", "--geckodriver"),
        tools::Engine::Webkit => ("--safari", "--safaridriver"),
    };
    wasm_pack.args(["test", "--headless", "--mode", "no-install", name, driver]).arg(&browser.driver);
    // The other packages of the workspace do not compile to wasm.
    wasm_pack.args([".", "-p", "headwater-tracker"]);
    let settings = tempfile::NamedTempFile::new()?;
    std::fs::write(settings.path(), with_binary(root, engine, &browser.binary)?)?;
    wasm_pack.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", settings.path());
    // wasm-pack looks for the runner beside the `wasm-bindgen` it finds on the path.
    wasm_pack.env("PATH", before_path(&wasm_bindgen)?);
    run_in(root, &mut wasm_pack)
}

/// The settings in webdriver.json, with the path of the browser: a driver looks for it under few names only.
fn with_binary(root: &Path, engine: tools::Engine, binary: &Path) -> anyhow::Result<String> {
    let settings =
        std::fs::read_to_string(root.join("webdriver.json")).context("cannot read webdriver.json")?;
    let mut settings: serde_json::Value = serde_json::from_str(&settings).context("webdriver.json")?;
    let options = match engine {
        tools::Engine::Chromium => "goog:chromeOptions",
        tools::Engine::Firefox => "moz:firefoxOptions",
        tools::Engine::Webkit => return Ok("{}".to_owned()),
    };
    let mut own = settings[options].take();
    own["binary"] = binary.to_string_lossy().into();
    Ok(serde_json::json!({ options: own }).to_string())
}

/// A command for the program, with a virtual display where the engine needs a display and there is none.
fn on_display(engine: tools::Engine, program: &Path) -> Command {
    let displayed = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if !engine.needs_display() || displayed {
        return Command::new(program);
    }
    let mut with_display = Command::new("xvfb-run");
    with_display.arg("--auto-servernum").arg(program);
    with_display
}

/// A `PATH` on which the directory of this tool comes first.
fn before_path(tool: &Path) -> anyhow::Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = tool.parent().map(PathBuf::from).into_iter().filter(|own| !own.as_os_str().is_empty());
    std::env::join_paths(own.chain(std::env::split_paths(&path))).context("PATH cannot be extended")
}

/// Runs the journeys with real binaries and a real browser: on a data directory, then on PostgreSQL, except those
/// that are about the data directory.
fn journeys(root: &Path, browser: &tools::Browser, cluster: &Cluster) -> anyhow::Result<()> {
    let binaries = binaries::build(root, binaries::Speed::Debug)?;
    // One journey uses the package's client of the API.
    build::run(root)?;
    let mut journeys = cargo();
    journeys.args(["test", "-p", "headwater-journeys", "--lib", "--test", "journeys"]);
    journeys.env("HEADWATER_JOURNEYS_BINARIES", binaries);
    journeys.env("HEADWATER_JOURNEYS_BROWSER", &browser.binary);
    journeys.env("HEADWATER_JOURNEYS_DRIVER", &browser.driver);
    journeys.arg("--");
    if let Some(packages) = NodeRuntime::packages(root, "xtask/tools", "node")? {
        journeys.env("HEADWATER_JOURNEYS_AXE", packages.join("axe-core/axe.min.js"));
    } else {
        eprintln!("the demo's pages are not checked for accessibility: install node and npm");
        journeys.args(["--skip", "accessibility"]);
    }
    run_in(root, &mut journeys)?;
    journeys.env(DATABASE, cluster.database("journeys")?);
    let on_files = ["--skip", "data_directory", "--skip", "full_disks", "--skip", "accessibility"];
    run_in(root, journeys.args(on_files))
}

/// Runs the styles of integration with the script of `dist/`, in one engine.
fn styles(root: &Path, engine: tools::Engine) -> anyhow::Result<()> {
    let browser = tools::install(engine)?;
    let mut styles = on_display(engine, Path::new(cargo().get_program()));
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
    fn the_browser_that_was_found_is_named_to_the_driver_and_no_other() {
        let settings = |engine| {
            let settings = with_binary(&crate::root(), engine, Path::new("/somewhere/browser")).unwrap();
            serde_json::from_str::<serde_json::Value>(&settings).unwrap()
        };
        let chromium = settings(tools::Engine::Chromium);
        assert_eq!(chromium["goog:chromeOptions"]["binary"], "/somewhere/browser");
        assert!(chromium["goog:chromeOptions"]["args"].as_array().is_some_and(|args| !args.is_empty()));
        let options = serde_json::json!({ "moz:firefoxOptions": { "binary": "/somewhere/browser" } });
        assert_eq!(settings(tools::Engine::Firefox), options);
    }
}
