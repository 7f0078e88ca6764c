//! The parts of a text against those that serde_json finds.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::reader::Reader;
use super::{Items, Members};

fn read(raw: &str) -> Value {
    serde_json::from_str(raw).unwrap()
}

#[track_caller]
fn check(value: &Value, text: &str) {
    let members: Option<Map<String, Value>> =
        Members::of(text).map(|it| it.map(|(key, raw)| (key.into_owned(), read(raw))).collect());
    assert_eq!(members.as_ref(), value.as_object(), "{text}");
    let items: Option<Vec<Value>> = Items::of(text).map(|it| it.map(read).collect());
    assert_eq!(items.as_ref(), value.as_array(), "{text}");
}

#[test]
fn the_parts_of_objects_and_arrays_are_found() {
    for value in [
        json!({}),
        json!([]),
        json!({"a": 1, "b\n\"": {"c": [true, null]}, "": "\u{2028}"}),
        json!([1, [2], {"a": [3]}, "]", -0.5e3]),
    ] {
        check(&value, &value.to_string());
        check(&value, &serde_json::to_string_pretty(&value).unwrap());
    }
}

#[test]
fn other_values_have_no_parts() {
    for value in [json!(null), json!(1), json!("{}"), json!(true)] {
        check(&value, &value.to_string());
    }
}

#[test]
fn text_that_is_not_json_ends() {
    for text in ["{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "[", "[1", "[1,"]
    {
        assert!(Members::of(text).into_iter().flatten().count() <= 1, "{text}");
        assert!(Items::of(text).into_iter().flatten().count() <= 1, "{text}");
    }
}

proptest! {
    #[test]
    fn any_object_falls_into_its_members(
        members in prop::collection::btree_map(any::<String>(), any::<(i64, String)>(), 0..9),
    ) {
        let value = json!(members);
        check(&value, &value.to_string());
        let items = Value::from_iter(members.into_values().map(|it| json!(it)));
        check(&items, &items.to_string());
    }
}

#[test]
fn half_a_surrogate_pair_hides_nothing_that_stands_behind_it() {
    let text = r#"{"a":["\ud83d",1],"b":{"\udc00":2},"c":3}"#;
    let names: Vec<_> = Members::of(text).unwrap().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(Items::of(r#"["\ud83d",1]"#).unwrap().count(), 2);
    let mut reader = Reader::new(text);
    assert_eq!(reader.value(), Some(text));
}
