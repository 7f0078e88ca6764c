//! Random mutations of one element: the others stay what they are.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::reading::fit::fits;
use crate::reading::shapes::of_complete;
use crate::reading::{mend, read};
use crate::{
    CallToolResult, GetPromptResult, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, Method, ReadResourceResult,
};

/// A list of some result, and whether a result is read as that of its method.
struct Case {
    method: Method<'static>,
    list: &'static str,
    element: Value,
    is_read: fn(&str) -> bool,
}

fn cases() -> Vec<Case> {
    let icons = json!([{ "src": "i", "sizes": ["any"], "theme": "dark" }]);
    let hints = json!({ "audience": ["user"], "priority": 0.5, "lastModified": "x" });
    let text = json!({ "type": "text", "text": "a", "annotations": hints, "_meta": {} });
    let contents = json!({ "uri": "a:b", "mimeType": "x/y", "text": "a", "_meta": {} });
    vec![
        Case {
            method: Method::ToolsList,
            list: "tools",
            element: json!({ "name": "n", "title": "T", "description": "d", "icons": icons,
                "inputSchema": { "type": "object" }, "outputSchema": { "type": "object" },
                "annotations": { "title": "T", "readOnlyHint": true, "openWorldHint": false },
                "execution": { "taskSupport": "optional" }, "_meta": {} }),
            is_read: |text| read::<ListToolsResult>(text).is_ok(),
        },
        Case {
            method: Method::PromptsList,
            list: "prompts",
            element: json!({ "name": "n", "title": "T", "description": "d", "icons": icons,
                "arguments": [{ "name": "x", "required": true }], "_meta": {} }),
            is_read: |text| read::<ListPromptsResult>(text).is_ok(),
        },
        Case {
            method: Method::ResourcesList,
            list: "resources",
            element: json!({ "uri": "a:b", "name": "n", "title": "T", "description": "d",
                "mimeType": "x/y", "annotations": hints, "size": 7, "icons": icons, "_meta": {} }),
            is_read: |text| read::<ListResourcesResult>(text).is_ok(),
        },
        Case {
            method: Method::ResourcesTemplatesList,
            list: "resourceTemplates",
            element: json!({ "uriTemplate": "a:{b}", "name": "n", "annotations": hints,
                "icons": icons, "_meta": {} }),
            is_read: |text| read::<ListResourceTemplatesResult>(text).is_ok(),
        },
        Case {
            method: Method::ToolsCall,
            list: "content",
            element: text.clone(),
            is_read: |text| read::<CallToolResult>(text).is_ok(),
        },
        Case {
            method: Method::ToolsCall,
            list: "content",
            element: json!({ "type": "resource", "resource": contents, "annotations": hints }),
            is_read: |text| read::<CallToolResult>(text).is_ok(),
        },
        Case {
            method: Method::PromptsGet,
            list: "messages",
            element: json!({ "role": "user", "content": text }),
            is_read: |text| read::<GetPromptResult>(text).is_ok(),
        },
        Case {
            method: Method::ResourcesRead,
            list: "contents",
            element: contents,
            is_read: |text| read::<ReadResourceResult>(text).is_ok(),
        },
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9]{0,4}".prop_map(Value::from),
        prop::sample::select(vec!["true", "1", "text", "image"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map("name|uri|type|text|src|a", inner, 0..3)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

/// Puts `odd` somewhere into `value`, or takes away what is there; `steps` say where.
fn mutate(value: &mut Value, steps: &[prop::sample::Index], odd: Option<Value>) {
    let Some((step, rest)) = steps.split_first() else {
        *value = odd.unwrap_or_default();
        return;
    };
    match value {
        Value::Object(members) if !members.is_empty() => {
            let name = step.get(&members.keys().cloned().collect::<Vec<_>>()).clone();
            match (rest.is_empty(), odd) {
                (true, None) => drop(members.remove(&name)),
                (_, odd) => mutate(&mut members[&name], rest, odd),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let index = step.index(items.len());
            mutate(&mut items[index], rest, odd);
        }
        _ => *value = odd.unwrap_or_default(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn an_odd_element_changes_no_other(
        odd in prop::option::of(any_value()),
        steps in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        place in 0_usize..3,
    ) {
        for Case { method, list, element, is_read } in cases() {
            let mut mutated = element.clone();
            mutate(&mut mutated, &steps, odd.clone());
            let mut items = vec![element.clone(), element.clone()];
            items.insert(place, mutated);
            let text = json!({ list: items }).to_string();
            let mended = mend(method, &text).unwrap();
            prop_assert!(is_read(&text), "{}", text);
            if fits(of_complete(method), &text) {
                prop_assert_eq!(&mended.text, &text);
            }
            let value: Value = serde_json::from_str(&mended.text).unwrap();
            let items = value[list].as_array().unwrap();
            let left = items.iter().filter(|it| **it == element).count();
            prop_assert!((2..=3).contains(&items.len()) && left >= 2, "{}", mended.text);
            // What is mended is sound, and keeps its bytes from then on.
            let again = mend(method, &mended.text).unwrap();
            prop_assert!(again.oddities.is_empty(), "{:?}", again.oddities);
            prop_assert_eq!(again.text, mended.text);
        }
    }

    #[test]
    fn what_is_around_a_list_never_costs_an_element(odd in any_value()) {
        for Case { method, list, element, is_read } in cases() {
            for name in ["_meta", "ttlMs", "cacheScope", "nextCursor", "isError", "description"] {
                let text = json!({ list: [element], name: odd }).to_string();
                prop_assert!(is_read(&text), "{}", text);
                let mended = mend(method, &text).unwrap();
                let value: Value = serde_json::from_str(&mended.text).unwrap();
                prop_assert_eq!(&value[list], &json!([element]));
            }
        }
    }
}
