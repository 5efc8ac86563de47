//! Where a request comes from, for the limit on what one address may send.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::request::Parts;

/// The sender's address: the connection's other end, or, when that is a proxy beside us, what the proxy says.
/// `None` when the accept loop did not say who connected, as in a call without a socket.
pub(crate) fn of(parts: &Parts) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    let peer = peer.ip().to_canonical();
    if is_beside_us(peer) { Some(forwarded(parts).unwrap_or(peer)) } else { Some(peer) }
}

/// A machine of our own network: nobody on the internet has such an address, so a header it sends can be
/// believed.
fn is_beside_us(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
    }
}

/// The last address of `X-Forwarded-For`: the one our own proxy added. Those before it are anybody's claim.
fn forwarded(parts: &Parts) -> Option<IpAddr> {
    let last = parts.headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let last = last.rsplit(',').next().unwrap_or(last).trim();
    last.parse().or_else(|_| last.parse::<SocketAddr>().map(|address| address.ip())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_request(peer: &str, forwarded: &[&str]) -> String {
        let mut request = http::Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        of(&parts).unwrap().to_string()
    }

    #[test]
    fn a_proxy_beside_us_is_believed_and_nobody_else() {
        assert_eq!(of_request("203.0.113.7", &[]), "203.0.113.7");
        assert_eq!(of_request("203.0.113.7", &["192.0.2.1"]), "203.0.113.7");
        assert_eq!(of_request("127.0.0.1", &["198.51.100.1, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(of_request("::ffff:10.0.0.2", &["198.51.100.1", "192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(of_request("fd00::1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(of_request("10.0.0.2", &["unknown"]), "10.0.0.2");
    }
}
