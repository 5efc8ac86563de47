//! `cargo xtask demo`: relay, ledger and the GigaKick example, ready to click through.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use crate::binaries::{self, Speed};
use crate::process::output;
use crate::server::Server;

/// The arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Headwater's port; the storefront takes the next one.
    #[arg(long, default_value_t = 8787, value_parser = clap::value_parser!(u16).range(1..65535))]
    port: u16,
    /// Where the demo keeps its data; `data/demo` in the checkout when not given.
    #[arg(long)]
    data: Option<PathBuf>,
}

/// Builds, starts both servers, prints what to click, and stops them on ctrl-c.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    let data = options.data.clone().unwrap_or_else(|| root.join("data/demo"));
    let programs = binaries::build(root, Speed::Debug)?;
    let credentials = credentials(&programs.join("headwater"), &data)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(&programs, &data, &credentials, options.port))
}

/// The file with the program's keys; the first start makes the program.
fn credentials(headwater: &Path, data: &Path) -> anyhow::Result<PathBuf> {
    let file = data.join("credentials.json");
    if file.exists() {
        return Ok(file);
    }
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let mut init = Command::new(headwater);
    let keys = output(init.args(["init", "--program", "GigaKick", "--json", "--data"]).arg(data))?;
    // Written to a temporary file and renamed, so that a half-written file is never taken for the keys.
    let aside = data.join("credentials.json.part");
    write_private(&aside, &keys).with_context(|| format!("cannot write {}", aside.display()))?;
    std::fs::rename(&aside, &file)?;
    Ok(file)
}

/// Writes a file that only its owner can read: it holds secrets.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

async fn serve(programs: &Path, data: &Path, credentials: &Path, port: u16) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut headwater = tokio::process::Command::new(programs.join("headwater"));
    headwater.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"]).arg(data);
    let mut headwater = Server::start("headwater", &mut headwater).await?;

    let mut storefront = tokio::process::Command::new(programs.join("storefront"));
    storefront.args(["--listen", &format!("127.0.0.1:{}", port + 1), "--headwater", &headwater.url]);
    storefront.arg("--credentials").arg(credentials).arg("--state").arg(data.join("storefront.json"));
    let mut storefront = Server::start("the storefront", &mut storefront).await?;

    print!("{}", greeting(&headwater.url, &storefront, credentials)?);
    let ended = tokio::select! {
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
        status = headwater.ended() => Some(("headwater", status?)),
        status = storefront.ended() => Some(("the storefront", status?)),
    };
    storefront.stop().await?;
    headwater.stop().await?;
    let Some((name, status)) = ended else { return Ok(()) };
    anyhow::bail!("{name} ended with {status}")
}

/// The text of addresses, keys and what to click.
fn greeting(headwater: &str, storefront: &Server, credentials: &Path) -> anyhow::Result<String> {
    let keys: Value = serde_json::from_slice(&std::fs::read(credentials)?)?;
    let public_key = keys["public_key"].as_str().unwrap_or_default();
    ensure!(!public_key.is_empty(), "{} names no public_key; remove it to start anew", credentials.display());
    let link = storefront.said.iter().find_map(|line| line.strip_prefix("partner link "));
    let link = link.map_or_else(|| format!("{headwater}/robin"), ToOwned::to_owned);
    let (shop, file) = (&storefront.url, credentials.display());
    Ok(format!(
        "
  Partner link   {link}
  Storefront     {shop}
  Journey        {shop}/journey.html
  API            {headwater}/api/v2
  Public key     {public_key}
  Secret keys    in {file}

  1. Open the partner link, as a reader of Robin's blog would: it leads to the storefront.
  2. Create an account, choose Live Chat and Inbox, and pay.
  3. Watch the journey: Robin earns $4.90 for Live Chat and $19.80 for Inbox.

  Ctrl-c stops the demo; what happened stays in the data directory.

"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_readable_by_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keys");
        write_private(&file, "{}").unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_program_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("credentials.json"), "{}").unwrap();
        let file = credentials(Path::new("/absent/headwater"), directory.path()).unwrap();
        assert_eq!(file, directory.path().join("credentials.json"));
        let empty = tempfile::tempdir().unwrap();
        assert!(credentials(Path::new("/absent/headwater"), empty.path()).is_err());
        assert!(!empty.path().join("credentials.json").exists());
    }
}
