//! What holds of which values.

use super::{Bounds, Check, OneOf, Wanted, is_under};
use crate::json::Number;

#[test]
fn paths_do_not_leave_their_folder() {
    for path in
        ["/srv/data", "/srv/data/", "/srv/data/a", "/srv/./data/x/../y", "file:///srv/data/a"]
    {
        assert!(is_under(path, "/srv/data"), "{path}");
    }
    for path in [
        "/srv/data/../x",
        "/srv/database",
        "/srv",
        "srv/data/a",
        "/srv/data/%2e%2e/x",
        "/srv/data/..\\x",
        "/../srv/data",
        "file://host/srv/data",
        "",
    ] {
        assert!(!is_under(path, "/srv/data"), "{path}");
    }
    assert!(is_under("docs/a", "docs"));
    assert!(is_under("/anything", "/"));
}

#[test]
fn checks_hold_of_their_own_type_only() {
    assert!(Check::Above(Number::Whole(5)).holds("5.5"));
    assert!(!Check::Above(Number::Whole(5)).holds("\"9\""));
    assert!(!Check::Prefix(vec!["1".into()]).holds("12"));
    assert!(Check::In(OneOf::of(vec!["1".into(), "\"a\"".into()])).holds("1.0"));
    assert!(!Check::In(OneOf::of(vec!["1".into()])).holds("\"1\""));
    assert!(Check::Size(Bounds { min: 2, max: 3 }).holds("[1,2]"));
    assert!(!Check::Size(Bounds { min: 2, max: 3 }).holds("2"));
    let not_under = Check::Not(vec![Check::Under(vec!["/srv".into()])]);
    assert!(not_under.holds("[\"/srv\"]"));
    assert!(!not_under.holds("\"/srv/a\""));
}

#[test]
fn all_checks_hold_of_one_value() {
    let checks = vec![Check::Above(Number::Whole(1)), Check::Below(Number::Whole(3))];
    let wanted = Wanted { exists: None, checks };
    assert!(wanted.holds(["9", "2"]));
    assert!(!wanted.holds(["9", "0"]));
    assert!(!wanted.holds([]));
    let absent = Wanted { exists: Some(false), checks: Vec::new() };
    assert!(absent.holds([]));
    assert!(!absent.holds(["null"]));
}

#[test]
fn equality_looks_at_what_is_said() {
    let is = |raw: &str, value: &str| OneOf::of(vec![eyot_jsonrpc::canonical(value)]).has(raw);
    assert!(is("1.0", "1"));
    assert!(is(r#""\u0061""#, r#""a""#));
    assert!(is(r#"{"b": 1, "a": [true]}"#, r#"{"a":[true],"b":1}"#));
    assert!(!is("\"1\"", "1"));
    assert!(!is("true", "false"));
}
