//! What both eras can say.

use eyot_types::Method;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Some text, also with what must be escaped.
pub(super) fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,8}", "[ -~é✓\\n]{0,12}"]
}

/// Any JSON.
fn any() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any_bool(),
        proptest::num::i64::ANY.prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

fn any_bool() -> impl Strategy<Value = Value> {
    proptest::bool::ANY.prop_map(Value::from)
}

/// Any JSON object.
pub(super) fn object() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-z]{1,6}", any(), 0..4)
        .prop_map(|it| Value::Object(it.into_iter().collect()))
}

/// Raw parameters: blanks, numbers and escapes as nobody would write them, and metadata of the
/// client.
pub(super) fn params_text() -> impl Strategy<Value = String> {
    let member = prop::sample::select(vec![
        r#""name": "\u0061dd""#,
        r#""uri":"a:b" "#,
        r#""cursor":"""#,
        r#" "arguments" : {"n":1.50e2, "deep":[ {"x":null} ] ,"big":12345678901234567890}"#,
        r#""vendor":[1,2 , 3]"#,
    ]);
    let members = prop::collection::btree_set(member, 0..5);
    let meta = prop::sample::select(vec![
        None,
        Some(r#""_meta":{"progressToken":7}"#),
        Some(r#""_meta":{"progressToken":"t","traceparent":"00-1","vendor/x":{"n":1.0e0}}"#),
    ]);
    (members, meta, 0_usize..6).prop_map(|(members, meta, place)| {
        let mut members: Vec<_> = members.into_iter().collect();
        if let Some(meta) = meta {
            members.insert(place.min(members.len()), meta);
        }
        format!("{{{}}}", members.join(","))
    })
}

fn block() -> impl Strategy<Value = Value> {
    prop_oneof![
        word().prop_map(|it| json!({ "type": "text", "text": it })),
        word().prop_map(
            |it| json!({ "type": "image", "data": "AAAA", "mimeType": "image/png", "x": it })
        ),
        Just(json!({ "type": "audio", "data": "AAAA", "mimeType": "audio/wav" })),
        word().prop_map(|it| json!({ "type": "resource_link", "uri": "a:b", "name": it })),
        word()
            .prop_map(|it| json!({ "type": "resource", "resource": { "uri": "a:b", "text": it } })),
        object().prop_map(|it| json!({ "type": "text", "text": "", "_meta": it })),
    ]
}

/// A result of a method, as a legacy server says it.
pub(super) fn result_of(method: Method<'static>) -> impl Strategy<Value = Value> {
    let blocks = || prop::collection::vec(block(), 0..4);
    let item = move |fixed: Value| {
        (word(), word(), object()).prop_map(move |(name, title, meta)| {
            let mut item = fixed.clone();
            item["name"] = name.into();
            item["title"] = title.into();
            item["_meta"] = meta;
            item
        })
    };
    let list = move |name: &'static str, fixed: Value| {
        let items = prop::collection::vec(item(fixed), 0..4);
        let page = (items, prop::option::of(word()));
        page.prop_map(move |(items, cursor)| {
            let mut page = json!({ name: items });
            if let Some(cursor) = cursor {
                page["nextCursor"] = cursor.into();
            }
            page
        })
        .boxed()
    };
    let schema = json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/b" } } });
    let bare = match method {
        Method::ToolsList => list("tools", json!({ "inputSchema": schema, "outputSchema": schema })),
        Method::PromptsList => list("prompts", json!({ "arguments": [{ "name": "a" }] })),
        Method::ResourcesList => list("resources", json!({ "uri": "a:b", "mimeType": "a/b" })),
        Method::ResourcesTemplatesList => {
            list("resourceTemplates", json!({ "uriTemplate": "a:{b}" }))
        }
        Method::ToolsCall => (blocks(), object(), proptest::bool::ANY)
            .prop_map(|(content, structured, failed)| {
                json!({ "content": content, "structuredContent": structured, "isError": failed })
            })
            .boxed(),
        Method::PromptsGet => blocks()
            .prop_map(|it| {
                let said = |it| json!({ "role": "user", "content": it });
                let messages: Vec<_> = it.into_iter().map(said).collect();
                json!({ "description": "d", "messages": messages })
            })
            .boxed(),
        Method::ResourcesRead => word()
            .prop_map(|it| json!({ "contents": [{ "uri": "a:b", "text": it }] }))
            .boxed(),
        _ => prop::collection::vec(word(), 0..4)
            .prop_map(|it| json!({ "completion": { "values": it, "total": 9, "hasMore": true } }))
            .boxed(),
    };
    // Nobody knows these members, and everybody passes them on.
    (bare, any(), prop::option::of(object())).prop_map(|(mut result, unknown, meta)| {
        result["unknownMember"] = unknown;
        if let Some(meta) = meta.filter(|it| *it != json!({})) {
            result["_meta"] = json!({ "vendor/x": meta });
        }
        result
    })
}

/// Capabilities of a server that both eras have.
pub(super) fn capabilities() -> impl Strategy<Value = Value> {
    let known = prop::sample::subsequence(
        vec![
            ("tools", json!({ "listChanged": true })),
            ("prompts", json!({ "listChanged": true })),
            ("resources", json!({ "subscribe": true, "listChanged": true })),
            ("logging", json!({})),
            ("completions", json!({})),
            ("experimental", json!({ "x": { "y": 1 } })),
        ],
        0..=6,
    );
    known.prop_map(|it| {
        let able: Map<_, _> = it.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
        Value::Object(able)
    })
}

/// A method that asks, and its parameters.
pub(super) fn question() -> impl Strategy<Value = (String, Value)> {
    let form = (word(), prop::option::of("[a-z]{1,6}")).prop_map(|(message, default)| {
        let mut text = json!({ "type": "string", "title": "t" });
        if let Some(default) = default {
            text["default"] = default.into();
        }
        let many = json!({ "type": "array", "items": { "type": "string", "enum": ["a", "b"] } });
        let schema = json!({ "type": "object", "properties": { "name": text, "many": many },
            "required": ["name"] });
        let params = json!({ "mode": "form", "message": message, "requestedSchema": schema });
        (Method::ElicitationCreate, params)
    });
    let sample = (word(), block()).prop_map(|(system, content)| {
        let content = match content["type"].as_str() {
            Some("text" | "image" | "audio") => content,
            _ => json!([{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }]),
        };
        let params = json!({ "messages": [{ "role": "user", "content": content }],
            "systemPrompt": system, "maxTokens": 9, "stopSequences": ["x"] });
        (Method::SamplingCreateMessage, params)
    });
    let roots = Just((Method::RootsList, json!({})));
    prop_oneof![form, sample, roots].prop_map(|(method, it)| (method.as_str().to_owned(), it))
}

/// An answer to a question of this method that tells which it was.
pub(super) fn answer_to(method: &str, mark: &str) -> Value {
    match Method::parse(method) {
        Method::ElicitationCreate => {
            json!({ "action": "accept", "content": { "name": mark, "many": ["a"], "n": 7 } })
        }
        Method::SamplingCreateMessage => {
            json!({ "role": "assistant", "model": mark, "stopReason": "endTurn",
                "content": [{ "type": "text", "text": mark }, { "type": "text", "text": "b" }] })
        }
        _ => json!({ "roots": [{ "uri": "file:///a", "name": mark }] }),
    }
}
