//! A private PostgreSQL for as long as a run takes: in a temporary directory, on this machine's own address, gone
//! afterwards.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::process::output;
use crate::tools;

/// Who may do everything in it.
const USER: &str = "headwater";
/// How long it may take to start.
const START_MAX: Duration = Duration::from_secs(30);

/// A server that runs; dropping it stops it.
pub(crate) struct Cluster {
    server: Child,
    port: u16,
    programs: PathBuf,
    _directory: tempfile::TempDir,
}

impl Cluster {
    /// Makes one and starts it. PostgreSQL is installed where we may.
    pub(crate) fn start() -> anyhow::Result<Self> {
        Self::start_with(&["fsync=off", "full_page_writes=off"])
    }

    /// The same with commits that wait for the disk, for what is measured.
    #[cfg(feature = "bench")]
    pub(crate) fn start_durable() -> anyhow::Result<Self> {
        Self::start_with(&["fsync=on"])
    }

    fn start_with(settings: &[&str]) -> anyhow::Result<Self> {
        let programs = tools::postgres()?;
        let directory = tempfile::tempdir()?;
        let owner = owner()?;
        if let Some((user, group)) = owner {
            chown(directory.path(), Some(user), Some(group))?;
        }
        let data = directory.path().join("data");
        let as_owner = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir(directory.path());
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command
        };
        let mut initdb = as_owner("initdb");
        initdb
            .args(["--encoding=UTF8", "--locale=C", "--auth=trust", "--username", USER, "--pgdata"])
            .arg(&data);
        initdb.arg("--no-sync");
        output(&mut initdb)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut server = as_owner("postgres");
        server.arg("-D").arg(&data).arg("-k").arg(directory.path()).arg("-p").arg(port.to_string());
        server.args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=400"]);
        server.args(settings.iter().flat_map(|setting| ["-c", setting]));
        let log = std::fs::File::create(directory.path().join("log"))?;
        let server = server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let cluster = Self { server, port, programs, _directory: directory };
        cluster.wait()?;
        Ok(cluster)
    }

    /// Makes a database; says its address.
    pub(crate) fn database(&self, name: &str) -> anyhow::Result<String> {
        let port = self.port.to_string();
        let mut create = Command::new(self.programs.join("createdb"));
        output(create.args(["--host=127.0.0.1", "--username", USER, "--port", &port, name]))?;
        Ok(format!("postgres://{USER}@127.0.0.1:{port}/{name}"))
    }

    fn wait(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let port = self.port.to_string();
        let mut ready = Command::new(self.programs.join("pg_isready"));
        ready.args(["--quiet", "--host=127.0.0.1", "--port", &port]);
        while !ready.status().context("cannot start pg_isready")?.success() {
            if begun.elapsed() > START_MAX {
                bail!("PostgreSQL did not start within {} s", START_MAX.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let pid = self.server.id().to_string();
        // Its fast way to stop: open sessions are ended.
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let _ = self.server.wait();
    }
}

/// Whom the server runs as: it refuses to be root. `None` when we are not.
fn owner() -> anyhow::Result<Option<(u32, u32)>> {
    let id = |arguments: &[&str]| -> anyhow::Result<u32> {
        Ok(output(Command::new("id").args(arguments))?.trim().parse()?)
    };
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    let of = |name: &str| -> anyhow::Result<(u32, u32)> { Ok((id(&["-u", name])?, id(&["-g", name])?)) };
    Ok(Some(of("postgres").or_else(|_| of("nobody"))?))
}

/// Where its programs are below `library`, the newest version's.
pub(crate) fn newest(library: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(library).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = versions.map(|path| (version(&path), path.join("bin")));
    installed.filter(|(_, programs)| programs.join("initdb").is_file()).max().map(|(_, programs)| programs)
}

#[cfg(test)]
mod tests {
    use super::newest;

    #[test]
    fn the_newest_server_that_is_there_is_taken() {
        let library = tempfile::tempdir().unwrap();
        for (version, there) in [("9", true), ("15", true), ("17", false)] {
            let programs = library.path().join(version).join("bin");
            std::fs::create_dir_all(&programs).unwrap();
            if there {
                std::fs::write(programs.join("initdb"), "").unwrap();
            }
        }
        assert_eq!(newest(library.path()), Some(library.path().join("15/bin")));
        assert_eq!(newest(&library.path().join("absent")), None);
    }
}
