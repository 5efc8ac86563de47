//! `cargo xtask package`: what an operator installs, in `dist/package/`: a static binary, a Debian package, and the files
//! for a container, Prometheus and Grafana.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::process::{cargo, output, run as run_command, target_directory};
use crate::server::Server;

/// Linked with musl, so that it needs no library of the machine that it runs on.
const TARGET: &str = "x86_64-unknown-linux-musl";
/// The profile that it is built with.
const PROFILE: &str = "static";
/// Bytes that the binary may have: small enough for a small machine's disk and every deploy of it.
const SIZE_MAX: u64 = 20 * 1000 * 1000;
/// Where it goes, below the checkout.
const PLACE: &str = "dist/package";
/// Files that stand beside the binary as they are.
const FILES: [&str; 5] = ["Containerfile", "alerts.yml", "config.toml", "grafana.json", "headwater.service"];

/// Builds and packs everything; prints each file with its size.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let binary = build(root)?;
    let place = root.join(PLACE);
    if place.exists() {
        std::fs::remove_dir_all(&place)?;
    }
    // The container's data directory: an empty one, since its image has no shell to make it with.
    std::fs::create_dir_all(place.join("data"))?;
    let packed = install(&binary, &place.join("headwater"), 0o755)?;
    ensure!(
        packed <= SIZE_MAX,
        "the binary has {packed} bytes, at most {SIZE_MAX}: what made it grow? `cargo bloat --release` shows it"
    );
    println!("{PLACE}/headwater: {packed} bytes, static");
    for file in FILES {
        install(&root.join("packaging").join(file), &place.join(file), 0o644)?;
    }
    let package = debian(root, &binary, &place)?;
    prove(&binary, &root.join("packaging/headwater.service"))?;
    println!("{}: {} bytes", package.display(), std::fs::metadata(root.join(&package))?.len());
    println!("{PLACE}/Containerfile: podman build --file {PLACE}/Containerfile --tag headwater {PLACE}");
    Ok(())
}

/// Whether a tool is installed.
fn has(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok_and(|found| found.status.success())
}

/// Builds the static binary, with the scripts in it. What is missing is told before the minutes that it takes.
fn build(root: &Path) -> anyhow::Result<PathBuf> {
    ensure!(
        has("musl-gcc"),
        "musl-gcc compiles SQLite and ring for the static binary: apt install musl-tools"
    );
    ensure!(has("strip"), "strip takes the symbols out of the static binary: apt install binutils");
    ensure!(has("dpkg-deb"), "dpkg-deb makes the Debian package: apt install dpkg");
    run_command(Command::new("rustup").args(["target", "add", TARGET]))?;
    crate::build::scripts(root)?;
    let mut build = cargo();
    build.current_dir(root).args([
        "build",
        "--profile",
        PROFILE,
        "--target",
        TARGET,
        "-p",
        "headwater-cli",
        "--bins",
    ]);
    run_command(&mut build)?;
    let linked = target_directory(root)?.join(TARGET).join(PROFILE).join("headwater");
    // The profile's own `strip` leaves the symbols of a static binary in it: three megabytes.
    let binary = linked.with_extension("stripped");
    run_command(Command::new("strip").arg("-o").args([&binary, &linked]))?;
    let linked = output(Command::new("ldd").arg(&binary)).unwrap_or_else(|error| error.to_string());
    ensure!(
        linked.contains("statically linked") || linked.contains("not a dynamic executable"),
        "the binary is not static: {linked}"
    );
    Ok(binary)
}

/// Proves that the binary makes a program and serves it, and that the unit is one that systemd takes.
fn prove(binary: &Path, unit: &Path) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let data = place.path().join("data");
    output(Command::new(binary).args(["init", "--program", "Package", "--data"]).arg(&data))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut serve = tokio::process::Command::new(binary);
        serve
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data"])
            .arg(&data);
        let server = Server::start("the static binary", &mut serve).await?;
        let admin = server.said.iter().find_map(|line| line.strip_prefix("metrics and readiness on http://"));
        let admin = admin.context("serve says where it answers operators")?.trim();
        let answer = answer(admin, "/readyz").await?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "the static binary is not ready: {answer}");
        server.stop().await
    })?;
    println!("{PLACE}/headwater: makes a program, serves it and stops");
    if !has("systemd-analyze") {
        println!("{PLACE}/headwater.service: not verified, there is no systemd-analyze here");
        return Ok(());
    }
    // The unit names the installed program, which need not be here.
    let text = std::fs::read_to_string(unit)?;
    let copy = place.path().join("headwater.service");
    std::fs::write(&copy, text.replace("/usr/bin/headwater", &binary.to_string_lossy()))?;
    let said = output(Command::new("systemd-analyze").arg("verify").arg(&copy))?;
    ensure!(said.trim().is_empty(), "systemd does not take the unit: {said}");
    println!("{PLACE}/headwater.service: systemd takes it");
    Ok(())
}

