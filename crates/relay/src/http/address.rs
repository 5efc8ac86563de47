//! The IP address of a request's sender, for the rate limit of one address.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::request::Parts;

/// The sender's address, as set by the accept loop. Only the accept loop reads the headers of proxies, because it knows
/// which proxies are trusted. `None` when it set none, as in a call without a socket.
pub(crate) fn of(parts: &Parts) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(peer.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_for_header_does_not_change_the_address() {
        for peer in ["203.0.113.7", "127.0.0.1", "10.0.0.2", "fd00::1"] {
            let request = http::Request::builder().header("x-forwarded-for", "192.0.2.1");
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
            assert_eq!(of(&parts).unwrap().to_string(), peer);
        }
    }
}
