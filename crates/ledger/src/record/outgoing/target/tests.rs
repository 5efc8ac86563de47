//! Addresses in every notation.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{check_target, is_public};

#[test]
fn only_addresses_of_the_public_internet_are_public() {
    for public in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2a00::1",
        "64:ff9b::1.1.1.1",
    ] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
}

#[test]
fn private_and_embedded_addresses_are_not_public() {
    for private in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.31.196.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:1.1.1.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1.1.1.1",
        "100::1",
        "2001::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:101:101::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!is_public(private.parse().unwrap()), "{private}");
    }
}

#[test]
fn a_target_is_https_without_credentials_and_http_only_on_loopback_where_that_is_allowed() {
    let taken = |text: &str, private| check_target(text, private).is_ok();
    // The text, whether it is taken, and whether it is where private targets are allowed.
    for (text, public, private) in [
        ("https://hooks.example.com/a?b=c", true, true),
        ("https://hooks.example.com:8443/", true, true),
        ("https://1.1.1.1/", true, true),
        ("https://[2606:4700::1]:9/", true, true),
        ("http://hooks.example.com/", false, false),
        ("http://1.1.1.1/", false, false),
        ("http://10.0.0.1/", false, false),
        ("http://127.0.0.1:9/", false, true),
        ("http://[::1]:9/", false, true),
        ("http://localhost:9/", false, true),
        ("http://localhost.:9/", false, true),
        ("http://localhost.example.com/", false, false),
        ("https://localhost/", false, true),
        ("https://a.localhost/", false, true),
        ("https://LOCALHOST./", false, true),
        ("https://10.0.0.1/", false, true),
        ("https://2130706433/", false, true),
        ("https://0x7f000001/", false, true),
        ("https://0177.0.0.1/", false, true),
        ("https://127.1/", false, true),
        ("https://%31%32%37.0.0.1/", false, true),
        ("https://１２７.0.0.1/", false, true),
        ("https://[::ffff:127.0.0.1]/", false, true),
        ("https://user@hooks.example.com/", false, false),
        ("https://user:password@hooks.example.com/", false, false),
        ("https://:password@hooks.example.com/", false, false),
        ("ftp://hooks.example.com/", false, false),
        ("file:///etc/passwd", false, false),
        ("unix:/run/docker.sock", false, false),
        ("hooks.example.com/a", false, false),
        ("https://", false, false),
        ("", false, false),
    ] {
        assert_eq!((taken(text, false), taken(text, true)), (public, private), "{text}");
    }
    let long = |length: usize| format!("https://hooks.example.com/{}", "a".repeat(length - 26));
    assert!(taken(&long(2048), false) && !taken(&long(2049), false));
}

/// Every way to write an address of IPv4 that URL parsers have been seen to take.
fn notations(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let bits = address.to_bits();
    let low = bits & 0x00ff_ffff;
    let mut texts = vec![
        format!("{a}.{b}.{c}.{d}"),
        format!("{bits}"),
        format!("{bits:#x}"),
        format!("{bits:#X}"),
        format!("0{bits:o}"),
        format!("{a}.{low}"),
        format!("{a}.{b}.{}", bits & 0xffff),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("000{a:o}.{b}.{c:#x}.{d}"),
        format!("{a}.{b}.{c}.{d}."),
        format!("{a}%2e{b}%2E{c}.{d}"),
        format!("{a}。{b}．{c}｡{d}"),
    ];
    let mapped = [address.to_ipv6_mapped(), address.to_ipv6_compatible()];
    let [high, low] = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
    let embedded = [
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
        Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, !high, !low),
    ];
    texts.extend(mapped.into_iter().chain(embedded).map(|address| format!("[{address}]")));
    texts.push(format!("[::ffff:{high:x}:{low:x}]"));
    texts.push(format!("[0:0:0:0:0:ffff:{a}.{b}.{c}.{d}]"));
    texts
}

fn private() -> impl Strategy<Value = Ipv4Addr> {
    let within = |base: [u8; 4], bits: u32| {
        any::<u32>().prop_map(move |any| {
            let mask = u32::MAX >> bits;
            Ipv4Addr::from_bits((Ipv4Addr::from(base).to_bits() & !mask) | (any & mask))
        })
    };
    prop_oneof![
        within([0, 0, 0, 0], 8),
        within([10, 0, 0, 0], 8),
        within([100, 64, 0, 0], 10),
        within([127, 0, 0, 0], 8),
        within([169, 254, 0, 0], 16),
        within([172, 16, 0, 0], 12),
        within([192, 168, 0, 0], 16),
        within([224, 0, 0, 0], 4),
        within([240, 0, 0, 0], 4),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_private_address_passes_in_any_notation(address in private(), port: u16) {
        for text in notations(address) {
            for target in [format!("https://{text}/"), format!("https://{text}:{port}/hook")] {
                prop_assert!(check_target(&target, false).is_err(), "{target}");
            }
        }
    }

    #[test]
    fn an_address_of_ipv6_is_public_only_as_global_unicast(bits: u128) {
        let address = Ipv6Addr::from_bits(bits);
        let unicast = bits >> 125 == 1;
        prop_assert!(unicast || address.octets().starts_with(&[0, 0x64, 0xff, 0x9b]) || !is_public(IpAddr::V6(address)));
    }
}
