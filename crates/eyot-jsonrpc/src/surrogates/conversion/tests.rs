//! Halves of pairs on their way through readers that know none.

use std::convert::Infallible;

use serde_json::Value;

use super::keeping_lone_surrogates;

#[test]
fn lone_surrogates_survive_a_conversion() {
    let text = r#"{"a":"\ud83d","b":"\\ud83d","c":"\ud83d\ude00 \udE00\ud800\n","d":"é"}"#;
    let convert = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        Ok::<_, Infallible>((value.to_string(), ()))
    };
    let (converted, ()) = keeping_lone_surrogates(text, convert).unwrap();
    let expected = r#"{"a":"\ud83d","b":"\\ud83d","c":"😀 \ude00\ud800\n","d":"é"}"#;
    assert_eq!(converted, expected);
    let taken = "{\"a\":\"\\ud83d \u{10f03d}\"}";
    let (converted, ()) = keeping_lone_surrogates(taken, convert).unwrap();
    assert_eq!(converted, "{\"a\":\"\u{fffd} \u{10f03d}\"}");
}
