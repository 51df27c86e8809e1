//! Which addresses are of the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Every block of IANA's IPv4 special-purpose registry, the anycast ones among them since no site lives there, and multicast.
const SPECIAL_V4: [(Ipv4Addr, u32); 19] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, then reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    // Azure serves a machine's metadata and DNS on this one, which looks public.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// What of 2000::/3, the only block that IANA gives out as global unicast, is special. Teredo, ORCHID and benchmarking lie in
/// the first; then documentation (two), 6to4, whose addresses embed an IPv4 one, and AS112.
const SPECIAL_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
];

/// Whether an address is an ordinary one of the public internet.
///
/// IPv6 is refused but for global unicast, so mapped, compatible, local, site-local and multicast addresses need no entry.
/// The well-known NAT64 prefix (RFC 6052) is judged by the address it embeds; the local one (64:ff9b:1::/48, RFC 8215) is
/// refused, because where it embeds the address is its network's secret.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !SPECIAL_V4.iter().any(|(block, bits)| (ip.to_bits() ^ block.to_bits()) >> (32 - bits) == 0),
        IpAddr::V6(ip) => match ip.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, _, _] => is_public(Ipv4Addr::from_bits(ip.to_bits() as u32).into()),
            // ISATAP (RFC 5214) embeds an IPv4 address behind any prefix.
            [_, _, _, _, 0 | 0x200, 0x5efe, _, _] => false,
            [first, ..] => {
                first >> 13 == 1
                    && !SPECIAL_V6.iter().any(|(block, bits)| (ip.to_bits() ^ block.to_bits()) >> (128 - bits) == 0)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn special_addresses_are_not_public() {
        let rows = "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.1.2.3 \
            169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.31.196.1 \
            192.52.193.1 192.88.99.1 192.168.0.1 192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 \
            203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16 \
            :: ::1 ::2 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:10.0.0.1 64:ff9b::127.0.0.1 \
            64:ff9b::169.254.169.254 64:ff9b::a00:1 64:ff9b:0:0:0:1:808:808 64:ff9b:1::8.8.8.8 64:ff9b:1:a00:0:100:: 100::1 \
            100:0:0:1::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 \
            2002:7f00:1:: 2002:808:808::1 2620:4f:8000::1 3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 \
            fd20:ce::254 fe80::1 febf::1 fec0::1 feff::1 ff02::1 ff0e::1 2a00:1450::5efe:10.0.0.1 2a00:1450::200:5efe:a00:1";
        for row in rows.split_whitespace() {
            assert!(!is_public(row.parse().unwrap()), "{row}");
        }
    }

    #[test]
    fn ordinary_addresses_are_public() {
        let rows = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 168.63.129.17 \
            169.253.255.255 172.15.255.255 172.32.0.0 192.0.1.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 \
            223.255.255.255 64:ff9b::8.8.8.8 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450:4001::200e 3ffe::1";
        for row in rows.split_whitespace() {
            assert!(is_public(row.parse().unwrap()), "{row}");
        }
    }

    fn special_v4() -> impl Strategy<Value = u32> {
        (0..SPECIAL_V4.len(), any::<u32>()).prop_map(|(i, host)| {
            let (block, bits) = SPECIAL_V4[i];
            block.to_bits() | u32::try_from(u64::from(host) & ((1 << (32 - bits)) - 1)).unwrap()
        })
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_special_address_in_ipv6_is_public(v4 in special_v4(), prefix in any::<u64>(), low in any::<u32>()) {
            let (ip, low) = (u128::from(v4), u128::from(low));
            let local_nat64 = 0x64_ff9b_0001_u128 << 80;
            let forms = [
                ip,
                0xffff << 32 | ip,
                0xffff << 48 | ip,
                0x64_ff9b << 96 | ip,
                local_nat64 | ip,
                // RFC 6052 section 2.2 leaves bits 64 to 71 free.
                local_nat64 | (ip >> 16) << 64 | (ip & 0xffff) << 40,
                local_nat64 | (ip >> 24) << 64 | (ip & 0xff_ffff) << 32,
                local_nat64 | ip << 24,
                0x2002 << 112 | ip << 80 | low,
                0x2001 << 112 | ip << 64 | low,
                0x2001 << 112 | low << 64 | (ip ^ 0xffff_ffff),
                u128::from(prefix) << 64 | 0x5efe << 32 | ip,
                u128::from(prefix) << 64 | 0x0200_5efe << 32 | ip,
            ];
            for form in forms {
                prop_assert!(!is_public(Ipv6Addr::from_bits(form).into()), "{}", Ipv6Addr::from_bits(form));
            }
        }

        #[test]
        fn nat64_is_as_public_as_what_it_embeds(v4 in any::<u32>()) {
            let v6 = Ipv6Addr::from_bits(0x64_ff9b << 96 | u128::from(v4));
            prop_assert_eq!(is_public(v6.into()), is_public(Ipv4Addr::from_bits(v4).into()));
        }
    }
}
