//! Which addresses are of the public Internet, and which networks are allowed besides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{AddressPolicy, Network};

fn public() -> AddressPolicy {
    AddressPolicy::public_and([])
}

#[track_caller]
fn check(addresses: &[&str], is_allowed: bool) {
    for address in addresses {
        let ip: IpAddr = address.parse().unwrap();
        assert_eq!(public().allows(ip), is_allowed, "{address}");
    }
}

#[test]
fn inner_addresses_of_ipv4_are_refused() {
    check(
        &[
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
        ],
        false,
    );
}

#[test]
fn neighbours_of_inner_addresses_are_public() {
    check(
        &[
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
        ],
        true,
    );
}

#[test]
fn inner_addresses_of_ipv6_are_refused() {
    check(
        &[
            "::",
            "::1",
            "::127.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ],
        false,
    );
    check(&["2606:4700::1111", "2001:200::1", "2a00:1450::1", "3fff:1000::1"], true);
}

#[test]
fn ipv4_address_within_an_ipv6_one_counts() {
    check(
        &[
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2002:c0a8:101::1",
        ],
        false,
    );
    check(&["::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"], true);
}

#[test]
fn networks_are_allowed_besides_the_public_internet() {
    let networks = ["10.1.0.0/16", "127.0.0.1", "fd00::/8"].map(|it| it.parse().unwrap());
    let policy = AddressPolicy::public_and(networks);
    for allowed in ["10.1.2.3", "127.0.0.1", "::ffff:10.1.2.3", "fd12::1", "1.1.1.1"] {
        assert!(policy.allows(allowed.parse().unwrap()), "{allowed}");
    }
    for refused in ["10.2.0.1", "127.0.0.2", "fe80::1", "::1", "64:ff9b::10.1.2.3"] {
        assert!(!policy.allows(refused.parse().unwrap()), "{refused}");
    }
}

#[test]
fn without_a_policy_every_address_is_allowed() {
    for address in ["127.0.0.1", "169.254.169.254", "::1"] {
        assert!(AddressPolicy::default().allows(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn network_is_an_address_and_a_length() {
    for text in ["", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "fd00::/129", "example.com", "10/8"]
    {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
    for (text, shown) in
        [("10.0.0.1", "10.0.0.1/32"), ("::1", "::1/128"), ("0.0.0.0/0", "0.0.0.0/0")]
    {
        assert_eq!(text.parse::<Network>().unwrap().to_string(), shown);
    }
}

proptest! {
    #[test]
    fn embedding_never_makes_an_address_public(bits: u32) {
        let v4 = Ipv4Addr::from_bits(bits);
        let [a, b, c, d] = v4.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let is_public = public().allows(v4.into());
        for v6 in [
            v4.to_ipv6_mapped(),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        ] {
            prop_assert_eq!(public().allows(v6.into()), is_public, "{}", v6);
        }
    }

    #[test]
    fn network_contains_what_begins_as_it_does(own: u128, other: u128, bits in 0_u8..=128) {
        let network: Network = format!("{}/{bits}", Ipv6Addr::from_bits(own)).parse().unwrap();
        let shared = (own ^ other).leading_zeros();
        let contains = network.contains(Ipv6Addr::from_bits(other).into());
        prop_assert_eq!(contains, shared >= u32::from(bits));
    }

    #[test]
    fn only_what_is_global_unicast_is_public(bits: u128) {
        let address = Ipv6Addr::from_bits(bits);
        if public().allows(address.into()) {
            let first = address.segments()[0];
            let is_unicast = (0x2000..=0x3fff).contains(&first);
            prop_assert!(is_unicast || address.to_ipv4_mapped().is_some() || first == 0x64);
        }
    }
}
