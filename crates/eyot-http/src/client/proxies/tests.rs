//! Which way leads to which upstream.

use super::*;

/// The way to a URL, in a word and the proxy.
#[track_caller]
fn way(proxies: &Proxies, url: &str) -> String {
    match proxies.route(&Target::parse(url).unwrap()).unwrap() {
        Route::Direct => "direct".to_owned(),
        Route::Forward { proxy, authorization } => {
            format!("forward {proxy} {}", authorization.is_some())
        }
        Route::Tunnel { proxy, authorization } => {
            format!("tunnel {proxy} {}", authorization.is_some())
        }
        Route::Socks { proxy, login, resolves_here } => {
            format!("socks {proxy} {} {resolves_here}", login.is_some())
        }
    }
}

fn env(variables: &[(&str, &str)]) -> Proxies {
    let value = |name: &str| {
        let found = variables.iter().find(|it| it.0 == name);
        found.map(|it| it.1.to_owned())
    };
    Proxies::from_variables(value)
}

#[test]
fn without_variables_the_way_is_direct() {
    assert_eq!(way(&env(&[]), "https://a.example/mcp"), "direct");
    assert_eq!(way(&env(&[("HTTPS_PROXY", " ")]), "https://a.example/mcp"), "direct");
}

#[test]
fn each_scheme_has_its_variable() {
    let proxies = env(&[("HTTP_PROXY", "http://one:1"), ("HTTPS_PROXY", "two:2")]);
    assert_eq!(way(&proxies, "http://a.example/mcp"), "forward one:1 false");
    assert_eq!(way(&proxies, "https://a.example/mcp"), "tunnel two:2 false");
    let one = env(&[("HTTP_PROXY", "http://one:1")]);
    assert_eq!(way(&one, "https://a.example/mcp"), "direct");
}

#[test]
fn one_variable_is_for_all_schemes() {
    let proxies = env(&[("ALL_PROXY", "http://all"), ("HTTPS_PROXY", "http://two:2")]);
    assert_eq!(way(&proxies, "http://a.example/mcp"), "forward all:80 false");
    assert_eq!(way(&proxies, "https://a.example/mcp"), "tunnel two:2 false");
}

#[test]
fn name_in_lower_case_goes_first() {
    let proxies = env(&[("HTTPS_PROXY", "http://big"), ("https_proxy", "http://small")]);
    assert_eq!(way(&proxies, "https://a.example/"), "tunnel small:80 false");
}

#[test]
fn user_info_is_for_the_proxy() {
    let proxies = env(&[("ALL_PROXY", "http://me:p%40ss@one:1")]);
    assert_eq!(way(&proxies, "https://a.example/"), "tunnel one:1 true");
    assert!(!format!("{proxies:?}").contains("ss@"), "{proxies:?}");
    let socks = env(&[("ALL_PROXY", "socks5h://me:pass@one")]);
    assert_eq!(way(&socks, "https://a.example/"), "socks one:1080 true false");
}

#[test]
fn socks_resolves_names_here_or_there() {
    let socks = env(&[("ALL_PROXY", "socks5://one:1")]);
    assert_eq!(way(&socks, "http://a.example/"), "socks one:1 false true");
}

#[test]
fn exceptions_are_suffixes_addresses_networks_and_all() {
    let all = ("ALL_PROXY", "http://one:1");
    let proxies = env(&[all, ("NO_PROXY", "b.example, .c.example,10.0.0.0/8,192.0.2.1")]);
    for url in [
        "https://b.example/",
        "https://x.b.example/",
        "https://x.c.example/",
        "http://10.1.2.3/",
        "http://192.0.2.1:8080/",
    ] {
        assert_eq!(way(&proxies, url), "direct", "{url}");
    }
    for url in ["https://a.example/", "https://ab.example/", "http://192.0.2.2/"] {
        assert_ne!(way(&proxies, url), "direct", "{url}");
    }
    assert_eq!(way(&env(&[all, ("no_proxy", "*")]), "https://a.example/"), "direct");
}

#[test]
fn this_machine_is_reached_directly_unless_a_proxy_is_named_for_all() {
    let proxies = env(&[("ALL_PROXY", "http://one:1")]);
    let named = Proxies::all("http://one:1").unwrap();
    for url in ["http://127.0.0.1:1/", "https://localhost/", "http://[::1]:3000/mcp"] {
        assert_eq!(way(&proxies, url), "direct", "{url}");
        assert_ne!(way(&named, url), "direct", "{url}");
    }
    assert_eq!(way(&named, "unix:/run/a.sock#/mcp"), "direct");
}

#[test]
fn proxy_that_cannot_be_used_is_an_error_and_not_the_direct_way() {
    for url in ["https://one:1", "socks4://one", "ftp://me:secret@one", "http://", ":"] {
        let proxies = env(&[("ALL_PROXY", url)]);
        let error = proxies.route(&Target::parse("http://a.example/").unwrap()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("ALL_PROXY") && !text.contains("secret"), "{text}");
        assert!(Proxies::all(url).is_err(), "{url}");
    }
}
