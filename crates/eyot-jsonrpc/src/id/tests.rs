//! Ids, exactly as written.

use serde::{Deserialize, Serialize};

use super::Id;

#[track_caller]
fn check(raw: &str, number: Option<u64>, text: Option<&str>) {
    let id = Id::parse(raw).unwrap();
    assert_eq!(id.as_raw(), raw);
    assert_eq!(id.to_string(), raw);
    assert_eq!(id.as_u64(), number);
    assert_eq!(id.as_text().as_deref(), text);
    assert_eq!(serde_json::to_string(&id).unwrap(), raw);
    assert_eq!(serde_json::from_str::<Id>(raw).unwrap(), id);
    assert_eq!(id.detached(), id);
}

#[test]
fn integers_and_strings_are_ids() {
    check("0", Some(0), None);
    check("-1", None, None);
    check("9007199254740993", Some(9_007_199_254_740_993), None);
    check("18446744073709551616", None, None);
    check(r#""""#, None, Some(""));
    check(r#""12""#, None, Some("12"));
    check(r#""\u0000\ud83d\ude00""#, None, Some("\0😀"));
}

#[test]
fn short_and_long_ids_are_the_same_kind_of_thing() {
    for len in [0, 34, 35, 36, 37, 38, 39, 200] {
        let text = "é".repeat(len / 2) + &"x".repeat(len % 2);
        check(&format!("\"{text}\""), None, Some(&text));
    }
    let (short, long) = (Id::from_text(&"a".repeat(30)), Id::from_text(&"a".repeat(40)));
    assert!(short < long, "the order is that of the texts: {short} {long}");
    let digits = "9".repeat(50);
    check(&digits, None, None);
    assert!(Id::parse(&digits).unwrap() > Id::from_number(u64::MAX));
}

#[test]
fn other_json_is_no_id() {
    let others = ["", " 1", "1 ", "1.0", "1e3", "-0", "-", "01", "null", "true", "{}", "[]", "a"];
    for other in others.into_iter().chain(["\"", "\"\\ud800\"", "\"a\" ", "\"a\"b\"", "\u{663}"]) {
        assert_eq!(Id::parse(other), None, "{other}");
        assert!(other.trim() != other || serde_json::from_str::<Id>(other).is_err(), "{other}");
    }
}

#[test]
fn an_id_can_be_made_of_a_number_or_a_text() {
    assert_eq!(Id::from_number(u64::MAX).as_u64(), Some(u64::MAX));
    assert_eq!(Id::from_text("a\"\n😀").as_raw(), r#""a\"\n😀""#);
    assert_eq!(Id::from_text("7").as_u64(), None);
    assert_ne!(Id::from_text("7"), Id::from_number(7));
}

#[test]
fn an_id_keeps_its_spelling_inside_a_struct() {
    #[derive(Serialize, Deserialize)]
    struct Cancelled {
        id: Id,
        reason: String,
    }
    let text = r#"{"id":123456789012345678901234567890,"reason":"late"}"#;
    let cancelled: Cancelled = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&cancelled).unwrap(), text);
}
