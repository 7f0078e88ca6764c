//! Messages of every shape, damaged inside of their result.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::any_value::any_value;
use crate::{Message, Remnant, ScanLimits};

/// What makes a text unreadable where a value should stand, and leaves its structure whole.
fn any_damage() -> impl Strategy<Value = &'static [u8]> {
    let damages: [&[u8]; 9] = [
        b"\"\\ud83d\"",
        b"\"\xff\xfe\"",
        b"\"\x01\"",
        b"\"\\q\"",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"{\"id\":-4,}",
        b"\"\\\\\\\",\\\"id\\\":-4,\xe9\"",
    ];
    select(damages.to_vec())
}

/// A result with the damage somewhere in it, and nested ids before and behind it.
fn any_result() -> impl Strategy<Value = Vec<u8>> {
    (any_value(), any_damage(), any_value(), 0_usize..90).prop_map(
        |(before, damage, after, depth)| {
            let (before, after) = (before.to_string(), after.to_string());
            let inner = [
                b"{\"id\":-1,\"a\":",
                before.as_bytes(),
                b",\"b\":[",
                damage,
                b",{\"id\":-2}],\"c\":",
            ];
            let inner = [&inner.concat(), after.as_bytes(), b",\"id\":-3}"].concat();
            [b"[".repeat(depth), inner, b"]".repeat(depth)].concat()
        },
    )
}

/// The members of the message, in any order.
fn any_order() -> impl Strategy<Value = Vec<&'static str>> {
    Just(vec!["jsonrpc", "id", "result", "_meta"]).prop_shuffle()
}

fn message(id: &str, result: &[u8], order: &[&str], other: &Value) -> Vec<u8> {
    let other = other.to_string();
    let members: Vec<Vec<u8>> = order
        .iter()
        .map(|name| {
            let value: &[u8] = match *name {
                "jsonrpc" => b"\"2.0\"",
                "id" => id.as_bytes(),
                "result" => result,
                _ => other.as_bytes(),
            };
            [format!("\"{name}\" : ").as_bytes(), value].concat()
        })
        .collect();
    [b"{", members.join(&b","[..]).as_slice(), b"}"].concat()
}

fn any_id() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u64>().prop_map(|it| it.to_string()),
        any::<String>().prop_map(|it| Value::from(it).to_string()),
    ]
}

proptest! {
    #[test]
    fn the_id_is_found_wherever_it_stands_and_no_nested_one_is_taken(
        id in any_id(),
        result in any_result(),
        order in any_order(),
        other in any_value(),
    ) {
        let text = message(&id, &result, &order, &other);
        let error = Message::parse(text.clone().into(), &ScanLimits::default()).unwrap_err();
        let answered: Vec<_> = error.remnant().answered().map(crate::Id::as_raw).collect();
        prop_assert_eq!(answered, [id.as_str()], "{}", text.escape_ascii());
    }

    #[test]
    fn one_wrong_byte_in_the_result_never_leads_to_another_id(
        result in any_value(),
        place in any::<prop::sample::Index>(),
        byte in prop_oneof![select(b"{}[]\",:\\ \n".to_vec()), any::<u8>()],
        is_insertion in any::<bool>(),
        order in any_order(),
    ) {
        let mut result = format!("{{\"id\":-1,\"a\":{result},\"id\":-2}}").into_bytes();
        let place = 1 + place.index(result.len() - 2);
        if is_insertion {
            result.insert(place, byte);
        } else {
            result[place] = byte;
        }
        let text = message("7", &result, &order, &Value::Null);
        let remnant = Remnant::of(&text);
        let is_right = remnant.answered().all(|it| it.as_raw() == "7");
        prop_assert!(is_right, "{:?} in {}", remnant, text.escape_ascii());
        // Where the id comes first, nothing behind it can hide it.
        if order.first() == Some(&"id") {
            prop_assert_eq!(remnant.answered().count(), 1, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_cut_text_never_leads_to_another_id(
        result in any_result(),
        order in any_order(),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = message("7", &result, &order, &Value::Null);
        let cut = &text[..cut.index(text.len())];
        let remnant = Remnant::of(cut);
        prop_assert!(remnant.answered().all(|it| it.as_raw() == "7"), "{}", cut.escape_ascii());
    }

    #[test]
    fn any_bytes_can_be_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = [b"{\"id\":1,", bytes.as_slice()].concat();
        for text in [&bytes, &text] {
            Remnant::of(text);
            Remnant::of_ends(1_000, text, &bytes);
        }
    }
}
