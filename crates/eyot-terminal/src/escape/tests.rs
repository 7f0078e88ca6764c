//! Escapes.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// One of each kind that steers.
const STEERING: &str = "\u{0}\u{7}\u{8}\r\n\u{1b}\u{7f}\u{80}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{2028}\u{202e}\u{2066}\u{feff}\u{e0041}\u{e0100}";

#[test]
fn nothing_that_steers_is_left() {
    let shown = escaped(STEERING);
    assert!(shown.is_ascii() && !shown.contains(char::is_control), "{shown}");
    assert_eq!(escaped("a\u{1b}[2J\u{9b}1A\nb"), "a\\u{1b}[2J\\u{9b}1A\\nb");
    let json = serde_json::to_string(STEERING).unwrap();
    assert!(escaped_json(&json).is_ascii());
}

#[test]
fn what_does_not_steer_stays() {
    for text in ["", "a\tb", "grüße", "日本語", "e\u{301}", "❤\u{fe0f}", "│", "\\u{1b}"] {
        assert!(matches!(escaped(text), Cow::Borrowed(same) if same == text), "{text}");
    }
}

#[test]
fn escaped_json_means_what_it_meant() {
    let value = Value::from(format!("a{STEERING}b\\ü\u{1f600}"));
    let pretty = serde_json::to_string_pretty(&[value.clone(), 1.into()]).unwrap();
    let escaped = escaped_json(&pretty);
    assert!(!escaped.contains(['\n', '\u{9b}', '\u{202e}']), "{escaped}");
    let read: Value = serde_json::from_str(&escaped).unwrap();
    assert_eq!(read, Value::from(vec![value, 1.into()]));
}

proptest! {
    #[test]
    fn no_text_steers(text in any::<String>()) {
        prop_assert!(!escaped(&text).contains(|it: char| steers(it) && it != '\t'));
    }

    #[test]
    fn no_json_steers_and_none_changes(text in any::<String>()) {
        let json = serde_json::to_string(&text).unwrap();
        let escaped = escaped_json(&json);
        prop_assert!(!escaped.contains(steers));
        prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}
