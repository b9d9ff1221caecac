//! Which addresses may be dialled.
//!
//! A feed or a receiver that names (or is made to resolve to) an address inside the operator's
//! network could be used to reach what is not meant for it. So private addresses need a word in the
//! config, and link-local ones, where clouds serve credentials, are refused whatever it says. The
//! check runs on the dialled address (names are vetted after resolving, which defeats DNS rebinding),
//! on IP literals, which never reach a resolver, and on every redirect hop.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::IpNet;
use thiserror::Error;
use url::{Host, Url};

/// Special-purpose IPv4 blocks that are not public (IANA registry, RFC 6890 and successors).
const PRIVATE_V4: [(Ipv4Addr, u8); 10] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
];

/// IPv4 that is never dialled: this network, link-local with the metadata service, multicast,
/// reserved and broadcast.
const NEVER_V4: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Metadata services inside blocks that could otherwise be allowed.
const METADATA: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Why an address is not dialled. The text names the cure.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// Only http and https are spoken.
    #[error("use the scheme `{0}`\nwrite an address that begins with https:// or http://")]
    Scheme(String),
    /// The address has no host, or port 0.
    #[error("find a host and port in the address")]
    NoHost,
    /// A private address without permission.
    #[error(
        "connect to the private address {address}\nadd `{network}` to {setting} if it is meant"
    )]
    Private {
        /// The address.
        address: IpAddr,
        /// The narrowest network that would allow it.
        network: IpNet,
        /// The key that would allow it.
        setting: &'static str,
    },
    /// An address that no setting allows.
    #[error(
        "connect to {0}: link-local, metadata, multicast and reserved addresses are never dialled"
    )]
    Never(IpAddr),
}

/// Decides which addresses may be dialled.
#[derive(Debug, Clone)]
pub struct Guard {
    allow: Arc<[IpNet]>,
    setting: &'static str,
}

impl Guard {
    /// A guard that allows public addresses and these networks. `setting` is the key that the
    /// operator would change, for messages: "`allow_private` under `[network]`".
    pub fn new(allow: Vec<IpNet>, setting: &'static str) -> Self {
        Self { allow: allow.into(), setting }
    }

    /// Vets scheme, host and port, and the address itself where the host is an IP literal in any
    /// spelling (`url` has already normalised them).
    ///
    /// # Errors
    ///
    /// Says what is refused and which setting would allow it.
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme(url.scheme().to_owned()));
        }
        if url.port() == Some(0) {
            return Err(Refused::NoHost);
        }
        match url.host() {
            None => Err(Refused::NoHost),
            Some(Host::Domain(_)) => Ok(()),
            Some(Host::Ipv4(address)) => self.check_address(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => self.check_address(IpAddr::V6(address)),
        }
    }

    /// Vets one address.
    ///
    /// # Errors
    ///
    /// As [`Guard::check`].
    pub fn check_address(&self, address: IpAddr) -> Result<(), Refused> {
        let judged = unwrapped(address);
        match sort(judged) {
            Sort::Public => Ok(()),
            Sort::Never => Err(Refused::Never(address)),
            Sort::Private if self.allow.iter().any(|net| net.contains(&judged)) => Ok(()),
            Sort::Private => Err(Refused::Private {
                address,
                network: IpNet::from(judged),
                setting: self.setting,
            }),
        }
    }
}

/// What sort of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Public,
    Private,
    Never,
}

/// The address that is really meant: IPv4 inside IPv6 (mapped, compatible, NAT64, 6to4) counts as
/// what it carries, because that is where the packets go.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let part = v6.segments();
    let low = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match part {
        // Mapped (RFC 4291, 2.5.5.2) and the retired compatible form; `::` and `::1` stay.
        [0, 0, 0, 0, 0, 0xffff, high, lowest] => low(high, lowest),
        [0, 0, 0, 0, 0, 0, high, lowest] if high != 0 => low(high, lowest),
        // NAT64, RFC 6052.
        [0x64, 0xff9b, 0, 0, 0, 0, high, lowest] => low(high, lowest),
        // Local-use NAT64 (RFC 8215) and ISATAP (RFC 5214) count as what they carry where that is
        // not public; else as themselves, because they lie in a network of their own.
        [0x64, 0xff9b, 1, .., high, lowest] | [.., 0 | 0x200, 0x5efe, high, lowest]
            if sort(low(high, lowest)) != Sort::Public =>
        {
            low(high, lowest)
        }
        // 6to4, RFC 3056.
        [0x2002, high, lowest, ..] => low(high, lowest),
        _ => address,
    }
}

