//! Which address counts.

use std::net::IpAddr;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::{any, prop, proptest};

use super::{ForwardedHeader, Origin, TrustedProxies};

fn proxies(networks: &[&str], header: ForwardedHeader) -> TrustedProxies {
    let networks = networks.iter().map(|it| it.parse().unwrap()).collect();
    TrustedProxies { networks, has_sockets: false, header }
}

fn headers(name: &str, lines: &[&str]) -> HeaderMap {
    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
    lines.iter().map(|it| (name.clone(), HeaderValue::from_str(it).unwrap())).collect()
}

fn from(peer: &str) -> Origin {
    Origin { peer: Some(peer.parse().unwrap()), is_tls: false }
}

/// The client of a request behind 10.0.0.0/8, as these lines say; an empty text is a refusal.
#[track_caller]
fn check(header: ForwardedHeader, lines: &[&str], expected: &str) {
    let proxies = proxies(&["10.0.0.0/8", "fd00::/8"], header);
    let found = proxies.client(from("10.0.0.1"), &headers(header.name(), lines));
    let found = found.map(|it| it.address.unwrap().to_string()).unwrap_or_default();
    assert_eq!(found, expected, "{lines:?}");
}

const LIST: ForwardedHeader = ForwardedHeader::XForwardedFor;
const FORWARDED: ForwardedHeader = ForwardedHeader::Forwarded;

#[test]
fn the_client_is_the_nearest_address_that_is_no_trusted_proxy() {
    check(LIST, &["203.0.113.9"], "203.0.113.9");
    check(LIST, &["203.0.113.9, 10.1.1.1, 10.2.2.2"], "203.0.113.9");
    check(LIST, &["203.0.113.9", "10.1.1.1", "fd00::5"], "203.0.113.9");
    check(LIST, &["6.6.6.6, 203.0.113.9"], "203.0.113.9");
    check(LIST, &["6.6.6.6", "203.0.113.9, 10.1.1.1"], "203.0.113.9");
    check(FORWARDED, &["for=203.0.113.9;proto=https;by=10.0.0.1"], "203.0.113.9");
    check(FORWARDED, &["for=6.6.6.6, For=\"203.0.113.9:4711\" , for=10.1.1.1"], "203.0.113.9");
    check(FORWARDED, &["for=\"[2001:db8::1]:80\""], "2001:db8::1");
    check(FORWARDED, &["for=203.0.113.9;;"], "203.0.113.9");
    check(FORWARDED, &["for=\"[2001:db8::1]:_hidden\""], "2001:db8::1");
}

#[test]
fn a_proxy_that_says_nothing_is_the_client_itself() {
    check(LIST, &[], "10.0.0.1");
    check(LIST, &[""], "10.0.0.1");
    check(FORWARDED, &[], "10.0.0.1");
}

#[test]
fn the_farthest_of_trusted_proxies_alone_is_the_client() {
    check(LIST, &["10.9.9.9, 10.1.1.1"], "10.9.9.9");
}

#[test]
fn ports_brackets_and_carried_addresses_are_read() {
    check(LIST, &["203.0.113.9:4711"], "203.0.113.9");
    check(LIST, &["[2001:db8::1]:80"], "2001:db8::1");
    check(LIST, &["[2001:db8::1]"], "2001:db8::1");
    check(LIST, &["2001:db8::1"], "2001:db8::1");
    check(LIST, &["::ffff:203.0.113.9"], "203.0.113.9");
    check(LIST, &["203.0.113.9, ::ffff:10.1.1.1"], "203.0.113.9");
}

