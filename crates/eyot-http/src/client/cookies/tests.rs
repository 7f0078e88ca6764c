//! Which cookies of an upstream are kept, and which go back with what.

use std::time::{Duration, SystemTime};

use super::*;

const HOST: Origin<'static> = Origin { host: "up.example", path: "/v1/mcp", is_private: false };

fn answer(cookies: &[&str]) -> HeaderMap {
    let cookies = cookies.iter().map(|it| (SET_COOKIE, HeaderValue::from_str(it).unwrap()));
    cookies.collect()
}

fn sent(jar: &CookieJar, target: &str) -> String {
    let mut headers = HeaderMap::new();
    jar.add_to(&mut headers, &target.parse().unwrap());
    headers.get(COOKIE).map_or("", |it| it.to_str().unwrap()).to_owned()
}

/// The cookies that go back to `/v1/mcp` after answers that set these.
fn kept_from(origin: &Origin<'_>, cookies: &[&str]) -> String {
    let jar = CookieJar::default();
    jar.take(&answer(cookies), || *origin, &Limits::default());
    sent(&jar, "/v1/mcp?x=1")
}

#[track_caller]
fn check(cookie: &str, expected: &str) {
    assert_eq!(kept_from(&HOST, &[cookie]), expected, "{cookie}");
}

#[test]
fn cookie_of_the_origin_goes_back_to_it() {
    check("LB=1", "LB=1");
    check("LB=\"a b\"; Path=/; HttpOnly; SameSite=Lax", "LB=\"a b\"");
    check("a=b=c", "a=b=c");
    check("a=", "a=");
    check("a=1; Domain=up.example", "a=1");
    check("a=1; Domain=.EXAMPLE", "a=1");
}

#[test]
fn cookie_of_another_domain_is_not_kept() {
    check("a=1; Domain=other.example", "");
    check("a=1; Domain=p.example", "");
    check("a=1; Domain=deeper.up.example", "");
    let address = Origin { host: "10.0.0.1", ..HOST };
    assert_eq!(kept_from(&address, &["a=1; Domain=0.0.1"]), "");
    assert_eq!(kept_from(&address, &["a=1; Domain=10.0.0.1"]), "a=1");
}

#[test]
fn cookie_goes_to_its_path_alone() {
    check("a=1; Path=/v1", "a=1");
    check("a=1; Path=/v1/", "a=1");
    check("a=1; Path=/v", "");
    check("a=1; Path=/v1/mcp/deeper", "");
    check("a=1; Path=relative", "a=1");
    let jar = CookieJar::default();
    jar.take(&answer(&["a=1"]), || HOST, &Limits::default());
    assert_eq!(sent(&jar, "/v1/other"), "a=1", "the folder of the request by default");
    assert_eq!(sent(&jar, "/v2/mcp"), "");
}

#[test]
fn secure_cookie_is_kept_only_where_nobody_can_listen() {
    check("a=1; Secure", "");
    check("__Host-a=1; Path=/", "");
    let here = Origin { is_private: true, host: "localhost", ..HOST };
    assert_eq!(kept_from(&here, &["a=1; Secure"]), "a=1");
    assert_eq!(kept_from(&here, &["__Secure-a=1"]), "");
}

#[test]
fn cookie_that_has_expired_goes_nowhere() {
    let in_an_hour = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3_600));
    check(&format!("a=1; Expires={in_an_hour}"), "a=1");
    check(
        &format!("a=1; Expires={}", in_an_hour.replacen(' ', "-", 3).replacen(",-", ", ", 1)),
        "a=1",
    );
    check("a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "");
    check("a=1; Expires=Wed, 21-Oct-2015 07:28:00 GMT", "");
    check("a=1; Expires=some day", "a=1");
    check("a=1; Max-Age=0", "");
    check("a=1; Max-Age=-1", "");
    check("a=1; Max-Age=60; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "a=1");
    check("a=1; Max-Age=99999999999999999999", "a=1");
    check("a=1; Max-Age=soon", "a=1");
    assert_eq!(kept_from(&HOST, &["a=1", "b=2", "a=x; Max-Age=0"]), "b=2", "it takes one away");
}

#[test]
fn what_is_no_cookie_is_not_kept() {
    for text in ["", "=", "=x", "novalue", "a\t=1", "a=\u{e9}"] {
        check(text, "");
    }
    check(&format!("a={}", "x".repeat(5_000)), "");
}

#[test]
fn newer_value_replaces_the_older_one_of_the_same_path() {
    assert_eq!(kept_from(&HOST, &["a=1", "b=2", "a=3", "a=4; Path=/"]), "b=2; a=3; a=4");
}

#[test]
fn cookies_of_a_session_have_a_bound_and_the_oldest_go() {
    let cookies: Vec<_> = (0..100).map(|it| format!("c{it}={}", "x".repeat(1_000))).collect();
    let kept = kept_from(&HOST, &cookies.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(kept.len() <= Limits::default().upstream.cookies_bytes_max, "{}", kept.len());
    assert!(kept.ends_with(cookies[99].as_str()), "the newest is there");
}

#[test]
fn cookies_come_behind_those_of_the_configuration() {
    let jar = CookieJar::default();
    jar.take(&answer(&["a=1"]), || HOST, &Limits::default());
    let mut headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("own=0"))]);
    jar.add_to(&mut headers, &"/v1/mcp".parse().unwrap());
    assert_eq!(headers[COOKIE], "own=0; a=1");
    assert!(headers[COOKIE].is_sensitive());
}

#[test]
fn cookies_outlive_the_process_and_show_nothing() {
    let jar = CookieJar::default();
    assert_eq!(jar.to_text(), None);
    jar.take(&answer(&["a=\"1;2", "b=2; Path=/; Max-Age=60"]), || HOST, &Limits::default());
    let again = CookieJar::restored(&jar.to_text().unwrap());
    assert_eq!(sent(&again, "/v1/mcp"), sent(&jar, "/v1/mcp"));
    assert!(!format!("{jar:?}").contains("2"), "{jar:?}");
    for text in ["", "x", "1;/;a=1", ";relative;a=1", ";/;", "soon;/;a=1"] {
        assert_eq!(CookieJar::restored(text).to_text(), None, "{text}");
    }
}