/// The answer to a GET, as it comes.
async fn answer(address: &str, path: &str) -> anyhow::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

/// Makes the Debian package with dpkg's own tool; returns its path from the checkout's root.
fn debian(root: &Path, binary: &Path, place: &Path) -> anyhow::Result<PathBuf> {
    let version = env!("CARGO_PKG_VERSION");
    let tree = tempfile::tempdir()?;
    let packaging = root.join("packaging");
    let files = [
        (binary.to_path_buf(), "usr/bin/headwater", 0o755),
        (packaging.join("headwater.service"), "lib/systemd/system/headwater.service", 0o644),
        (packaging.join("config.toml"), "etc/headwater/config.toml", 0o644),
        (packaging.join("alerts.yml"), "usr/share/doc/headwater/alerts.yml", 0o644),
        (packaging.join("grafana.json"), "usr/share/doc/headwater/grafana.json", 0o644),
        (root.join("docs/runbook.md"), "usr/share/doc/headwater/runbook.md", 0o644),
        (root.join("docs/configuration.md"), "usr/share/doc/headwater/configuration.md", 0o644),
        (root.join("LICENSE"), "usr/share/doc/headwater/copyright", 0o644),
        (packaging.join("debian/postinst"), "DEBIAN/postinst", 0o755),
        (packaging.join("debian/prerm"), "DEBIAN/prerm", 0o755),
    ];
    let mut installed = 0;
    for (from, to, mode) in &files {
        installed += install(from, &tree.path().join(to), *mode)?;
    }
    let control = std::fs::read_to_string(packaging.join("debian/control"))?;
    let control = control.replace("VERSION", version).replace("KIB", &(installed / 1024).to_string());
    std::fs::write(tree.path().join("DEBIAN/control"), control)?;
    std::fs::write(tree.path().join("DEBIAN/conffiles"), "/etc/headwater/config.toml\n")?;
    std::fs::set_permissions(tree.path(), std::fs::Permissions::from_mode(0o755))?;
    let name = format!("headwater_{version}_amd64.deb");
    let mut pack = Command::new("dpkg-deb");
    // Everything belongs to root, whoever builds it.
    run_command(pack.args(["--root-owner-group", "--build"]).arg(tree.path()).arg(place.join(&name)))
        .context("the Debian package could not be made")?;
    Ok(Path::new(PLACE).join(name))
}

/// Copies a file and makes its directory; returns its size.
fn install(from: &Path, to: &Path, mode: u32) -> anyhow::Result<u64> {
    let failed = || format!("cannot copy {} to {}", from.display(), to.display());
    std::fs::create_dir_all(to.parent().context("a file has a directory")?).with_context(failed)?;
    let bytes = std::fs::copy(from, to).with_context(failed)?;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(mode)).with_context(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debian_package_holds_the_program_its_service_and_its_settings() {
        if !Command::new("dpkg-deb").arg("--version").output().is_ok_and(|found| found.status.success()) {
            eprintln!("skipped: no dpkg-deb here");
            return;
        }
        let root = crate::root();
        let place = tempfile::tempdir().unwrap();
        let binary = place.path().join("program");
        std::fs::write(&binary, "#!/bin/sh\n").unwrap();
        let name = debian(&root, &binary, place.path()).unwrap();
        let package = place.path().join(name.file_name().unwrap());
        let listed = output(Command::new("dpkg-deb").arg("--contents").arg(&package)).unwrap();
        for expected in [
            "-rwxr-xr-x root/root",
            "./usr/bin/headwater",
            "./lib/systemd/system/headwater.service",
            "./etc/headwater/config.toml",
        ] {
            assert!(listed.contains(expected), "{expected}: {listed}");
        }
        let told = output(Command::new("dpkg-deb").arg("--info").arg(&package)).unwrap();
        let version = format!(" Version: {}", env!("CARGO_PKG_VERSION"));
        assert!(told.contains(" Package: headwater") && told.contains(&version), "{told}");
    }
}
