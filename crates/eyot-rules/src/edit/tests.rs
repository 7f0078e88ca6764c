//! What changes, and that nothing else does.

use eyot_jsonrpc::Json;

use crate::action::{Edit, Redaction};
use crate::path::Path;
use crate::pattern::Pattern;
use crate::subject::Phase;

#[track_caller]
fn check(edit: &Edit, before: &str, after: &str) {
    let changed = edit.apply(before, Phase::Request).unwrap();
    assert_eq!(changed.as_deref().unwrap_or(before), after);
    assert!(Json::parse(changed.as_deref().unwrap_or(before)).is_some());
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

#[test]
fn set_replaces_or_makes_members() {
    let set = |place: &str| Edit::Set(path(place), "7".into());
    check(&set("a.b"), r#"{ "a" : { "b" : [1, 2] } , "c":1}"#, r#"{ "a" : { "b" : 7 } , "c":1}"#);
    check(&set("a.x"), r#"{"a":{"b":1 } }"#, r#"{"a":{"b":1,"x":7 } }"#);
    check(&set("a.x.y"), r#"{"a":{}}"#, r#"{"a":{"x":{"y":7}}}"#);
    check(&set("a[*].n"), r#"{"a":[{"n":1},{}]}"#, r#"{"a":[{"n":7},{"n":7}]}"#);
    check(&set("a[*].n"), "{}", "{}");
    check(&set("a[5]"), r#"{"a":[1]}"#, r#"{"a":[1]}"#);
    check(&set("a.*"), r#"{"a":{"x":1,"y":2}}"#, r#"{"a":{"x":7,"y":7}}"#);
    check(&set("a"), r#"{"a":1,"a":2}"#, r#"{"a":7,"a":7}"#);
}

#[test]
fn what_cannot_be_made_is_an_error() {
    let set = Edit::Set(path("a.x.y"), "7".into());
    for before in [r#"{"a":[1]}"#, r#"{"a":{"x":"s"}}"#, r#"{"a":null}"#] {
        let error = set.apply(before, Phase::Request).unwrap_err();
        assert!(error.contains("`a.x.y` cannot be set"), "{error}");
    }
    let rename = Edit::Rename(path("a"), "b".into());
    let error = rename.apply(r#"{"a":1,"b":2}"#, Phase::Request).unwrap_err();
    assert!(error.contains("a member `b` already"), "{error}");
}

#[test]
fn remove_takes_one_comma_with_each_member() {
    let remove = |place: &str| Edit::Remove(path(place));
    check(&remove("a"), r#"{"a":1, "b":2}"#, r#"{"b":2}"#);
    check(&remove("b"), r#"{"a":1, "b":2 , "c":3}"#, r#"{"a":1 , "c":3}"#);
    check(&remove("c"), r#"{"a":1,"c":3 }"#, r#"{"a":1 }"#);
    check(&remove("a"), r#"{"a":1}"#, "{}");
    check(&remove("a.*"), r#"{"a":{"x":1,"y":2}}"#, r#"{"a":{}}"#);
    check(&remove("a[*].s"), r#"{"a":[{"s":1,"t":2},{"t":3}]}"#, r#"{"a":[{"t":2},{"t":3}]}"#);
    check(&remove("a[*].s"), r#"{"a":[{"s":1},{"t":3,"u":1}]}"#, r#"{"a":[{},{"t":3,"u":1}]}"#);
    check(&remove("a"), r#"{"a":1,"a":2,"b":3}"#, r#"{"b":3}"#);
    check(&remove("x"), r#"{"a":1}"#, r#"{"a":1}"#);
}

#[test]
fn rename_changes_the_key_alone() {
    let rename = |place: &str, name: &str| Edit::Rename(path(place), name.into());
    check(&rename("a.b", "c\""), r#"{"a":{ "b" : 1 }}"#, r#"{"a":{ "c\"" : 1 }}"#);
    check(&rename("x", "b"), r#"{"a":1,"b":2}"#, r#"{"a":1,"b":2}"#);
}

#[test]
fn redaction_covers_texts_and_numbers_and_leaves_the_rest() {
    let redact = |paths: &[&str], patterns: &[&str]| {
        Edit::Redact(Redaction {
            paths: paths.iter().map(|it| path(it)).collect(),
            patterns: patterns.iter().map(|it| Pattern::compile(it).unwrap()).collect(),
            with: "[x]".into(),
        })
    };
    let card = r"\b\d{13,19}\b";
    check(
        &redact(&[], &[card]),
        r#"{"name":"4111111111111111","a":["no 4111111111111111!",4111111111111111,5,null],"k":"\u0034111111111111111"}"#,
        r#"{"name":"4111111111111111","a":["no [x]!","[x]",5,null],"k":"[x]"}"#,
    );
    check(&redact(&["a.pw"], &[]), r#"{"a":{"pw":{"x":1},"u":2}}"#, r#"{"a":{"pw":"[x]","u":2}}"#);
    check(
        &redact(&["a"], &["s+"]),
        r#"{"a":["ss", {"s":"s"}],"b":"s"}"#,
        r#"{"a":["[x]", {"s":"[x]"}],"b":"s"}"#,
    );
    check(&redact(&["a", "a.b"], &[]), r#"{"a":{"b":1}}"#, r#"{"a":"[x]"}"#);
}

#[test]
fn what_cannot_be_looked_through_is_covered_as_a_whole() {
    let patterns = vec![Pattern::compile("s").unwrap()];
    let edit = Edit::Redact(Redaction { paths: vec![path("a")], patterns, with: "-".into() });
    assert_eq!(edit.apply(r#"{"a":["s",tru"#, Phase::Request), Ok(None));
    let cut = r#"{"a":["s"],"b":1,"a":{"s" 1}}"#;
    assert!(edit.apply(cut, Phase::Request).unwrap().is_some_and(|it| it.contains(r#""a":["-"]"#)));
}