#[test]
fn a_trusted_proxy_that_says_no_address_is_refused() {
    for line in
        ["unknown", "_hidden", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4:99999", "[::1", "a b"]
    {
        check(LIST, &[line], "");
        check(LIST, &["203.0.113.9", line], "");
    }
    for line in [
        "203.0.113.9",
        "for=unknown",
        "for=",
        "for=\"1.2.3.4",
        "for=1.2.3.4;for=1.2.3.5",
        "proto=https",
        "for=1.2.3.4 x",
        "for=\"1.2.3.4\"x",
        "=1.2.3.4",
    ] {
        check(FORWARDED, &[line], "");
    }
}

#[test]
fn what_a_client_wrote_before_the_word_of_a_proxy_is_not_looked_at() {
    check(LIST, &["nonsense, \", 203.0.113.9"], "203.0.113.9");
    check(FORWARDED, &["for=\"x", "for=203.0.113.9"], "203.0.113.9");
    // An open quotation would swallow the word of the proxy: refused, not believed.
    check(FORWARDED, &["for=\"x, for=203.0.113.9"], "");
    check(FORWARDED, &["for=\"x, for=\"203.0.113.9\""], "");
}

#[test]
fn the_header_of_the_other_form_is_not_looked_at() {
    let proxies = proxies(&["10.0.0.0/8"], FORWARDED);
    let found = proxies.client(from("10.0.0.1"), &headers("x-forwarded-for", &["6.6.6.6"]));
    assert_eq!(found.unwrap().address, from("10.0.0.1").peer);
}

#[test]
fn a_way_has_a_bound() {
    check(LIST, &[&["10.1.1.1"; 32].join(",")], "10.1.1.1");
    check(LIST, &[&["10.1.1.1"; 33].join(",")], "");
}

#[test]
fn a_trusted_proxy_says_whether_its_client_speaks_tls() {
    let trusting = proxies(&["10.0.0.0/8"], LIST);
    let mut said = headers("x-forwarded-for", &["203.0.113.9"]);
    said.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    assert!(trusting.client(from("10.0.0.1"), &said).unwrap().is_tls);
    assert!(!trusting.client(from("203.0.113.1"), &said).unwrap().is_tls);
    let trusting = proxies(&["10.0.0.0/8"], FORWARDED);
    let said = headers("forwarded", &["for=203.0.113.9;proto=https"]);
    assert!(trusting.client(from("10.0.0.1"), &said).unwrap().is_tls);
}

#[test]
fn a_unix_socket_is_a_proxy_only_if_that_is_said() {
    let said = headers("x-forwarded-for", &["203.0.113.9"]);
    let mut trusting = proxies(&[], LIST);
    assert_eq!(trusting.client(Origin::default(), &said).unwrap().address, None);
    trusting.has_sockets = true;
    let found = trusting.client(Origin::default(), &said).unwrap().address;
    assert_eq!(found, from("203.0.113.9").peer);
}

proptest! {
    #[test]
    fn what_an_untrusted_peer_writes_never_matters(
        peer in any::<IpAddr>(),
        lines in prop::collection::vec("[ -~]{0,40}", 0..4),
        is_forwarded in any::<bool>(),
    ) {
        let header = if is_forwarded { FORWARDED } else { LIST };
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let said = headers(header.name(), &lines);
        // A network that holds no address that was made up.
        let trusting = proxies(&["192.0.2.77"], header);
        if peer.to_canonical().to_string() != "192.0.2.77" {
            let found = trusting.client(Origin { peer: Some(peer), is_tls: false }, &said).unwrap();
            assert_eq!(found.address, Some(peer.to_canonical()));
            assert_eq!((found.is_tls, found.proxies), (false, 0));
        }
    }

    #[test]
    fn what_a_client_writes_never_matters_behind_a_proxy_that_appends(
        client in any::<IpAddr>(),
        forged in "[ -~]{0,60}",
        hops in 0..5_usize,
    ) {
        let trusting = proxies(&["10.0.0.0/8"], LIST);
        let canonical = client.to_canonical();
        let is_proxy = matches!(canonical, IpAddr::V4(it) if it.octets()[0] == 10);
        let chain = (0..hops).map(|it| format!(", 10.0.1.{it}")).collect::<String>();
        let line = format!("{forged}, {client}{chain}");
        if !is_proxy {
            let found = trusting.client(from("10.0.0.1"), &headers("x-forwarded-for", &[&line]));
            assert_eq!(found.unwrap().address, Some(canonical));
        }
    }

    #[test]
    fn no_line_of_proxies_makes_it_panic(line in "[ -~]{0,80}") {
        for header in [LIST, FORWARDED] {
            let trusting = proxies(&["10.0.0.0/8"], header);
            drop(trusting.client(from("10.0.0.1"), &headers(header.name(), &[&line])));
        }
    }
}
