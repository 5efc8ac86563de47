//! The programs of a journey. Each is killed when the journey ends, however it ends.

use std::path::PathBuf;
use std::process::{ExitStatus, Output, Stdio};

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A path that `cargo xtask test` passes in the environment.
pub(crate) fn given(name: &str) -> PathBuf {
    let value = std::env::var_os(name);
    value.unwrap_or_else(|| panic!("{name} is not set: run the journeys with `cargo xtask test`")).into()
}

/// A number that `cargo xtask soak` may pass in the environment.
pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// One of our own programs.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(given("HEADWATER_JOURNEYS_BINARIES").join(name));
    command.stdin(Stdio::null());
    command
}

/// Runs a program to its end.
pub(crate) async fn finish(mut command: Command) -> Output {
    command.kill_on_drop(true).output().await.expect("the program starts")
}

/// A program that runs until it is killed.
pub(crate) struct Running {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Running {
    /// Starts a program.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let output = child.stdout.take().expect("standard output is piped");
        Self { child, output: BufReader::new(output).lines() }
    }

    /// Waits for the first printed line that contains `mark`; returns the text after it.
    pub(crate) async fn says(&mut self, mark: &str) -> String {
        match self.says_before_it_ends(mark).await {
            Some(rest) => rest,
            None => panic!("the program ended before it printed {mark:?}: {:?}", self.child.wait().await),
        }
    }

    /// The same, `None` when the program ends first.
    pub(crate) async fn says_before_it_ends(&mut self, mark: &str) -> Option<String> {
        while let Some(line) = self.output.next_line().await.expect("it prints text") {
            if let Some((_, rest)) = line.split_once(mark) {
                return Some(rest.to_owned());
            }
        }
        None
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        self.child.wait().await.expect("it was started")
    }

    /// Sends SIGKILL, so that the program can neither flush anything nor close its connections in order.
    pub(crate) async fn kill(mut self) {
        // A program that has ended needs no signal.
        if self.child.id().is_some() {
            self.child.kill().await.expect("it was running");
        }
    }
}
