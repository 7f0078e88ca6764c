//! The scan against `serde_json::Value`, which refuses what lenient readers accept.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::any_value::any_value;
use crate::{INVALID_REQUEST, Message, PARSE_ERROR, ScanLimits};

/// How a value is written.
#[derive(Clone, Copy, Debug)]
enum Style {
    Compact,
    Pretty,
    /// Every character of every string as `\uXXXX`.
    Escaped,
}

fn any_style() -> impl Strategy<Value = Style> {
    select(vec![Style::Compact, Style::Pretty, Style::Escaped])
}

fn write(value: &Value, style: Style) -> String {
    match (style, value) {
        (Style::Compact, _) => value.to_string(),
        (Style::Pretty, _) => serde_json::to_string_pretty(value).unwrap(),
        (Style::Escaped, Value::String(text)) => escaped(text),
        (Style::Escaped, Value::Array(items)) => {
            let items: Vec<_> = items.iter().map(|item| write(item, style)).collect();
            format!("[ {} ]", items.join("\t,"))
        }
        (Style::Escaped, Value::Object(members)) => {
            let members: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("{} : {}", escaped(key), write(value, style)))
                .collect();
            format!("{{\r\n{}}}", members.join(" , "))
        }
        (Style::Escaped, _) => value.to_string(),
    }
}

fn escaped(text: &str) -> String {
    let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
    format!("\"{units}\"")
}

/// A call with white space, tokens and escapes to break.
fn call(arguments: &str) -> String {
    format!(
        concat!(
            r#"{{"jsonrpc":"2.0", "id":"a\u0062","method":"tools/call","x":[1.5e3,true,null],"#,
            r#""params":{{"_meta":{{"progressToken":7}},"name":"\ud83d\ude00","arguments":{}}}}}"#
        ),
        arguments
    )
}

/// One small damage: a byte replaced, inserted or removed.
#[derive(Clone, Debug)]
struct Damage {
    place: prop::sample::Index,
    byte: Option<u8>,
    is_insertion: bool,
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![
        4 => select(b"{}[]\",:\\u0123456789eE+-. \n\ttfnaDd".to_vec()).prop_map(Some),
        1 => any::<u8>().prop_map(Some),
        1 => Just(None),
    ];
    let damage = (any::<prop::sample::Index>(), byte, any::<bool>());
    damage.prop_map(|(place, byte, is_insertion)| Damage { place, byte, is_insertion })
}

fn damaged(text: &str, damages: &[Damage]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for damage in damages {
        let place = damage.place.index(bytes.len());
        match damage.byte {
            Some(byte) if damage.is_insertion => bytes.insert(place, byte),
            Some(byte) => bytes[place] = byte,
            None => drop(bytes.remove(place)),
        }
    }
    bytes
}

/// Checks that both readers agree on what is JSON, up to what is stricter here.
#[track_caller]
fn check_agreement(bytes: &[u8]) {
    let scanned = Message::parse(Bytes::copy_from_slice(bytes), &ScanLimits::default());
    match (scanned, serde_json::from_slice::<Value>(bytes)) {
        (Ok(message), Ok(value)) => check_same(&message, &value),
        (Ok(message), Err(error)) => panic!("{message:?} is accepted: {error}"),
        (Err(error), Ok(_)) => assert_eq!(error.code(), INVALID_REQUEST, "{error}"),
        // An infinite number is no JSON to the one, and JSON over a bound to the other.
        (Err(_), Err(error)) if error.to_string().starts_with("number out of range") => {}
        (Err(error), Err(_)) => assert_eq!(error.code(), PARSE_ERROR, "{error}"),
    }
}

#[track_caller]
fn check_same(message: &Message, value: &Value) {
    let method = message.method().map(|method| Value::from(method.as_ref()));
    assert_eq!(value.get("method"), method.as_ref());
    let raw: Vec<Option<Value>> = [message.params(), message.result(), message.error()]
        .map(|raw| raw.map(|raw| serde_json::from_str(raw).unwrap()))
        .into();
    for (name, part) in ["params", "result", "error"].into_iter().zip(&raw) {
        assert_eq!(value.get(name), part.as_ref());
    }
    let id: Option<Value> = message.id().map(|id| serde_json::from_str(id.as_raw()).unwrap());
    assert_eq!(value.get("id").filter(|id| !id.is_null()), id.as_ref());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_json_passes_and_keeps_its_place(value in any_value(), style in any_style()) {
        let arguments = write(&value, style);
        let text = call(&arguments);
        let message = Message::parse(text.clone().into(), &ScanLimits::default()).unwrap();
        let params = message.params().unwrap();
        let (arguments_end, params_end) =
            (format!("\"arguments\":{arguments}}}"), format!("\"params\":{params}}}"));
        prop_assert!(params.ends_with(&arguments_end));
        prop_assert!(text.ends_with(&params_end));
        prop_assert_eq!(message.name(), Some("😀".into()));
        prop_assert_eq!(message.meta(), Some(r#"{"progressToken":7}"#));
        prop_assert_eq!(message.is_single_line(), !text.contains(['\n', '\r']));
        prop_assert_eq!(message.has_line_separators(), text.contains(['\u{2028}', '\u{2029}']));
        prop_assert_eq!(message.to_bytes(), text.as_bytes());
    }

    #[test]
    fn damaged_text_is_json_to_both_readers_or_to_none(
        value in any_value(),
        style in any_style(),
        damages in prop::collection::vec(any_damage(), 0..4),
    ) {
        check_agreement(&damaged(&call(&write(&value, style)), &damages));
    }

    #[test]
    fn damaged_envelopes_are_json_to_both_readers_or_to_none(
        damages in prop::collection::vec(any_damage(), 1..3),
    ) {
        check_agreement(&damaged(&call("{}"), &damages));
    }
}
