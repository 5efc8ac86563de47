//! A company with its partner program: a data directory, `headwater serve`, and the storefront.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use headwater_client::{Client, Credential};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::process::{Running, finish, program};

/// `headwater serve` over a data directory of its own.
pub(crate) struct Headwater {
    /// As `http://127.0.0.1:41234`.
    pub(crate) url: String,
    /// What `headwater init --json` printed.
    pub(crate) credentials: Value,
    stored: Stored,
    running: Running,
}

/// Where a server's data is.
enum Stored {
    Directory(TempDir),
    /// A PostgreSQL database of its own, by its address.
    Database(String),
}

impl Stored {
    /// On the database that the run is for.
    async fn new() -> Self {
        if headwater_teststore::postgres().is_some() {
            return Self::Database(headwater_teststore::new_database("journey").await);
        }
        Self::Directory(tempfile::tempdir().expect("a directory for the data"))
    }

    /// The arguments that name it on a command line.
    fn arguments(&self) -> [OsString; 2] {
        match self {
            Self::Directory(directory) => ["--data".into(), data(directory).into()],
            Self::Database(address) => ["--database".into(), address.into()],
        }
    }

    fn directory(&self) -> PathBuf {
        let Self::Directory(directory) = self else { panic!("this journey is about a data directory") };
        data(directory)
    }
}

impl Headwater {
    /// Creates a new program and serves it.
    pub(crate) async fn open() -> Self {
        let stored = Stored::new().await;
        let mut init = program("headwater");
        init.args(["init", "--program", "GigaKick", "--json"]).args(stored.arguments());
        let made = finish(init).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let credentials = serde_json::from_slice(&made.stdout).expect("--json prints JSON");
        let mut running = Running::start(serve(&stored, "127.0.0.1:0"));
        let url = running.says("listening on ").await;
        Self { url, credentials, stored, running }
    }

    /// Kills it without warning and starts it again on the same address and data.
    pub(crate) async fn kill_and_restart(self) -> Self {
        self.kill().await.start().await
    }

    /// Kills it without warning, unless it has ended.
    pub(crate) async fn kill(self) -> Killed {
        self.running.kill().await;
        Killed { url: self.url, credentials: self.credentials, stored: self.stored }
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        self.running.ended().await
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.stored.directory()
    }

    /// One of the credentials.
    pub(crate) fn credential(&self, name: &str) -> &str {
        self.credentials[name].as_str().unwrap_or_else(|| panic!("init printed no {name}"))
    }

    /// A client with the company's key pair.
    pub(crate) fn vendor(&self) -> Client {
        let secret = SecretString::from(self.credential("secret_key").to_owned());
        let pair = Credential::basic(self.credential("public_key"), secret, None);
        Client::http(&self.url, pair).expect("a local address")
    }
}

/// A killed server: its data, and the address that its clients go on using.
pub(crate) struct Killed {
    url: String,
    credentials: Value,
    stored: Stored,
}

impl Killed {
    /// Starts it again on the same address and data.
    pub(crate) async fn start(self) -> Headwater {
        let address = self.url.trim_start_matches("http://");
        let mut running = Running::start(serve(&self.stored, address));
        assert_eq!(running.says("listening on ").await, self.url);
        self.lives_again(running)
    }

    /// Starts it under a limit of the shell (`ulimit …`); `false` if it ended before it listened.
    pub(crate) async fn start_under(self, limit: &str) -> (Headwater, bool) {
        let address = self.url.trim_start_matches("http://");
        let mut limited = Command::new("sh");
        limited.args(["-c", &format!("{limit}; exec \"$0\" \"$@\"")]);
        let serve = serve(&self.stored, address);
        limited.arg(serve.as_std().get_program()).args(serve.as_std().get_args());
        // Standard error may be a file, which would reach the limit before the data does.
        limited.stderr(Stdio::null());
        let mut running = Running::start(limited);
        let listens = running.says_before_it_ends("listening on ").await.is_some();
        (self.lives_again(running), listens)
    }

    /// Bytes of the longest of its files; 0 where it has none.
    pub(crate) fn longest_file(&self) -> u64 {
        if matches!(self.stored, Stored::Database(_)) {
            return 0;
        }
        let files = std::fs::read_dir(self.stored.directory()).expect("it has a data directory");
        let lengths = files.filter_map(|file| Some(file.ok()?.metadata().ok()?.len()));
        lengths.max().unwrap_or_default()
    }

    fn lives_again(self, running: Running) -> Headwater {
        Headwater { url: self.url, credentials: self.credentials, stored: self.stored, running }
    }
}

fn data(directory: &TempDir) -> PathBuf {
    directory.path().join("data")
}

fn serve(stored: &Stored, address: &str) -> Command {
    let mut serve = program("headwater");
    serve.args(["serve", "--listen", address]).args(stored.arguments());
    // A journey is one client that sends as fast as it can, so it must not meet the rate limit.
    serve.args(["--events-per-second", "1000000"]);
    serve
}

/// The storefront with the GigaKick example loaded.
pub(crate) struct Storefront {
    /// As `http://127.0.0.1:41235`.
    pub(crate) url: String,
    /// The partner's link, on the link host.
    pub(crate) link: String,
    _running: Running,
    _directory: TempDir,
}

impl Storefront {
    /// Loads the example into this Headwater and opens the site.
    pub(crate) async fn open(headwater: &Headwater) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the keys");
        let credentials = directory.path().join("credentials.json");
        std::fs::write(&credentials, headwater.credentials.to_string()).expect("the keys are written");
        let mut storefront = program("storefront");
        storefront.args(["--listen", "127.0.0.1:0", "--headwater", &headwater.url, "--credentials"]);
        let mut running = Running::start({
            storefront.arg(credentials);
            storefront
        });
        let link = running.says("partner link ").await;
        let url = running.says("listening on ").await;
        Self { url, link, _running: running, _directory: directory }
    }
}
