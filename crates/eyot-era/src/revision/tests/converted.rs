//! The samples against the schemas: complete, and valid wherever they are carried.

use std::collections::BTreeSet;

use eyot_types::{Revision, meta};
use serde_json::{Value, json};

use super::samples::{self, Sample};
use super::schema::{Schema, since};

#[test]
fn every_sample_survives_and_all_its_members_are_named() {
    for sample in samples::all() {
        let (encoded, decoded) = (sample.survive)(&sample.value).unwrap();
        assert_eq!(encoded, sample.value);
        let mut unnamed = decoded.split("other: {").skip(1).filter(|rest| !rest.starts_with('}'));
        assert!(unnamed.next().is_none(), "{decoded}");
        assert!(!decoded.contains("Other("), "{decoded}");
    }
}

/// The definitions of a revision that describe a sample.
fn described<'a>(
    schema: &'a Schema,
    sample: &'a Sample,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let find = |path: &&'static str| Some((*path, schema.find(path)?));
    sample.definitions.iter().filter_map(find)
}

#[test]
fn the_samples_have_every_member_of_every_revision() {
    let samples = samples::all();
    for schema in since(Revision::V2024_11_05) {
        for (path, definition) in samples.iter().flat_map(|it| described(&schema, it)) {
            let of_path = || samples.iter().filter(|it| it.definitions.contains(&path));
            let is_missing = |name: &&String| !of_path().any(|it| it.value.get(name).is_some());
            let members = definition["properties"].as_object();
            let names = members.into_iter().flat_map(|members| members.keys());
            let missing: Vec<_> = names.filter(is_missing).collect();
            assert!(missing.is_empty(), "{} {path}: {missing:?}", schema.revision);
        }
    }
}

#[test]
fn every_sample_is_valid_wherever_it_is_carried() {
    for schema in since(Revision::V2024_11_05) {
        for sample in &samples::all() {
            let (mut value, losses) = (sample.convert)(schema.revision, &sample.value);
            if losses.refused().is_some() {
                continue;
            }
            for (path, _) in described(&schema, sample) {
                if schema.revision == Revision::MODERN && path.contains("Request/") {
                    add_request_meta(&mut value);
                }
                schema.check(path, &value);
            }
        }
    }
}

/// What every hop adds to the requests that it sends.
fn add_request_meta(params: &mut Value) {
    params["_meta"][meta::PROTOCOL_VERSION] = json!(Revision::MODERN);
    params["_meta"][meta::CLIENT_CAPABILITIES] = json!({});
}

#[test]
fn what_is_carried_once_is_carried() {
    for &revision in Revision::SUPPORTED {
        for sample in &samples::all() {
            let (value, losses) = (sample.convert)(revision, &sample.value);
            let (again, more) = (sample.convert)(revision, &value);
            assert_eq!(again, value, "{revision} after {losses:?}");
            let lasting: Vec<_> = losses.iter().map(|loss| loss.feature).collect();
            assert!(more.iter().all(|loss| lasting.contains(&loss.feature)), "{revision} {more:?}");
        }
    }
}

#[test]
fn nothing_is_lost_on_the_way_to_a_revision_that_has_it_all() {
    for sample in &samples::all() {
        let (value, losses) = (sample.convert)(Revision::MODERN, &sample.value);
        let legacy = ["elicitation_id", "roots_list_changed", "task_request", "tool_execution"];
        assert!(losses.iter().all(|loss| legacy.contains(&loss.feature.as_str())), "{losses:?}");
        assert!(!losses.is_empty() || value == sample.value, "{value}");
    }
}

/// Definitions that others extend, a union of one, and the result of `tasks/result`, which is that
/// of the request.
const ABSTRACT: &[&str] = &[
    "CacheableResult",
    "ClientNotification",
    "GetTaskPayloadResult",
    "PaginatedRequest",
    "PaginatedResult",
    "Result",
];

#[test]
fn every_message_of_every_revision_has_a_sample() {
    let samples = samples::all();
    let known: BTreeSet<_> = samples.iter().flat_map(|it| it.definitions).copied().collect();
    for schema in since(Revision::V2024_11_05) {
        let definitions = schema.root[schema.definitions].as_object().unwrap();
        for (name, definition) in definitions {
            let is_message = definition["properties"]["method"]["const"].is_string();
            let is_result = name.ends_with("Result") && definition.get("properties").is_some();
            let path = if is_message { format!("{name}/properties/params") } else { name.clone() };
            let is_known = known.contains(path.as_str()) || ABSTRACT.contains(&name.as_str());
            assert!(is_known || !(is_message || is_result), "{} {name}", schema.revision);
        }
    }
}
