//! What a type does not know survives it: members and names of any kind, anywhere.

use eyot_types::{JsonObject, Revision};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Number, Value};

use super::samples;

/// Members whose values are typed by name, so that a name of one's own is no unknown member.
const MAPS: &[&str] = &["arguments", "error", "inputRequests", "properties"];

/// Members whose texts are names that a peer may extend.
const NAMES: &[&str] = &[
    "action",
    "audience",
    "cacheScope",
    "format",
    "includeContext",
    "level",
    "mode",
    "resultType",
    "role",
    "status",
    "stopReason",
    "taskSupport",
    "theme",
];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|it| Number::from_f64(it).map_or(Value::Null, Value::Number)),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Members that no revision names.
fn unknown_members() -> impl Strategy<Value = JsonObject> {
    btree_map("x-\\PC{0,8}", json(), 1..4).prop_map(|members| members.into_iter().collect())
}

/// Adds the members to every object that a type describes.
fn add_everywhere(value: &mut Value, members: &JsonObject) {
    match value {
        Value::Object(object) => {
            for (name, member) in object.iter_mut() {
                match member {
                    // The map itself has the names of others, but its values are typed.
                    Value::Object(map) if MAPS.contains(&name.as_str()) => {
                        map.values_mut().for_each(|it| add_everywhere(it, members));
                    }
                    _ => add_everywhere(member, members),
                }
            }
            object.extend(members.clone());
        }
        Value::Array(values) => values.iter_mut().for_each(|it| add_everywhere(it, members)),
        _ => {}
    }
}

/// Replaces every name that a peer may extend.
fn rename_everywhere(value: &mut Value, text: &str, is_name: bool) {
    match value {
        Value::String(name) if is_name => text.clone_into(name),
        Value::Array(values) => {
            values.iter_mut().for_each(|it| rename_everywhere(it, text, is_name));
        }
        Value::Object(members) => {
            for (name, member) in members {
                rename_everywhere(member, text, NAMES.contains(&name.as_str()));
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn unknown_members_survive(members in unknown_members()) {
        for sample in samples::all() {
            let mut value = sample.value;
            add_everywhere(&mut value, &members);
            let (encoded, _) = (sample.survive)(&value).map_err(|error| {
                TestCaseError::fail(format!("{:?}: {error}: {value}", sample.definitions))
            })?;
            prop_assert_eq!(encoded, value);
        }
    }

    #[test]
    fn unknown_members_are_carried_to_every_revision(members in unknown_members()) {
        for sample in samples::all() {
            let Value::Object(mut value) = sample.value else { continue };
            value.extend(members.clone());
            for &revision in Revision::SUPPORTED {
                let (converted, _) = (sample.convert)(revision, &Value::Object(value.clone()));
                // What is said in other words has no members of the old ones.
                if converted.get("type") != value.get("type") {
                    continue;
                }
                for (name, member) in &members {
                    prop_assert_eq!(converted.get(name), Some(member));
                }
            }
        }
    }

    #[test]
    fn unknown_names_survive(text in "\\PC{0,12}") {
        for sample in samples::all() {
            let mut value = sample.value;
            rename_everywhere(&mut value, &text, false);
            let (encoded, _) = (sample.survive)(&value).map_err(|error| {
                TestCaseError::fail(format!("{:?}: {error}: {value}", sample.definitions))
            })?;
            prop_assert_eq!(encoded, value);
        }
    }
}
