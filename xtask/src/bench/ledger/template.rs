//! A filled ledger that is made once and kept beside the tools, because filling takes minutes; each measurement gets a
//! copy.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::store::compare::schema;
use super::store::fill::{self, Volume};
use super::{BenchLedger, set_up_catalogue, set_up_payment};
use crate::process::{output, run};
use crate::tools;

/// The keys of the ledger's program, in a file beside it. The ledger keeps only their hashes.
const KEYS: &str = "keys.json";

/// A kept ledger.
pub(in crate::bench) struct LedgerTemplate {
    directory: PathBuf,
}

impl LedgerTemplate {
    /// The kept ledger of this volume, made when it is not there or has another schema than `program` makes. A new one
    /// passes `headwater check`.
    pub(in crate::bench) async fn of(program: &Path, volume: Volume) -> anyhow::Result<Self> {
        let fresh = BenchLedger::init(program).await?;
        let Volume { customers, payments, programs } = volume;
        let place = tools::directory()?.join("ledgers");
        let directory = place.join(format!("{customers}-{payments}-{programs}-{}", fill::VERSION));
        let kept = Self { directory };
        if kept.file().exists() && schema(&kept.file())? == schema(&fresh.file())? {
            return Ok(kept);
        }
        eprintln!(
            "making {}, once; {} GB and some minutes",
            kept.directory.display(),
            1 + payments / 1_000_000
        );
        let (server, client) = fresh.serve().await?;
        set_up_catalogue(&client).await?;
        set_up_payment(&client).await?;
        server.stop().await?;
        std::fs::create_dir_all(&place)?;
        let made = tempfile::tempdir_in(&place)?;
        std::fs::copy(fresh.file(), made.path().join(FILE))?;
        fill::fill(&made.path().join(FILE), volume)?;
        run(Command::new(program).args(["check", "--data"]).arg(made.path())).context("the filled ledger")?;
        let keys = json!({"public_key": fresh.public_key, "secret_key": fresh.secret_key});
        std::fs::write(made.path().join(KEYS), keys.to_string())?;
        if kept.directory.exists() {
            std::fs::remove_dir_all(&kept.directory)?;
        }
        std::fs::rename(made.keep(), &kept.directory)?;
        Ok(kept)
    }

    /// Its database.
    pub(in crate::bench) fn file(&self) -> PathBuf {
        self.directory.join(FILE)
    }

    /// A copy that servers may write to. It shares the disk with the kept one, so that a file system that can copies
    /// only what changes.
    pub(in crate::bench) fn copy(&self, program: &Path) -> anyhow::Result<BenchLedger> {
        let place = self.directory.parent().context("kept ledgers have a directory")?;
        let data = tempfile::tempdir_in(place)?;
        // A data directory is its owner's alone.
        std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o700))?;
        let mut copy = Command::new("cp");
        output(copy.args(["--reflink=auto", "--no-preserve=all"]).arg(self.file()).arg(data.path()))?;
        let keys: Value = serde_json::from_str(&std::fs::read_to_string(self.directory.join(KEYS))?)?;
        let key = |name: &str| keys[name].as_str().map(str::to_owned).context("a kept ledger has keys");
        Ok(BenchLedger::in_directory(program, data, [key("public_key")?, key("secret_key")?]))
    }
}

/// The ledger's file in a data directory.
pub(in crate::bench) const FILE: &str = "ledger.sqlite";
