//! One text, one URL: what could be read in two ways has one form, or none.

use http::Uri;
use proptest::prelude::*;

use super::{InvalidUrl, UpstreamUrl};

fn url(authority: &str, path: &str) -> Result<UpstreamUrl, InvalidUrl> {
    UpstreamUrl::parse("https", authority, path, None)
}

#[track_caller]
fn host(authority: &str, canonical: &str) {
    assert_eq!(url(authority, "").unwrap().to_string(), format!("https://{canonical}/"));
}

#[track_caller]
fn no_host(authority: &str, error: InvalidUrl) {
    assert_eq!(url(authority, ""), Err(error), "{authority}");
}

#[track_caller]
fn path(text: &str, canonical: &str) {
    assert_eq!(url("a", text).unwrap().path, canonical, "{text}");
}

#[test]
fn names_are_in_lower_case_and_without_a_dot_behind_them() {
    host("MCP.Example.COM", "mcp.example.com");
    host("example.com.", "example.com");
    host("ex%41mple.com", "example.com");
    host("xn--bcher-kva.example", "xn--bcher-kva.example");
    host("my_host", "my_host");
}

#[test]
fn default_ports_are_left_out() {
    host("example.com:443", "example.com");
    host("example.com:80", "example.com:80");
    host("example.com%3A8443", "example.com:8443");
    let plain = UpstreamUrl::parse("HTTP", "example.com:80", "x", None).unwrap();
    assert_eq!(plain.to_string(), "http://example.com/x");
}

#[test]
fn every_form_of_an_ipv4_address_is_one_address() {
    for text in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f.1",
        "0x7F000001",
        "0177.0.0.01",
        "127.0.0.1.",
    ] {
        host(text, "127.0.0.1");
    }
    host("0x.0x.0", "0.0.0.0");
    for text in
        ["256.0.0.1", "1.2.3.4.5", "127.0.0.256", "4294967296", "1.2.3.08", "a.1", "example.0x1"]
    {
        no_host(text, InvalidUrl::Host);
    }
}

#[test]
fn ipv6_addresses_have_their_short_form() {
    host("[::1]", "[::1]");
    host("[0:0:0:0:0:0:0:1]:8443", "[::1]:8443");
    host("%5B::FFFF:10.0.0.1%5D", "[::ffff:10.0.0.1]");
    for text in ["[::1", "::1]", "[::1]x", "[fe80::1%25eth0]", "[]", "[127.0.0.1]"] {
        assert!(url(text, "").is_err(), "{text}");
    }
}

#[test]
fn what_is_no_host_is_refused() {
    no_host("user@example.com", InvalidUrl::UserInfo);
    no_host("user:pass%40example.com", InvalidUrl::UserInfo);
    no_host("b%C3%BCcher.example", InvalidUrl::NotAscii);
    no_host("%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1", InvalidUrl::NotAscii);
    for text in [
        "", ".", "a..b", ".a", "a b", "a%2Fb", "a%5Cb", "a%00", "a%", "a%zz", "a#b", "a?b", "..",
        "a%252e",
    ] {
        no_host(text, InvalidUrl::Host);
    }
    no_host(&"a".repeat(64), InvalidUrl::Host);
    no_host(&"a.".repeat(128), InvalidUrl::Host);
    for text in ["a:", "a:0", "a:65536", "a:+80", "a:80:80", "a:000443", "[::1]:x"] {
        no_host(text, InvalidUrl::Port);
    }
    assert_eq!(UpstreamUrl::parse("ftp", "a", "", None), Err(InvalidUrl::Scheme));
}

#[test]
fn dot_segments_are_gone_however_they_are_written() {
    path("", "/");
    path("mcp", "/mcp");
    path("a/./b", "/a/b");
    path("api/../admin", "/admin");
    path("api/%2e%2E/admin", "/admin");
    path("api/.%2e/", "/");
    path("../../etc", "/etc");
    path("a/..", "/");
    path("a/b/.", "/a/b/");
    path("a//b", "/a//b");
}

#[test]
fn encodings_of_paths_are_gone_where_they_mean_nothing() {
    path("%6Dcp/%7Euser", "/mcp/~user");
    path("caf%c3%a9", "/caf%C3%A9");
}

#[test]
fn what_servers_read_in_several_ways_is_refused() {
    for text in [
        "a%2Fb",
        "a%2f..%2fb",
        "a%5Cb",
        "a\\b",
        "%252e%252e/x",
        "%00",
        "a%0d%0ab",
        "a%",
        "a%4",
        "a%zz",
        "..;/admin",
        ".;x/admin",
        "%2e%2e;/admin",
        "..%3b/admin",
        "a%7f",
        "a\u{e9}",
        "a b",
        "a\"b",
    ] {
        assert_eq!(url("a", text), Err(InvalidUrl::Path), "{text}");
    }
}

#[test]
fn query_goes_along_as_it_is() {
    let parsed = UpstreamUrl::parse("https", "a", "mcp", Some("p=%2F1&q=../x?y")).unwrap();
    assert_eq!(parsed.to_string(), "https://a/mcp?p=%2F1&q=../x?y");
    for query in ["a b", "a#b", "a\u{e9}", "a\"b"] {
        let parsed = UpstreamUrl::parse("https", "a", "mcp", Some(query));
        assert_eq!(parsed, Err(InvalidUrl::Query), "{query}");
    }
}

proptest! {
    #[test]
    fn canonical_form_is_its_own_canonical_form(
        authority in "[a-zA-Z0-9.:%@x\\[\\]-]{1,12}",
        path in "[a-zA-Z0-9./%;~ -]{0,16}",
    ) {
        if let Ok(parsed) = url(&authority, &path) {
            let text = parsed.to_string();
            let (again, path) = text.strip_prefix("https://").unwrap().split_once('/').unwrap();
            prop_assert_eq!(&url(again, path).unwrap(), &parsed);
            // What connects reads the very host and path that were judged.
            let uri: Uri = text.parse().unwrap();
            let authority = uri.authority().unwrap();
            prop_assert_eq!(authority.host(), parsed.origin.host.to_string());
            prop_assert_eq!(authority.port_u16().unwrap_or(443), parsed.origin.port);
            prop_assert_eq!(uri.path(), &parsed.path);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(authority in ".*", path in ".*", query in ".*") {
        if let Ok(parsed) = UpstreamUrl::parse("https", &authority, &path, Some(&query)) {
            prop_assert!(parsed.to_string().is_ascii());
        }
    }
}
