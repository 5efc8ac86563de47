//! A TCP forwarder between a server and its database that can be cut: connections stay open, and nothing arrives.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a forwarder looks whether it is cut.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Forwards to one port of the loopback address until the process ends.
pub(super) struct TcpForwarder {
    pub(super) port: u16,
    cut: Arc<AtomicBool>,
}

impl TcpForwarder {
    pub(super) fn start(target: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let cut = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&cut);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let flag = Arc::clone(&flag);
                std::thread::spawn(move || forward(&client, target, &flag));
            }
        });
        Ok(Self { port, cut })
    }

    /// Cuts the connection, or joins it again: what was sent meanwhile arrives then.
    pub(super) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::Relaxed);
    }
}

fn forward(client: &TcpStream, target: u16, cut: &AtomicBool) {
    while cut.load(Ordering::Relaxed) {
        std::thread::sleep(LOOK_EVERY);
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else { return };
    std::thread::scope(|both| {
        both.spawn(|| copy(client, &server, cut));
        copy(&server, client, cut);
    });
}

/// Copies until one side closes, then closes the other.
fn copy(mut from: &TcpStream, mut to: &TcpStream, cut: &AtomicBool) {
    let mut buffer = [0; 16 * 1024];
    let _ = from.set_read_timeout(Some(LOOK_EVERY));
    loop {
        let read = from.read(&mut buffer);
        while cut.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK_EVERY);
        }
        match read {
            Ok(0) => break,
            Ok(length) if to.write_all(&buffer[..length]).is_ok() => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(_) | Err(_) => break,
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_while_it_is_cut_arrives_when_it_is_joined() {
        let echo = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = echo.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = echo.accept().unwrap();
            let mut letter = [0];
            while stream.read_exact(&mut letter).is_ok() {
                stream.write_all(&letter).unwrap();
            }
        });
        let forwarder = TcpForwarder::start(target).unwrap();
        let mut client = TcpStream::connect(("127.0.0.1", forwarder.port)).unwrap();
        let mut heard = |sent: Option<u8>, patience: u64| {
            client.set_read_timeout(Some(Duration::from_millis(patience))).unwrap();
            client.write_all(sent.as_slice()).unwrap();
            let mut letter = [0];
            client.read_exact(&mut letter).is_ok().then_some(letter[0])
        };
        assert_eq!(heard(Some(b'a'), 5000), Some(b'a'));
        forwarder.cut(true);
        assert_eq!(heard(Some(b'b'), 200), None);
        forwarder.cut(false);
        assert_eq!(heard(None, 5000), Some(b'b'));
    }
}