fn sort(address: IpAddr) -> Sort {
    if METADATA.contains(&address) {
        return Sort::Never;
    }
    match address {
        IpAddr::V4(v4) => {
            let within = |table: &[(Ipv4Addr, u8)]| {
                table.iter().any(|(net, length)| {
                    let mask = u32::MAX.checked_shl(32 - u32::from(*length)).unwrap_or(0);
                    v4.to_bits() & mask == net.to_bits()
                })
            };
            if within(&NEVER_V4) {
                Sort::Never
            } else if within(&PRIVATE_V4) {
                Sort::Private
            } else {
                Sort::Public
            }
        }
        IpAddr::V6(v6) => match v6.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0] => Sort::Never,
            [0, 0, 0, 0, 0, 0, 0, 1] => Sort::Private,
            // Link-local, deprecated site-local, multicast.
            [first, ..] if first & 0xffc0 == 0xfe80 || first & 0xffc0 == 0xfec0 => Sort::Never,
            [first, ..] if first & 0xff00 == 0xff00 => Sort::Never,
            // Unique local addresses.
            [first, ..] if first & 0xfe00 == 0xfc00 => Sort::Private,
            // Local-use NAT64, Teredo and protocol assignments, documentation, discard, segment routing.
            [0x64, 0xff9b, 1, ..] | [0x100, 0, 0, 0, ..] | [0x5f00, ..] => Sort::Private,
            [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => Sort::Private,
            [0x3fff, second, ..] if second < 0x1000 => Sort::Private,
            // Only 2000::/3 is handed out for global unicast (and 64:ff9b::/96, unwrapped above).
            [first, ..] if first & 0xe000 == 0x2000 => Sort::Public,
            _ => Sort::Never,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn guard(allow: &[&str]) -> Guard {
        Guard::new(allow.iter().map(|net| net.parse().unwrap()).collect(), "`allow_private`")
    }

    fn check(guard: &Guard, url: &str) -> Result<(), Refused> {
        guard.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn public_addresses_and_names_pass() {
        for url in ["https://example.org/", "http://93.184.216.34/", "http://[2606:2800:220:1::1]/"]
        {
            assert_eq!(check(&guard(&[]), url), Ok(()), "{url}");
        }
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::7f00:1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[64:ff9b:1::7f00:1]/",
            "http://[64:ff9b:1::5db8:d822]/",
            "http://[2606:2800::5efe:a00:1]/",
            // Teredo, whose last 32 bits are 127.0.0.1 turned over.
            "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://127.0.1/",
            "http://127.0.0.1./",
            "http://%31%32%37.0.0.1/",
            "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
            "http://user@127.0.0.1/",
            "http:\\\\127.0.0.1\\",
            "http://10.1.2.3/",
            "http://100.64.0.1/",
            "http://192.168.1.1/",
            "http://[fd12::1]/",
        ] {
            assert!(matches!(check(&guard(&[]), url), Err(Refused::Private { .. })), "{url}");
        }
    }

    #[test]
    fn no_setting_allows_link_local_and_metadata() {
        let open = guard(&["0.0.0.0/0", "::/0"]);
        for url in [
            "http://169.254.169.254/latest",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200/",
            "http://[::ffff:169.254.169.254]/",
            "http://[64:ff9b:1::a9fe:a9fe]/",
            "http://[2002:a9fe:a9fe::]/",
            "http://0xa9fea9fe/",
            "http://0/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
        ] {
            assert!(matches!(check(&open, url), Err(Refused::Never(_))), "{url}");
        }
        assert_eq!(check(&open, "http://127.0.0.1/"), Ok(()));
    }

    #[test]
    fn an_address_with_a_zone_or_a_broken_literal_is_none() {
        for url in
            ["http://[fe80::1%25eth0]/", "http://[::1%lo]/", "http://1.2.3.4.5/", "http://256.1/"]
        {
            assert!(Url::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_refusal_names_the_setting() {
        let text = check(&guard(&[]), "http://127.0.0.1/").unwrap_err().to_string();
        assert!(text.contains("127.0.0.1/32") && text.contains("`allow_private`"), "{text}");
    }

    #[test]
    fn other_schemes_and_port_zero_are_refused() {
        assert!(matches!(check(&guard(&[]), "ftp://example.org/"), Err(Refused::Scheme(_))));
        assert!(matches!(check(&guard(&[]), "file:///etc/passwd"), Err(Refused::Scheme(_))));
        assert_eq!(check(&guard(&[]), "http://example.org:0/"), Err(Refused::NoHost));
    }

    proptest! {
        #[test]
        fn embedded_ipv4_is_judged_as_ipv4(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let expected = sort(IpAddr::V4(v4));
            let [a, b, c, d] = v4.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            for v6 in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            ] {
                prop_assert_eq!(sort(unwrapped(IpAddr::V6(v6))), expected, "{}", v6);
            }
        }
    }
}
