//! Paths that name an upstream.

use eyot_service::FaultKind;

use super::{is_named, named};
use crate::named::AllowList;

fn name(uri: &str) -> Result<String, FaultKind> {
    let allow = AllowList::new(["https://*.example.com/*".parse().unwrap()]);
    let named = named(&uri.parse().unwrap(), &allow);
    named.map(|it| it.to_string()).map_err(|fault| fault.kind)
}

#[test]
fn path_is_the_upstream_and_the_query_goes_along() {
    for (uri, url) in [
        ("/to/https/a.example.com/mcp", "https://a.example.com/mcp"),
        ("/to/HTTPS/A.example.com:443/x/../mcp?p=1", "https://a.example.com/mcp?p=1"),
        ("/to/https/a.example.com", "https://a.example.com/"),
        ("/to/https/a.example.com/mcp/", "https://a.example.com/mcp/"),
        ("http://proxy/to/https/a.example.com/mcp", "https://a.example.com/mcp"),
    ] {
        assert_eq!(name(uri), Ok(url.to_owned()), "{uri}");
    }
}

#[test]
fn upstream_that_is_not_allowed_is_forbidden() {
    for uri in [
        "/to/https/example.com/mcp",
        "/to/http/a.example.com/mcp",
        "/to/https/a.example.com:8443/mcp",
        "/to/https/a.example.com./../b",
        "/to/https/169.254.169.254/latest",
    ] {
        let expected = if uri.contains("./..") {
            Ok("https://a.example.com/b".to_owned())
        } else {
            Err(FaultKind::Forbidden)
        };
        assert_eq!(name(uri), expected, "{uri}");
    }
}

#[test]
fn path_that_names_no_url_is_refused() {
    for uri in [
        "/to/",
        "/to/https",
        "/to/https/",
        "/to/ftp/a.example.com/",
        "/to/https/a%40b/x",
        "/to//https/x",
    ] {
        assert_eq!(name(uri), Err(FaultKind::Refused), "{uri}");
    }
    assert!(!is_named("/mcp") && !is_named("/to") && !is_named("//to/https/a") && is_named("/to/"));
}
