//! Which addresses a webhook may lead to. Whoever may add a webhook makes this server send requests, so without this
//! they could reach what only this machine's network can: other services on it, or a cloud's metadata (server-side
//! request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use headwater_protocol::limits::WEBHOOK_TARGET_MAX;
use url::{Host, Url};

/// Networks of IPv4 that are not the public internet: IANA's registry of special-purpose addresses.
const PRIVATE_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::UNSPECIFIED, 8),           // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // behind a provider's NAT; some clouds' metadata
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local; clouds' metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 31, 196, 0), 24), // AS112
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, broadcast
];
/// The only network of IPv6 that is routed as public, without its parts below.
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Parts of [`PUBLIC_V6`] that are not public, or that carry an address of IPv4 within.
const PRIVATE_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments: Teredo, ORCHID, benchmarks
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];
/// What a network that only speaks IPv6 puts before an address of IPv4 (NAT64). The address within decides.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Whether an address belongs to the public internet. Addresses of IPv4 that are written as IPv6 do not, except those
/// of NAT64.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !PRIVATE_V4.iter().any(|network| within_v4(address, *network)),
        IpAddr::V6(address) if within_v6(address, NAT64) => {
            let [.., a, b, c, d] = address.octets();
            is_public(Ipv4Addr::new(a, b, c, d).into())
        }
        IpAddr::V6(address) => {
            within_v6(address, PUBLIC_V6) && !PRIVATE_V6.iter().any(|network| within_v6(address, *network))
        }
    }
}

fn within_v4(address: Ipv4Addr, (network, bits): (Ipv4Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (32 - bits) == 0
}

fn within_v6(address: Ipv6Addr, (network, bits): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (128 - bits) == 0
}

/// Where a webhook's requests go, checked by its text alone. A host name's addresses are checked when a connection is
/// made.
///
/// # Errors
/// A sentence about what is wrong with it.
pub fn check_target(text: &str, private_allowed: bool) -> Result<Url, String> {
    if text.chars().count() > WEBHOOK_TARGET_MAX {
        return Err(format!("target must have at most {WEBHOOK_TARGET_MAX} characters"));
    }
    let url = Url::parse(text)
        .map_err(|error| format!("target must be a URL such as https://example.com/hook: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("target must not contain a user or password: requests are signed instead".to_owned());
    }
    let Some(host) = url.host() else { return Err("target must name a host".to_owned()) };
    let loopback = is_loopback(&host);
    match url.scheme() {
        "https" => {}
        "http" if private_allowed && loopback => return Ok(url),
        "http" => return Err("target must begin with https://".to_owned()),
        other => return Err(format!("target must begin with https://, got '{other}:'")),
    }
    let address = match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
    };
    let private = loopback || address.is_some_and(|address| !is_public(address));
    if private && !private_allowed {
        return Err("target must be on the public internet, not a private or local address".to_owned());
    }
    Ok(url)
}

/// Whether a host is this machine, by its text.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests;
