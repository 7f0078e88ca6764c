//! Every member of every element of every list is odd in every way, on both ways over the bridge:
//! the others are carried as if it were not there.

use eyot_types::{Method, Revision};
use serde_json::{Value, json};

use crate::revision::result;

/// Values that most members are not.
fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!("true"),
        json!("x"),
        json!(5),
        json!(-1),
        json!(1.5),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "a": 1 }),
    ]
}

/// Results by their methods: where their elements are, and a good one with every member.
fn lists() -> Vec<(Method<'static>, &'static str, Value)> {
    let icons = json!([{ "src": "https://a.example/i", "sizes": ["any"] }]);
    let hints = json!({ "audience": ["user"], "priority": 0.5 });
    let contents = json!({ "uri": "a:", "mimeType": "x/y", "text": "a", "_meta": {} });
    vec![
        (
            Method::ToolsList,
            "tools",
            json!({ "name": "n", "title": "T", "description": "d", "icons": icons, "_meta": {},
                "inputSchema": { "type": "object" }, "outputSchema": { "type": "object" },
                "annotations": { "readOnlyHint": true } }),
        ),
        (
            Method::PromptsList,
            "prompts",
            json!({ "name": "n", "title": "T", "description": "d", "icons": icons, "_meta": {},
                "arguments": [{ "name": "x", "required": true }] }),
        ),
        (
            Method::ResourcesList,
            "resources",
            json!({ "uri": "a:", "name": "n", "title": "T", "mimeType": "x/y", "size": 7,
                "annotations": hints, "icons": icons, "_meta": {} }),
        ),
        (
            Method::ResourcesTemplatesList,
            "resourceTemplates",
            json!({ "uriTemplate": "a:{b}", "name": "n", "annotations": hints, "icons": icons }),
        ),
        (
            Method::ToolsCall,
            "content",
            json!({ "type": "text", "text": "a", "annotations": hints, "_meta": {} }),
        ),
        (
            Method::ToolsCall,
            "content",
            json!({ "type": "image", "data": "", "mimeType": "image/png" }),
        ),
        (Method::ToolsCall, "content", json!({ "type": "resource", "resource": contents })),
        (
            Method::PromptsGet,
            "messages",
            json!({ "role": "user", "content": { "type": "text", "text": "a" } }),
        ),
        (Method::ResourcesRead, "contents", contents),
    ]
}

/// The element without each of its members, and with each odd value in its place and in theirs.
fn odd_elements(good: &Value) -> Vec<Value> {
    let mut odd = odd_values();
    for name in good.as_object().unwrap().keys() {
        let mut less = good.clone();
        less.as_object_mut().unwrap().remove(name);
        odd.push(less);
        odd.extend(odd_values().into_iter().map(|value| {
            let mut changed = good.clone();
            changed[name] = value;
            changed
        }));
    }
    odd
}

#[track_caller]
fn carried(revision: Revision, method: Method<'_>, value: &Value) -> Value {
    let (text, _) = result(revision, method, &value.to_string()).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_odd_element_costs_no_other_on_any_way() {
    let ways = [Revision::MODERN, Revision::LATEST_LEGACY, Revision::V2024_11_05];
    for (method, list, good) in lists() {
        for revision in ways {
            let alone = &carried(revision, method, &json!({ list: [good] }))[list][0];
            for odd in odd_elements(&good) {
                let result = carried(revision, method, &json!({ list: [good, odd, good] }));
                let items = result[list].as_array().unwrap();
                let context = || format!("{revision} {method} {odd}: {result}");
                assert!(matches!(items.len(), 2..=3), "{}", context());
                assert_eq!(items.first(), Some(alone), "{}", context());
                assert_eq!(items.last(), Some(alone), "{}", context());
            }
        }
    }
}

#[test]
fn an_odd_member_of_a_result_costs_no_element() {
    let names = ["_meta", "ttlMs", "cacheScope", "nextCursor", "isError", "description"];
    for (method, list, good) in lists() {
        for revision in [Revision::MODERN, Revision::LATEST_LEGACY] {
            for (name, odd) in
                names.iter().flat_map(|it| odd_values().into_iter().map(move |odd| (it, odd)))
            {
                let result = carried(revision, method, &json!({ list: [good], *name: odd }));
                assert_eq!(
                    result[list].as_array().map(Vec::len),
                    Some(1),
                    "{name}: {odd}: {result}"
                );
            }
        }
    }
}

#[test]
fn texts_that_were_cut_in_a_character_pass_as_they_are() {
    let text = r#"{"tools":[{"name":"n","description":"a\ud83d","inputSchema":{}}]}"#;
    let (carried, losses) = result(Revision::MODERN, Method::ToolsList, text).unwrap();
    assert!(carried.contains(r#""description":"a\ud83d""#), "{carried}");
    assert!(losses.is_empty(), "{losses:?}");
}
