//! `cargo xtask test --bundlers`: the npm package as a site gets it: packed, installed into projects of Vite and
//! Next, built by them, and driven through a signup in headless Chromium by `tests/bundlers/drive.mjs`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::process::{output, run};
use crate::{build, tools};

/// Builds the package and both projects, and tests the results in a browser.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    if let Some(missing) = ["node", "npm"].into_iter().find(|program| !answers(program)) {
        println!("left out: the package in Vite and Next, because there is no {missing}");
        return Ok(());
    }
    build::run(root)?;
    let browser = tools::browser()?;
    let work = tools::directory()?.join("bundlers");
    std::fs::create_dir_all(&work)?;
    let lock = File::create(work.join(".lock"))?;
    lock.lock().context("cannot wait for another check of the bundlers to end")?;

    let package = pack(root, &work)?;
    let vite = project(root, &work, "vite", &package)?;
    run(local(&vite, "tsc").arg("--noEmit"))?;
    run(local(&vite, "vite").args(["build", "--logLevel=error"]))?;
    let mut development = local(&vite, "vite");
    development.args(["build", "--logLevel=error", "--mode", "development", "--outDir", "dist-development"]);
    run(development.env("NODE_ENV", "development"))?;

    let next = project(root, &work, "next", &package)?;
    for bundler in ["turbopack", "webpack"] {
        let mut build = local(&next, "next");
        run(build.args(["build", &format!("--{bundler}")]).env("NEXT_TELEMETRY_DISABLED", "1"))?;
        let built = next.join(format!("out-{bundler}"));
        remove(&built)?;
        std::fs::rename(next.join("out"), built).context("Next exported nothing")?;
    }

    let mut drive = Command::new("node");
    drive.arg(root.join("tests/bundlers/drive.mjs")).args([browser.driver, browser.binary, vite, next]);
    run(&mut drive)
}

fn answers(program: &str) -> bool {
    output(Command::new(program).arg("--version")).is_ok()
}

/// The package as it would be published.
fn pack(root: &Path, work: &Path) -> anyhow::Result<PathBuf> {
    let mut npm = Command::new("npm");
    npm.args(["pack", "--loglevel=error", "--pack-destination"]).arg(work).arg(root.join("pkg"));
    let said = output(&mut npm)?;
    Ok(work.join(said.lines().last().context("npm packed nothing")?.trim()))
}

/// A project with its dependencies, installed once for each lock file, and with the package of this build.
fn project(root: &Path, work: &Path, name: &str, package: &Path) -> anyhow::Result<PathBuf> {
    let sources = root.join("tests/bundlers").join(name);
    let lock = std::fs::read(sources.join("package-lock.json"))?;
    let directory = work.join(format!("{name}-{}", hex::encode(&Sha256::digest(lock)[..8])));
    std::fs::create_dir_all(&directory)?;
    for entry in std::fs::read_dir(&directory)? {
        let path = entry?.path();
        if !path.ends_with("node_modules") {
            remove(&path)?;
        }
    }
    copy(&sources, &directory)?;
    let npm = |arguments: &[&str]| {
        let mut npm = Command::new("npm");
        npm.current_dir(&directory).args(arguments);
        npm.args(["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
        npm
    };
    // npm writes this file when an installation is complete.
    if !directory.join("node_modules/.package-lock.json").exists() {
        // Not `ci`: it wants the binaries of every platform in the lock, and a mirror may lack those of another.
        run(&mut npm(&["install"]))?;
    }
    remove(&directory.join("node_modules/headwater"))?;
    run(npm(&["install", "--no-save", "--no-package-lock"]).arg(package))?;
    Ok(directory)
}

/// A program that the project installed.
fn local(project: &Path, program: &str) -> Command {
    let mut command = Command::new(project.join("node_modules/.bin").join(program));
    command.current_dir(project);
    command
}

fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Copies a directory, without what was installed or built in it.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            std::fs::copy(entry.path(), target)?;
        } else if entry.file_name() != "node_modules" {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locks_install_from_any_mirror() {
        for name in ["vite", "next"] {
            let lock = crate::root().join("tests/bundlers").join(name).join("package-lock.json");
            let lock = std::fs::read_to_string(lock).unwrap();
            assert!(lock.contains("\"integrity\": \"sha512-"), "{name}");
            assert!(
                !lock.contains("\"resolved\"") && !lock.contains("://"),
                "an address stands in the lock of {name}"
            );
        }
    }

    #[test]
    fn a_project_is_copied_without_what_was_installed_in_it() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("from"), place.path().join("to"));
        for directory in ["src", "node_modules/a"] {
            std::fs::create_dir_all(from.join(directory)).unwrap();
        }
        std::fs::write(from.join("src/a.ts"), "a").unwrap();
        std::fs::write(from.join("node_modules/a/a.js"), "a").unwrap();
        copy(&from, &to).unwrap();
        assert!(to.join("src/a.ts").exists() && !to.join("node_modules").exists());
        remove(&to).unwrap();
        remove(&to).unwrap();
        assert!(!to.exists());
    }
}
