//! Places, and where they are ambiguous.

use super::{Path, Twice, range_in};

const TEXT: &str = r#"{"a":{"b":[{"c":1},{"c":"x"},2]},"d.e":3,"f":[]}"#;

#[track_caller]
fn check(path: &str, expected: &[&str]) {
    let path = Path::parse(path).unwrap();
    assert_eq!(path.values(TEXT, Twice::Refuse).unwrap(), expected);
}

#[test]
fn values_are_found_in_the_order_of_the_text() {
    check("a.b[0].c", &["1"]);
    check("a.b[*].c", &["1", "\"x\""]);
    check("a.b[9]", &[]);
    check("a.*[2]", &["2"]);
    check("\"d.e\"", &["3"]);
    check("a.x.y", &[]);
    check("a[0]", &[]);
    check("f[*]", &[]);
}

#[test]
fn wrong_paths_are_refused() {
    for (path, part) in
        [("", "missing"), ("a..b", "missing"), ("a[x]", "[x]"), ("a[0", "`]`"), ("a[0]b", "begins")]
    {
        let error = Path::parse(path).unwrap_err();
        assert!(error.contains(part), "{path}: {error}");
    }
    assert!(Path::parse("\"a").unwrap_err().contains("not closed"));
    assert!(Path::parse(&vec!["a"; 100].join(".")).unwrap_err().contains("64"));
}

#[test]
fn key_that_is_there_twice_or_in_two_cases_is_ambiguous() {
    let path = Path::parse("a.b").unwrap();
    for text in [
        r#"{"a":{"b":1,"b":2}}"#,
        r#"{"a":{"b":1,"B":2}}"#,
        r#"{"a":{"B":2}}"#,
        r#"{"A":{},"a":{"b":1}}"#,
        r#"{"a":{"b":1},"A":{}}"#,
        r#"{"a":{"\u0062":1,"b":2}}"#,
    ] {
        assert!(path.values(text, Twice::Refuse).is_err(), "{text}");
    }
    assert_eq!(path.values(r#"{"a":{"b":1,"b":2}}"#, Twice::All).unwrap(), ["1", "2"]);
    assert_eq!(path.values(r#"{"a":{"b":1,"c":2,"C":3}}"#, Twice::Refuse).unwrap(), ["1"]);
}

#[test]
fn place_of_a_part_is_known() {
    let values = Path::parse("a.b").unwrap().values(TEXT, Twice::All).unwrap();
    assert_eq!(&TEXT[range_in(TEXT, values[0])], values[0]);
}
