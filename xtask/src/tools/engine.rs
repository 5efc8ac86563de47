//! The browser engines the tests know, each with the driver that speaks WebDriver to it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;
use clap::ValueEnum;

use crate::process::{output, run};

/// A browser and the driver that speaks WebDriver to it.
#[derive(Debug)]
pub(crate) struct Browser {
    /// The browser itself.
    pub(crate) binary: PathBuf,
    /// Its driver.
    pub(crate) driver: PathBuf,
}

/// A browser engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Chromium or Chrome.
    Chromium,
    /// Firefox, by a geckodriver that cargo installs.
    Firefox,
    /// `WebKitGTK` in its `MiniBrowser`.
    Webkit,
}

/// What `--engines` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Engines {
    /// Chromium or Chrome.
    #[default]
    Chromium,
    /// Firefox.
    Firefox,
    /// `WebKitGTK`.
    Webkit,
    /// One after the other.
    All,
}

impl Engines {
    /// Each of them.
    pub(crate) fn each(self) -> &'static [Engine] {
        match self {
            Self::Chromium => &[Engine::Chromium],
            Self::Firefox => &[Engine::Firefox],
            Self::Webkit => &[Engine::Webkit],
            Self::All => &[Engine::Chromium, Engine::Firefox, Engine::Webkit],
        }
    }
}

const CHROMIUMS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/usr/lib/chromium/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const CHROMEDRIVERS: &[&str] = &[
    "chromedriver",
    "/usr/lib/chromium/chromedriver",
    "/usr/lib/chromium-browser/chromedriver",
    "/opt/homebrew/bin/chromedriver",
    "/usr/local/bin/chromedriver",
];
const FIREFOXES: &[&str] = &["firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];
const WEBKIT_DRIVERS: &[&str] = &["WebKitWebDriver"];

impl Engine {
    /// As `--engines` spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkit => "webkit",
        }
    }

    /// Whether it has no headless mode and needs a display.
    pub(crate) fn needs_display(self) -> bool {
        self == Self::Webkit
    }

    fn binary(self) -> Option<PathBuf> {
        match self {
            Self::Chromium => first(&directories(), CHROMIUMS),
            Self::Firefox => first(&directories(), FIREFOXES),
            Self::Webkit => mini_browser(Path::new("/usr/lib")),
        }
    }

    /// Debian's packages of browser and driver.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["chromium", "chromium-driver"],
            Self::Firefox => &["firefox-esr"],
            Self::Webkit => &["webkit2gtk-driver", "xvfb", "xauth"],
        }
    }

    fn find(self) -> anyhow::Result<Option<Browser>> {
        let Some(binary) = self.binary() else { return Ok(None) };
        let driver = match self {
            Self::Chromium => first(&directories(), CHROMEDRIVERS),
            Self::Firefox => Some(super::geckodriver()?),
            Self::Webkit => first(&directories(), WEBKIT_DRIVERS),
        };
        Ok(driver.map(|driver| Browser { binary, driver }))
    }
}

/// Chromium or Chrome with its driver; installed from Debian's packages where we may.
pub(crate) fn browser() -> anyhow::Result<Browser> {
    install(Engine::Chromium)
}

/// An engine's browser with its driver; installed from Debian's packages where we may.
pub(crate) fn install(engine: Engine) -> anyhow::Result<Browser> {
    if let Some(browser) = engine.find()? {
        return Ok(browser);
    }
    let packages = engine.packages();
    apt_install(packages)?;
    let Some(browser) = engine.find()? else {
        let packages = packages.join(", ");
        bail!("needs {} and its WebDriver on the PATH: install both (Debian: {packages})", engine.name());
    };
    Ok(browser)
}

/// Installs packages of Debian where we may; elsewhere it does nothing.
pub(super) fn apt_install(packages: &[&str]) -> anyhow::Result<()> {
    if !Path::new("/etc/debian_version").exists() || output(Command::new("id").arg("-u"))?.trim() != "0" {
        return Ok(());
    }
    run(Command::new("apt-get").args(["update", "--quiet=2"]))?;
    let install = ["install", "--yes", "--no-install-recommends"];
    let mut apt = Command::new("apt-get");
    run(apt.args(install).args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
}

pub(super) fn directories() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

/// The first of the names that is a file. A name is looked up in the directories, an absolute path is taken as it is.
fn first(directories: &[PathBuf], names: &[&str]) -> Option<PathBuf> {
    let places =
        |name: &&str| -> Vec<PathBuf> { directories.iter().map(|place| place.join(*name)).collect() };
    names.iter().flat_map(places).find(|path| path.is_file())
}

/// `<library>/<architecture>/webkit2gtk-<version>/MiniBrowser`, the newest version's.
fn mini_browser(library: &Path) -> Option<PathBuf> {
    let below = |directory: &Path| {
        let entries = std::fs::read_dir(directory).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>()
    };
    let versions = below(library).into_iter().flat_map(|architecture| below(&architecture));
    let browsers = versions.filter(|version| {
        version.file_name().is_some_and(|name| name.to_string_lossy().starts_with("webkit2gtk-"))
    });
    browsers.map(|version| version.join("MiniBrowser")).filter(|browser| browser.is_file()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_in_the_directories_and_a_path_is_taken_as_it_is() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let whole = source.join("main.rs");
        assert_eq!(first(std::slice::from_ref(&source), &["absent", "main.rs"]), Some(whole.clone()));
        assert_eq!(first(&[PathBuf::from("/")], &[whole.to_str().unwrap()]), Some(whole.clone()));
        assert_eq!(first(&[source], &["absent"]), None);
    }

    #[test]
    fn the_newest_mini_browser_is_found_below_its_architecture() {
        let library = tempfile::tempdir().unwrap();
        for version in ["webkit2gtk-4.0", "webkit2gtk-4.1", "webkit2gtk-9.9", "other-9.9"] {
            let directory = library.path().join("some-linux-gnu").join(version);
            std::fs::create_dir_all(&directory).unwrap();
            if version != "webkit2gtk-9.9" {
                std::fs::write(directory.join("MiniBrowser"), "").unwrap();
            }
        }
        let newest = library.path().join("some-linux-gnu/webkit2gtk-4.1/MiniBrowser");
        assert_eq!(mini_browser(library.path()), Some(newest));
        assert_eq!(mini_browser(&library.path().join("absent")), None);
    }

    #[test]
    fn all_engines_are_each_of_them() {
        let named = Engines::value_variants().iter().filter(|engines| **engines != Engines::All);
        let each: Vec<_> = named.flat_map(|engines| engines.each()).collect();
        assert_eq!(Engines::All.each().iter().collect::<Vec<_>>(), each);
    }
}
