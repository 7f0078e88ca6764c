//! Patterns and the URLs that they have.

use proptest::prelude::*;

use super::{AllowList, AllowedUrls};
use crate::named::upstream_url::UpstreamUrl;

fn list(patterns: &[&str]) -> AllowList {
    AllowList::new(patterns.iter().map(|it| it.parse().unwrap()))
}

fn parse(url: &str) -> Option<UpstreamUrl> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    UpstreamUrl::parse(scheme, authority, path, None).ok()
}

#[track_caller]
fn check(pattern: &str, allowed: &[&str], others: &[&str]) {
    let list = list(&[pattern]);
    for url in allowed {
        assert!(list.allows(&parse(url).unwrap()), "{pattern} has {url}");
    }
    for url in others {
        assert!(!parse(url).is_some_and(|it| list.allows(&it)), "{pattern} has not {url}");
    }
}

#[test]
fn whole_url_is_itself_alone() {
    check(
        "https://mcp.example.com/mcp",
        &["https://mcp.example.com/mcp", "https://MCP.example.com.:443/x/../%6dcp"],
        &[
            "http://mcp.example.com/mcp",
            "https://mcp.example.com:8443/mcp",
            "https://mcp.example.com/mcp/",
            "https://mcp.example.com/",
            "https://example.com/mcp",
            "https://a.mcp.example.com/mcp",
            "https://mcp.example.com.evil.example/mcp",
        ],
    );
}

#[test]
fn star_before_a_host_is_any_depth_of_subdomains() {
    check(
        "https://*.example.com/*",
        &["https://a.example.com/", "https://a.b.example.com/x/y", "https://A.EXAMPLE.COM./mcp"],
        &[
            "https://example.com/",
            "https://evilexample.com/",
            "https://a.example.com.evil.example/",
            "https://a.example.com@evil.example/",
            "https://evil.example/.example.com/",
            "https://evil.example%2f.example.com/",
            "https://evil.example%23.example.com/",
            "https://.example.com/",
            "http://a.example.com/",
            "https://a.example.com:25/",
        ],
    );
}

#[test]
fn star_behind_a_path_is_what_begins_so_after_all_dots_are_gone() {
    check(
        "http://a:8080/api/*",
        &["http://a:8080/api/", "http://a:8080/api/mcp", "http://a:8080/x/../api/mcp"],
        &[
            "http://a:8080/api",
            "http://a:8080/api/../admin",
            "http://a:8080/api/%2e%2e/admin",
            "http://a:8080/api/..%2fadmin",
            "http://a:8080/api/..;/admin",
            "http://a:8080/api/%252e%252e/admin",
            "http://a/api/mcp",
        ],
    );
}

#[test]
fn addresses_are_compared_as_addresses() {
    check(
        "http://127.0.0.1/*",
        &["http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/"],
        &["http://127.0.0.2/", "http://[::1]/", "http://localhost/"],
    );
    check("https://[0::1]/*", &["https://[::1]/"], &["https://[::2]/"]);
    check("https://*.0.1x/*", &["https://127.0.0.1x/"], &["https://127.0.0.1/"]);
}

#[test]
fn empty_list_has_nothing() {
    assert!(!AllowList::default().allows(&parse("https://example.com/").unwrap()));
}

#[test]
fn what_is_no_pattern_is_refused_with_the_reason() {
    for (pattern, reason) in [
        ("example.com/*", "https://"),
        ("https://example.com", "no path"),
        ("https://exam*ple.com/*", "subdomains"),
        ("https://*/*", "subdomains"),
        ("https://a.*.com/*", "subdomains"),
        ("https://example.com/*/x", "ends the path"),
        ("https://*.10.0.0.1/*", "no subdomains"),
        ("https://example.com/?a=1", "query"),
        ("https://user:pw@example.com/*", "user info"),
        ("ftp://example.com/*", "scheme"),
        ("https://b\u{fc}cher.example/*", "xn--"),
        ("https://example.com/%2f*", "several ways"),
    ] {
        let error = pattern.parse::<AllowedUrls>().unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("user:pw"), "{error}");
    }
}

proptest! {
    #[test]
    fn host_that_is_allowed_ends_as_the_pattern_does(host in "[a-z0-9.%@:x\\[\\]/#?-]{0,10}(\\.example\\.com)?[a-z.:@/]{0,6}") {
        if let Some(url) = parse(&format!("https://{host}"))
            && list(&["https://*.example.com/*"]).allows(&url)
        {
            let uri: http::Uri = url.to_string().parse().unwrap();
            prop_assert!(uri.host().unwrap().ends_with(".example.com"), "{}", url);
            prop_assert_eq!(uri.port_u16(), None);
        }
    }
}
