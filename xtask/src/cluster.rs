//! A private PostgreSQL for the time of a run: in a temporary directory, on the loopback address, removed afterwards.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::process::output;
use crate::tools;

/// The superuser.
pub(crate) const USER: &str = "headwater";
/// How long it may take to start.
const START_MAX: Duration = Duration::from_secs(30);

/// A running server; dropping it stops it.
pub(crate) struct Cluster {
    server: Child,
    port: u16,
    programs: PathBuf,
    _directory: tempfile::TempDir,
}

impl Cluster {
    /// Makes a server and starts it. PostgreSQL is installed where we may. Its data may be lost, so it runs without
    /// fsync.
    pub(crate) fn start() -> anyhow::Result<Self> {
        Self::start_with(&["fsync=off", "full_page_writes=off"])
    }

    /// The same with fsync, for measurements.
    #[cfg(feature = "bench")]
    pub(crate) fn start_durable() -> anyhow::Result<Self> {
        Self::start_with(&["fsync=on"])
    }

    fn start_with(settings: &[&str]) -> anyhow::Result<Self> {
        let programs = tools::postgres()?;
        let directory = tempfile::tempdir()?;
        let owner = Owner::of(directory.path())?;
        let data = directory.path().join("data");
        initdb(&programs, &owner, &data)?;
        let port = free_port()?;
        let server = serve(&programs, &owner, &data, port, settings)?;
        let cluster = Self { server, port, programs, _directory: directory };
        wait(&cluster.programs, port)?;
        Ok(cluster)
    }

    /// Makes a database; returns its address.
    pub(crate) fn database(&self, name: &str) -> anyhow::Result<String> {
        let port = self.port.to_string();
        let mut create = Command::new(self.programs.join("createdb"));
        output(create.args(["--host=127.0.0.1", "--username", USER, "--port", &port, name]))?;
        Ok(format!("postgres://{USER}@127.0.0.1:{port}/{name}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        stop(&mut self.server);
    }
}

/// Makes the data directory of a server.
pub(crate) fn initdb(programs: &Path, owner: &Owner, data: &Path) -> anyhow::Result<()> {
    let mut initdb = owner.run(programs.join("initdb"));
    initdb.args(["--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync", "--username", USER]);
    output(initdb.arg("--pgdata").arg(data)).map(|_| ())
}

/// Starts a server on its data directory; its output goes to a log file beside that.
pub(crate) fn serve(
    programs: &Path,
    owner: &Owner,
    data: &Path,
    port: u16,
    settings: &[&str],
) -> anyhow::Result<Child> {
    let parent = data.parent().context("the data have a place")?;
    let mut server = owner.run(programs.join("postgres"));
    server.arg("-D").arg(data).arg("-k").arg(parent).arg("-p").arg(port.to_string());
    server.args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=400"]);
    server.args(settings.iter().flat_map(|setting| ["-c", setting]));
    let log = std::fs::File::options().create(true).append(true).open(parent.join(format!("log.{port}")))?;
    let server = server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
    server.context("cannot start PostgreSQL")
}

/// Waits until a server answers.
pub(crate) fn wait(programs: &Path, port: u16) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut ready = Command::new(programs.join("pg_isready"));
    ready.args(["--quiet", "--host=127.0.0.1", "--port", &port.to_string()]);
    while !ready.status().context("cannot start pg_isready")?.success() {
        if begun.elapsed() > START_MAX {
            bail!("PostgreSQL did not start within {} s", START_MAX.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Stops a server by a fast shutdown, which ends open sessions.
pub(crate) fn stop(server: &mut Child) {
    let _ = Command::new("kill").args(["-INT", &server.id().to_string()]).stderr(Stdio::null()).status();
    let _ = server.wait();
}

/// A port that is free at this moment.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The user that servers run as: PostgreSQL refuses to run as root.
pub(crate) struct Owner {
    /// `None` when we are not root.
    other: Option<(u32, u32)>,
    place: PathBuf,
}

impl Owner {
    /// Picks the user, and gives it the directory if we are root.
    pub(crate) fn of(directory: &Path) -> anyhow::Result<Self> {
        let id = |arguments: &[&str]| -> anyhow::Result<u32> {
            Ok(output(Command::new("id").args(arguments))?.trim().parse()?)
        };
        let of = |name: &str| -> anyhow::Result<(u32, u32)> { Ok((id(&["-u", name])?, id(&["-g", name])?)) };
        let mut other = None;
        if id(&["-u"])? == 0 {
            let (user, group) = of("postgres").or_else(|_| of("nobody"))?;
            chown(directory, Some(user), Some(group))?;
            other = Some((user, group));
        }
        Ok(Self { other, place: directory.to_owned() })
    }

    /// A command that runs as this user.
    pub(crate) fn run(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
        command.current_dir(&self.place);
        command
    }
}

/// The directory of the newest version's programs below `library`.
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
