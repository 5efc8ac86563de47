//! A PostgreSQL primary and its synchronous standby. A fail-over kills the primary, promotes the standby, and gives
//! it a new standby.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::Context as _;

use super::disk::SmallDisk;
use crate::cluster::{self, Owner};
use crate::process::output;
use crate::tools;

/// Every commit waits for the standby as well.
const SETTINGS: [&str; 5] = [
    "fsync=on",
    "synchronous_standby_names=*",
    "hot_standby=on",
    "wal_keep_size=512MB",
    "max_wal_size=512MB",
];

struct DatabaseNode {
    data: PathBuf,
    port: u16,
    server: Child,
}

pub(super) struct DatabasePair {
    programs: PathBuf,
    owner: Owner,
    primary: DatabaseNode,
    standby: DatabaseNode,
    made: u32,
    // Unmounted after the servers have ended, and before the directory is removed.
    disk: Option<SmallDisk>,
    directory: tempfile::TempDir,
}

impl DatabasePair {
    pub(super) fn start() -> anyhow::Result<Self> {
        let programs = tools::postgres()?;
        let directory = tempfile::tempdir()?;
        let disk = SmallDisk::mount(directory.path());
        let owner = Owner::of(directory.path())?;
        let ports = [cluster::free_port()?, cluster::free_port()?];
        let data = directory.path().join("0");
        cluster::initdb(&programs, &owner, &data)?;
        let server = cluster::serve(&programs, &owner, &data, ports[0], &SETTINGS[..1])?;
        let primary = DatabaseNode { data, port: ports[0], server };
        cluster::wait(&programs, primary.port)?;
        let mut create = Command::new(programs.join("createdb"));
        output(
            create
                .args(["--host=127.0.0.1", "--username", cluster::USER, "--port"])
                .arg(ports[0].to_string())
                .arg("failover"),
        )?;
        let mut pair = Self {
            standby: DatabaseNode { data: PathBuf::new(), port: ports[1], server: idle()? },
            programs,
            owner,
            primary,
            made: 0,
            disk,
            directory,
        };
        // The primary is restarted with synchronous replication only now, because without a standby every commit
        // would wait for ever.
        pair.follow()?;
        let (data, port) = (pair.primary.data.clone(), pair.primary.port);
        cluster::stop(&mut pair.primary.server);
        pair.primary.server = cluster::serve(&pair.programs, &pair.owner, &data, port, &SETTINGS)?;
        cluster::wait(&pair.programs, port)?;
        Ok(pair)
    }

    /// The ports of both, always in the same order.
    pub(super) fn ports(&self) -> [u16; 2] {
        let mut ports = [self.primary.port, self.standby.port];
        ports.sort_unstable();
        ports
    }

    /// Whether the disk can be full.
    pub(super) fn can_fill(&self) -> bool {
        self.disk.is_some()
    }

    /// Fills the disk of both for this time. A server that cannot write its log ends, and is started again.
    pub(super) fn fill(&mut self, time: Duration) -> anyhow::Result<()> {
        let Some(disk) = &self.disk else { return Ok(()) };
        disk.fill()?;
        std::thread::sleep(time);
        disk.empty()?;
        for node in [&mut self.primary, &mut self.standby] {
            // A server that crashes stops soon after, when it cannot recover either.
            std::thread::sleep(Duration::from_millis(500));
            if node.server.try_wait()?.is_some() {
                node.server = cluster::serve(&self.programs, &self.owner, &node.data, node.port, &SETTINGS)?;
            }
        }
        [&self.primary, &self.standby].iter().try_for_each(|node| cluster::wait(&self.programs, node.port))
    }

    /// Freezes the primary and its worker processes for this time.
    pub(super) fn freeze(&self, time: Duration) -> anyhow::Result<()> {
        self.signal("STOP")?;
        std::thread::sleep(time);
        self.signal("CONT")
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let pid = self.primary.server.id().to_string();
        let workers = Command::new("pgrep").args(["-P", &pid]).output().context("cannot start pgrep")?;
        let workers = String::from_utf8_lossy(&workers.stdout).into_owned();
        let mut kill = Command::new("kill");
        kill.arg(format!("-{signal}")).arg(&pid).args(workers.split_whitespace());
        // Errors are ignored: a worker may have ended meanwhile.
        let _ = kill.stderr(std::process::Stdio::null()).status();
        Ok(())
    }

    /// Kills the primary, promotes the standby, and makes a new standby for it.
    pub(super) fn fail_over(&mut self) -> anyhow::Result<()> {
        self.primary.server.kill()?;
        self.primary.server.wait()?;
        let mut promote = self.owner.run(self.programs.join("pg_ctl"));
        output(promote.args(["promote", "--wait", "--pgdata"]).arg(&self.standby.data))?;
        std::mem::swap(&mut self.primary, &mut self.standby);
        let _ = std::fs::remove_dir_all(&self.standby.data);
        self.follow()
    }

    /// Makes a standby from a copy of the primary.
    fn follow(&mut self) -> anyhow::Result<()> {
        self.made += 1;
        let data = self.directory.path().join(self.made.to_string());
        let mut copy = self.owner.run(self.programs.join("pg_basebackup"));
        copy.args([
            "--host=127.0.0.1",
            "--username",
            cluster::USER,
            "--checkpoint=fast",
            "--wal-method=stream",
        ]);
        copy.args(["--write-recovery-conf", "--no-sync", "--port"]).arg(self.primary.port.to_string());
        output(copy.arg("--pgdata").arg(&data))?;
        self.standby.server =
            cluster::serve(&self.programs, &self.owner, &data, self.standby.port, &SETTINGS)?;
        self.standby.data = data;
        cluster::wait(&self.programs, self.standby.port)
    }
}

impl Drop for DatabasePair {
    fn drop(&mut self) {
        // The standby stops first: a primary that shuts down waits for a connected standby to receive its log.
        cluster::stop(&mut self.standby.server);
        cluster::stop(&mut self.primary.server);
    }
}

/// The address of both databases by their ports; clients pick the one that accepts writes.
pub(super) fn address([one, other]: [u16; 2]) -> String {
    let user = cluster::USER;
    format!("postgres://{user}@127.0.0.1:{one},127.0.0.1:{other}/failover?target_session_attrs=read-write")
}

/// A placeholder process until the standby is started.
fn idle() -> anyhow::Result<Child> {
    Command::new("true").spawn().context("cannot start true")
}
