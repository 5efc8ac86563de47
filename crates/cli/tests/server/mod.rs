//! The program itself, run as an operator runs it.
#![allow(dead_code, reason = "no test binary uses all of it")]

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use base64::Engine as _;
use serde_json::Value;

pub(crate) const HEADWATER: &str = env!("CARGO_BIN_EXE_headwater");
pub(crate) const SIGNUP: &str = r#"{"id":"019365b2-7c00-7abc-8def-0123456789ab","type":"signup","occurred_at":1,"data":{"customer_key":"gk_1","email":"gone@shop.example"}}"#;

/// The option that says where it stores, and its value.
pub(crate) type Storage<'a> = [&'a OsStr; 2];

/// Runs the program to its end.
pub(crate) fn headwater(storage: Storage<'_>, arguments: &[&str]) -> Output {
    Command::new(HEADWATER).args(arguments).args(storage).output().unwrap()
}

pub(crate) fn init(storage: Storage<'_>, name: &str) -> Value {
    let output = headwater(storage, &["init", "--json", "--program", name]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `headwater serve` on a free port.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: String,
    /// Where it answers operators, when it was started so.
    admin: String,
    /// Held open: a server that prints to a closed pipe would fail.
    output: Option<BufReader<ChildStdout>>,
}

impl Server {
    pub(crate) fn start(storage: Storage<'_>) -> Self {
        Self::run(
            Command::new(HEADWATER).args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"]).args(storage),
        )
    }

    /// Starts a command that serves, and waits until it listens.
    pub(crate) fn run(command: &mut Command) -> Self {
        let process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut server = Self { process, address: String::new(), admin: String::new(), output: None };
        let mut output = BufReader::new(server.process.stdout.take().unwrap());
        loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ended before it listened");
            if let Some(address) = line.trim().strip_prefix("metrics and readiness on http://") {
                address.clone_into(&mut server.admin);
            }
            if let Some(address) = line.trim().strip_prefix("listening on http://") {
                address.clone_into(&mut server.address);
                server.output = Some(output);
                return server;
            }
        }
    }

    /// Status and text of an answer to operators.
    pub(crate) fn admin(&self, path: &str) -> (u16, String) {
        exchange(&self.admin, "GET", path, "", "")
    }

    /// Status and body of an answer.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
        let (status, body) = exchange(&self.address, method, path, headers, body);
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    pub(crate) fn event(&self, public_key: &str, event: &str) -> (u16, Value) {
        self.ask("POST", "/v1/events", "", &format!(r#"{{"public_key":"{public_key}","events":[{event}]}}"#))
    }

    /// Sends SIGTERM, as an operator does, and waits for the end of the process.
    pub(crate) fn stop(mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}

/// Status and body of the answer to one request.
fn exchange(address: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn basic(keys: &Value) -> String {
    let pair = format!("{}:{}", keys["public_key"].as_str().unwrap(), keys["secret_key"].as_str().unwrap());
    format!("authorization: Basic {}\r\n", base64::engine::general_purpose::STANDARD.encode(pair))
}
