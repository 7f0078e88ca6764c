//! Hosts and origins, friendly and not.

use http::Request;

use super::{Forbidden, HostPolicy};
use crate::RequestHead;

fn verdict(policy: &HostPolicy, request: &Request<()>) -> Result<(), Forbidden> {
    policy.check(request.uri(), &RequestHead::read(request.headers()))
}

#[track_caller]
fn check(host: &str, origin: Option<&str>, expected: Result<(), Forbidden>) {
    let mut request = Request::builder().uri("/mcp").header("host", host);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let policy =
        HostPolicy::loopback().allow_host("mcp.example").allow_origin("https://app.example");
    assert_eq!(verdict(&policy, &request.body(()).unwrap()), expected, "{host} {origin:?}");
}

#[test]
fn loopback_names_and_named_hosts_are_served_on_any_port() {
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:80", "[::1]", "mcp.example"] {
        check(host, None, Ok(()));
    }
}

#[test]
fn addresses_are_served_when_they_are_allowed_but_no_name_beside_them() {
    let policy = HostPolicy::loopback().allow_addresses();
    let asked = |host: &str| {
        verdict(&policy, &Request::builder().uri("/").header("host", host).body(()).unwrap())
    };
    for host in ["10.0.0.7", "10.0.0.7:9090", "[fd00::1]:9090", "localhost"] {
        assert_eq!(asked(host), Ok(()), "{host}");
    }
    for host in ["evil.example", "10.0.0.7.nip.io", "10.0.7", "0x7f.1", "2130706433", "10.0.0.7."] {
        assert_eq!(asked(host), Err(Forbidden::Host), "{host}");
    }
}

#[test]
fn foreign_hosts_are_forbidden() {
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "127.0.0.1, evil.example",
        "user@localhost",
        "localhost:80@evil.example",
        "",
        "[::1].evil.example",
        "localhost:port",
    ] {
        check(host, None, Err(Forbidden::Host));
    }
}

#[test]
fn loopback_and_named_origins_are_served() {
    for origin in
        ["http://localhost:3000", "HTTP://127.0.0.1", "https://[::1]:9", "https://app.example"]
    {
        check("localhost", Some(origin), Ok(()));
    }
}

#[test]
fn foreign_origins_are_forbidden() {
    for origin in [
        "null",
        "",
        "http://evil.example",
        "http://localhost.evil.example",
        "http://localhost:80@evil.example",
        "http://evil.example/http://localhost",
        "http://[::1].evil.example",
        "file://localhost",
        "localhost",
        "https://app.example.evil",
    ] {
        check("localhost", Some(origin), Err(Forbidden::Origin));
    }
}

#[test]
fn who_knows_the_page_asks_for_the_host_alone() {
    let asked = |host: &str| {
        let request = Request::builder().uri("/").header("host", host).header("origin", "null");
        let request = request.body(()).unwrap();
        HostPolicy::loopback().check_host(request.uri(), &RequestHead::read(request.headers()))
    };
    assert_eq!(asked("localhost"), Ok(()));
    assert_eq!(asked("evil.example"), Err(Forbidden::Host));
}

#[test]
fn second_origin_is_forbidden_even_behind_a_good_one() {
    let request = Request::builder()
        .uri("/mcp")
        .header("host", "localhost")
        .header("origin", "http://localhost")
        .header("origin", "http://localhost");
    let request = request.body(()).unwrap();
    assert_eq!(verdict(&HostPolicy::loopback(), &request), Err(Forbidden::Origin));
}

#[test]
fn authority_in_the_target_wins_over_the_host_header() {
    let request = Request::builder().uri("http://evil.example/mcp").header("host", "localhost");
    let request = request.body(()).unwrap();
    assert_eq!(verdict(&HostPolicy::loopback(), &request), Err(Forbidden::Host));
}

#[test]
fn host_that_is_known_lets_no_other_in() {
    let policy = HostPolicy::loopback();
    let asked = |host: &str| {
        verdict(&policy, &Request::builder().uri("/").header("host", host).body(()).unwrap())
    };
    for _ in 0..2 {
        assert_eq!(asked("evil.example"), Err(Forbidden::Host));
        assert_eq!(asked("localhost:8080"), Ok(()));
        assert_eq!(asked("localhost:8080.evil.example"), Err(Forbidden::Host));
        assert_eq!(asked("127.0.0.1"), Ok(()));
    }
}
