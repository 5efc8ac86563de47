//! The attacks: what hostile clients do.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use super::wire::{LineReader, Wire};

/// How one client ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With an answer of this status.
    Answered(u16),
    /// The server closed the connection.
    Cut,
    /// The server neither answered nor closed the connection in time.
    Left,
}

/// Many clients that do the same thing at once.
pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) count: usize,
    kind: AttackKind,
    /// The time within which each must be answered or refused.
    pub(super) within: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AttackKind {
    Lists,
    Idle,
    Trickle,
    Endless,
    SlowHead,
    Flood,
    Unread,
}

/// Time on top of the server's own time-outs, for a busy machine.
const SLACK: Duration = Duration::from_secs(15);

const fn attack(name: &'static str, count: usize, kind: AttackKind, seconds: u64) -> Attack {
    Attack { name, count, kind, within: Duration::from_secs(seconds).saturating_add(SLACK) }
}

/// Every attack. The seconds are the server's own time-outs.
pub(super) const ATTACKS: &[Attack] = &[
    attack("lists of 250 at once", 600, AttackKind::Lists, 30),
    attack("connections that say nothing, half of them after a request", 2000, AttackKind::Idle, 10),
    attack("request heads, a byte at a time", 300, AttackKind::SlowHead, 10),
    attack("request heads without end", 300, AttackKind::Flood, 10),
    attack("bodies, a byte at a time", 300, AttackKind::Trickle, 30),
    attack("bodies without end", 300, AttackKind::Endless, 30),
    attack("lists that nobody reads", 300, AttackKind::Unread, 75),
];

impl Attack {
    /// Runs all clients at once; returns how each ended, and after what time.
    pub(super) async fn run(&self, wire: &Wire) -> Vec<(End, Duration)> {
        let mut clients = JoinSet::new();
        for number in 0..self.count {
            let (wire, kind, within) = (wire.clone(), self.kind, self.within);
            clients.spawn(async move {
                let begun = Instant::now();
                let end = tokio::time::timeout(within, kind.act(&wire, number)).await;
                // A connection error means that the server closed the connection.
                (end.map_or(End::Left, |ended| ended.unwrap_or(End::Cut)), begun.elapsed())
            });
        }
        let mut ends = Vec::new();
        while let Some(end) = clients.join_next().await {
            ends.push(end.unwrap_or((End::Left, self.within)));
        }
        ends
    }

    /// Whether a client of this attack may end so.
    pub(super) fn takes(&self, end: End) -> bool {
        match (self.kind, end) {
            (_, End::Left) => true, // reported by its own finding
            (AttackKind::Lists, end) => matches!(end, End::Answered(200 | 503)),
            (AttackKind::Idle | AttackKind::SlowHead | AttackKind::Unread, end) => {
                matches!(end, End::Cut | End::Answered(408))
            }
            (AttackKind::Flood, end) => matches!(end, End::Cut | End::Answered(400 | 408 | 431)),
            (AttackKind::Trickle | AttackKind::Endless, end) => {
                matches!(end, End::Cut | End::Answered(408 | 413 | 429))
            }
        }
    }
}

impl AttackKind {
    async fn act(self, wire: &Wire, number: usize) -> anyhow::Result<End> {
        if self == Self::Unread {
            return unread(wire).await;
        }
        let mut line = wire.connect().await?;
        match self {
            Self::Lists => line.ask("GET", "/api/v2/customers?limit=250", "").await.map(End::Answered),
            Self::Idle => {
                if number.is_multiple_of(2) {
                    line.ask("GET", "/api/v2/customers/gk_2", "").await?;
                }
                line.answer().await.map(End::Answered)
            }
            Self::SlowHead => {
                let head = wire.head("GET", "/api/v2/customers", "");
                slowly(line, head.into_bytes().into_iter().cycle()).await
            }
            Self::Flood => {
                let begin = wire.head("GET", "/api/v2/customers", "");
                line.stream.write_all(begin.trim_end().as_bytes()).await?;
                let more = format!("\r\nx-more: {}", "again ".repeat(150));
                on_and_on(line, more.as_bytes()).await
            }
            Self::Trickle => {
                let head = wire.head("POST", &path(wire, number), "content-length: 9000\r\n");
                line.stream.write_all(head.as_bytes()).await?;
                slowly(line, std::iter::repeat(b' ')).await
            }
            Self::Endless => {
                let head = wire.head("POST", &path(wire, number), "transfer-encoding: chunked\r\n");
                line.stream.write_all(head.as_bytes()).await?;
                let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
                on_and_on(line, chunk.as_bytes()).await
            }
            Self::Unread => unreachable!("acted on above"),
        }
    }
}

/// A path that takes bodies, in turn: events of pages, the API, webhooks of billing.
fn path(wire: &Wire, number: usize) -> String {
    match number % 3 {
        0 => "/v1/events".to_owned(),
        1 => "/api/v2/customers".to_owned(),
        _ => format!("/v1/webhooks/stripe/{}", wire.public_key),
    }
}

/// Sends a byte every 250 ms until the server answers or closes the connection.
async fn slowly(mut line: LineReader, bytes: impl Iterator<Item = u8>) -> anyhow::Result<End> {
    for byte in bytes {
        match tokio::time::timeout(Duration::from_millis(250), line.answer()).await {
            Ok(ended) => return ended.map(End::Answered),
            Err(_) => line.stream.write_all(&[byte]).await?,
        }
    }
    Ok(End::Left)
}

/// Sends as much as the server accepts until it answers or closes the connection.
async fn on_and_on(mut line: LineReader, bytes: &[u8]) -> anyhow::Result<End> {
    loop {
        tokio::select! {
            biased;
            ended = line.stream.readable() => {
                ended?;
                return Ok(line.answer().await.map_or(End::Cut, End::Answered));
            }
            sent = writable(&line, bytes) => sent?,
        }
    }
}

/// Sends some of the bytes; what does not fit is dropped, since the content does not matter.
async fn writable(line: &LineReader, bytes: &[u8]) -> std::io::Result<()> {
    line.stream.writable().await?;
    match line.stream.try_write(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Requests many lists at once and reads nothing for a minute. Then what can be read shows whether the server gave
/// up: only what the system had buffered, or everything.
async fn unread(wire: &Wire) -> anyhow::Result<End> {
    const LISTS: usize = 100;
    /// More than the system's socket buffers hold.
    const BUFFERED: usize = 10 * 1024 * 1024;
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    let mut stream = socket.connect(wire.address.parse()?).await?;
    let requests = wire.head("GET", "/api/v2/customers?limit=250", "").repeat(LISTS);
    stream.write_all(requests.as_bytes()).await?;
    tokio::time::sleep(Duration::from_mins(1)).await;
    let (mut read, mut buffer) = (0, vec![0; 64 * 1024]);
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return Ok(End::Cut),
            Ok(bytes) => read += bytes,
        }
        if read > BUFFERED {
            return Ok(End::Left);
        }
    }
}
