//! Which addresses are public, and a resolver that gives out no others.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whether an address belongs to the public internet. Loopback, private, link-local, carrier-grade NAT,
/// unique-local, documentation, benchmarking, multicast and reserved addresses do not, and neither do IPv6
/// addresses that embed such an IPv4 address.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 224;
    !special
}

/// Global unicast is 2000::/3; everything outside it, and what inside it is not routed or embeds IPv4, is refused.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let pair = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match s {
        // NAT64: the translated address decides.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(pair(high, low)),
        // 6to4: likewise.
        [0x2002, high, low, ..] => is_public_v4(pair(high, low)),
        // Teredo, ORCHID, benchmarking, documentation, segment routing.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        _ => s[0] & 0xe000 == 0x2000,
    }
}

/// Why a name gave no address to connect to. Found again in the error chain of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResolveError {
    /// The name does not resolve.
    Dns,
    /// It resolves, but to addresses that are not allowed.
    NotPublic,
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the name does not resolve",
            Self::NotPublic => "the name resolves to no public address",
        })
    }
}

impl std::error::Error for ResolveError {}

/// The system's resolver; with `public_only`, other addresses are dropped before a connection is tried, so that
/// the checked address is the one that is connected to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemResolver {
    pub(crate) public_only: bool,
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let public_only = self.public_only;
        Box::pin(async move {
            let found: Vec<SocketAddr> = match tokio::net::lookup_host((name.as_str(), 0)).await {
                Ok(found) => found.collect(),
                Err(_) => return Err(ResolveError::Dns.into()),
            };
            Ok(allowed(found, public_only)?)
        })
    }
}

fn allowed(mut found: Vec<SocketAddr>, public_only: bool) -> Result<Addrs, ResolveError> {
    if found.is_empty() {
        return Err(ResolveError::Dns);
    }
    if public_only {
        found.retain(|address| is_public(address.ip()));
        if found.is_empty() {
            return Err(ResolveError::NotPublic);
        }
    }
    Ok(Box::new(found.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn ordinary_addresses_are_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.254",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860::8888",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn one_bad_address_does_not_hide_a_good_one_and_only_bad_ones_are_refused() {
        let mixed: Vec<SocketAddr> = vec!["10.0.0.1:0".parse().unwrap(), "8.8.8.8:0".parse().unwrap()];
        let kept: Vec<_> = allowed(mixed.clone(), true).unwrap().collect();
        assert_eq!(kept, [mixed[1]]);
        assert_eq!(allowed(vec![mixed[0]], true).err(), Some(ResolveError::NotPublic));
        assert_eq!(allowed(vec![mixed[0]], false).unwrap().count(), 1);
        assert_eq!(allowed(vec![], true).err(), Some(ResolveError::Dns));
    }
}
