//! The sender's address behind proxies: the part of `X-Forwarded-For` that the operator's own proxies wrote.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hyper::HeaderMap;
use ipnet::IpNet;

/// The trusted proxies. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// Trusts the proxies that the operator listed.
    pub(crate) fn new(trusted: Vec<IpNet>) -> Self {
        Self(trusted.into())
    }

    /// The sender of a request that came from `peer`: `peer` itself, or, if that is a trusted proxy, the address that
    /// it names. If that is a trusted proxy too, the next address counts, from the last of the header to the first.
    /// The first address that is not trusted is the sender; the addresses before it may be forged.
    pub(crate) fn sender(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let mut sender = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let values: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
        let mut hops = values.iter().rev().flat_map(|value| value.rsplit(','));
        while self.trusts(sender.ip()) {
            let Some(address) = hops.next().and_then(|hop| read(hop.trim())) else { break };
            sender = SocketAddr::new(address.to_canonical(), 0);
        }
        sender
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address, with a port or without.
fn read(hop: &str) -> Option<IpAddr> {
    hop.parse().or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies::new(trusted.iter().map(|network| network.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        proxies.sender(SocketAddr::new(peer.parse().unwrap(), 1), &headers).ip().to_string()
    }

    #[test]
    fn a_private_address_that_is_not_listed_is_not_trusted() {
        for peer in ["127.0.0.1", "10.0.0.2", "192.168.0.9", "fd00::1", "203.0.113.7"] {
            assert_eq!(sender(&[], peer, &["192.0.2.1"]), peer);
            assert_eq!(sender(&["172.16.0.0/12"], peer, &["192.0.2.1"]), peer);
        }
    }

    #[test]
    fn a_listed_proxy_names_the_sender_and_addresses_before_it_do_not_count() {
        let listed = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(sender(&listed, "10.0.0.2", &["198.51.100.1, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(sender(&listed, "::ffff:10.0.0.2", &["198.51.100.1", "192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(sender(&listed, "fd00::1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(sender(&listed, "10.0.0.2", &["unknown"]), "10.0.0.2");
        assert_eq!(sender(&listed, "10.0.0.2", &[]), "10.0.0.2");
    }

    #[test]
    fn a_chain_of_listed_proxies_leads_to_the_first_untrusted_address() {
        let forwarded = ["198.51.100.1, 192.0.2.1, 10.0.0.7", "10.0.0.3"];
        assert_eq!(sender(&["10.0.0.0/8"], "10.0.0.2", &forwarded), "192.0.2.1");
        assert_eq!(sender(&["10.0.0.2/32"], "10.0.0.2", &forwarded), "10.0.0.3");
    }
}
