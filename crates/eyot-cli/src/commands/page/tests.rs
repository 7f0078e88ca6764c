//! Addresses of pages, honest ones and others.

use super::Page;

#[track_caller]
fn check(url: &str, host: &str, user_info: Option<&str>) {
    let page = Page::parse(url).unwrap();
    assert_eq!((page.host().as_str(), page.user_info().as_deref()), (host, user_info), "{url}");
    assert!(page.url().is_ascii());
}

#[test]
fn the_host_is_the_one_that_a_browser_goes_to() {
    check("https://bank.example/login?a=b", "bank.example", None);
    check("HTTPS://bank.example:8443", "bank.example", None);
    check("https://bank.example@evil.example/login", "evil.example", Some("bank.example"));
    check("https://a:b@c@evil.example", "evil.example", Some("a:b@c"));
    check("https://evil.example?@bank.example", "evil.example", None);
    check("https://evil.example#@bank.example", "evil.example", None);
    check("https://[2001:db8::1]:80/", "2001:db8::1", None);
    check("http://127.0.0.1:3000/", "127.0.0.1", None);
    check("http://[::1]/", "::1", None);
    check("http://localhost/", "localhost", None);
}

#[test]
fn names_of_other_scripts_are_shown_plainly() {
    check("https://xn--80ak6aa92e.example/", "xn--80ak6aa92e.example", None);
    check("https://b\u{430}nk.example/", "b\\u{430}nk.example", None);
    check("https://a\u{202e}b@evil.example/", "evil.example", Some("a\\u{202e}b"));
}

#[test]
fn other_addresses_are_not_offered() {
    for url in [
        "",
        "bank.example",
        "javascript:alert(1)",
        "javascript://bank.example/%0aalert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "http://bank.example/",
        "http://127.0.0.1.evil.example/",
        "http://2130706433/",
        "https:///bank.example",
        "https://@/",
        "https://bank.example\\@evil.example/",
        "https://bank.example /",
        "https://bank.example\n/",
        "https://b%61nk.example/",
        "https:bank.example",
    ] {
        assert!(Page::parse(url).is_err(), "{url}");
    }
}
