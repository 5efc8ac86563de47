//! HTTP/1.1 by hand: hostile clients send what no HTTP library would.

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes of a response's head, at most.
const HEAD_MAX: usize = 16 * 1024;

/// The server's address and the credentials.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) address: String,
    pub(super) authorization: String,
    pub(super) public_key: String,
}

impl Wire {
    pub(super) async fn connect(&self) -> anyhow::Result<LineReader> {
        let stream = TcpStream::connect(&self.address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(LineReader { stream, authorization: self.authorization.clone(), read: Vec::new() })
    }

    /// Sends one request on a connection of its own; returns the status.
    pub(super) async fn ask(&self, method: &str, path: &str, body: &str) -> anyhow::Result<u16> {
        self.connect().await?.ask(method, path, body).await
    }

    /// The head of a request whose body follows.
    pub(super) fn head(&self, method: &str, path: &str, more: &str) -> String {
        head(&self.authorization, method, path, more)
    }
}

fn head(authorization: &str, method: &str, path: &str, more: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: headwater\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\n{more}\r\n"
    )
}

/// A connection.
pub(super) struct LineReader {
    pub(super) stream: TcpStream,
    authorization: String,
    read: Vec<u8>,
}

impl LineReader {
    /// Sends one request and reads its whole answer; returns the status.
    pub(super) async fn ask(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<u16> {
        let length = format!("content-length: {}\r\n", body.len());
        let mut request = head(&self.authorization, method, path, &length);
        request.push_str(body);
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    /// Reads the next answer whole; returns its status.
    pub(super) async fn answer(&mut self) -> anyhow::Result<u16> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.read.len() > HEAD_MAX || self.more().await? == 0 {
                bail!("the answer ended within its head");
            }
        };
        let (status, length) = read_head(&self.read[..end])?;
        while self.read.len() < end + length {
            if self.more().await? == 0 {
                bail!("the answer ended within its body");
            }
        }
        self.read.drain(..end + length);
        Ok(status)
    }

    async fn more(&mut self) -> anyhow::Result<usize> {
        Ok(self.stream.read_buf(&mut self.read).await?)
    }
}

/// Status and length of the body.
fn read_head(head: &[u8]) -> anyhow::Result<(u16, usize)> {
    let head = std::str::from_utf8(head)?;
    let status =
        head.split(' ').nth(1).and_then(|word| word.parse().ok()).context("an answer without status")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Ok((status, length.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answers_head_says_status_and_length() {
        assert_eq!(read_head(b"HTTP/1.1 503 Busy\r\nContent-Length: 12\r\n\r\n").unwrap(), (503, 12));
        assert_eq!(read_head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap(), (204, 0));
        assert!(read_head(b"nonsense\r\n\r\n").is_err());
    }
}
