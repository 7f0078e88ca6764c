//! What is made of odd results, kind by kind, and that nothing else changes.

mod mutations;

use serde_json::{Value, json};

use super::{OddityEffect, mend, read};
use crate::{ListToolsResult, Method};

/// Holds what `text` is mended to against `expected`, and what was odd against `odd`, each written
/// as its place with `~` before what was mended and `-` before what was left out.
#[track_caller]
fn check(method: Method<'_>, text: &str, expected: &Value, odd: &[&str]) {
    let mended = mend(method, text).unwrap();
    let value: Value = serde_json::from_str(&mended.text).unwrap();
    assert_eq!(value, *expected);
    let sign = |effect| match effect {
        OddityEffect::Mended => '~',
        OddityEffect::LeftOut => '-',
    };
    let found = mended.oddities.iter().map(|it| format!("{}{}", sign(it.effect), it.place));
    assert_eq!(found.collect::<Vec<_>>(), odd);
}

/// A tool of a list between two good ones: what becomes of it, and what was odd.
#[track_caller]
fn check_tool(tool: &Value, expected: &Value, odd: &[&str]) {
    let good = |name: &str| json!({ "name": name, "inputSchema": { "type": "object" } });
    let text = json!({ "tools": [good("a"), tool, good("z")] }).to_string();
    let mut tools = vec![good("a"), good("z")];
    if !expected.is_null() {
        tools.insert(1, expected.clone());
    }
    check(Method::ToolsList, &text, &json!({ "tools": tools }), odd);
}

/// The value of one member of a tool: what takes its place (`None`: nothing), and what was odd.
#[track_caller]
fn check_member(name: &str, value: &Value, expected: Option<Value>, odd: &[&str]) {
    let tool = json!({ "name": "t", "inputSchema": {} });
    let with = |value: Option<Value>| {
        let mut tool = tool.clone();
        match value {
            Some(value) => tool[name] = value,
            None => drop(tool.as_object_mut().unwrap().remove(name)),
        }
        tool
    };
    check_tool(&with(Some(value.clone())), &with(expected), odd);
}

#[test]
fn a_tool_without_a_schema_takes_any_arguments() {
    let any = json!({ "type": "object" });
    check_tool(
        &json!({ "name": "t" }),
        &json!({ "name": "t", "inputSchema": any }),
        &["~tools[1]"],
    );
    check_member("inputSchema", &json!(null), Some(any.clone()), &["~tools[1]"]);
    check_member("inputSchema", &json!(true), Some(json!({})), &["~tools[1].inputSchema"]);
    check_member("inputSchema", &json!([]), Some(json!({})), &["~tools[1].inputSchema"]);
    check_member("inputSchema", &json!(5), Some(any), &["-tools[1].inputSchema", "~tools[1]"]);
}

#[test]
fn a_tool_that_cannot_be_called_is_left_out() {
    for tool in [
        json!({ "inputSchema": {} }),
        json!({ "name": 5, "inputSchema": {} }),
        json!(null),
        json!("t"),
        json!([]),
    ] {
        check_tool(&tool, &json!(null), &["-tools[1]"]);
    }
}

#[test]
fn members_of_a_tool_are_mended_where_they_have_one_meaning() {
    check_member("annotations", &json!([]), Some(json!({})), &["~tools[1].annotations"]);
    check_member(
        "annotations",
        &json!({ "readOnlyHint": "true", "openWorldHint": 0, "x": 1 }),
        Some(json!({ "readOnlyHint": true, "openWorldHint": false, "x": 1 })),
        &["~tools[1].annotations.openWorldHint", "~tools[1].annotations.readOnlyHint"],
    );
    check_member("_meta", &json!([]), Some(json!({})), &["~tools[1]._meta"]);
    check_member(
        "icons",
        &json!({ "src": "i", "sizes": "any" }),
        Some(json!([{ "src": "i", "sizes": ["any"] }])),
        &["~tools[1].icons"],
    );
}

#[test]
fn members_of_a_tool_are_left_out_where_they_have_no_meaning() {
    check_member("annotations", &json!("x"), None, &["-tools[1].annotations"]);
    check_member(
        "annotations",
        &json!({ "readOnlyHint": "maybe", "title": "T" }),
        Some(json!({ "title": "T" })),
        &["-tools[1].annotations.readOnlyHint"],
    );
    check_member("description", &json!(5), None, &["-tools[1].description"]);
    check_member("icons", &json!("https://a.example/i"), None, &["-tools[1].icons"]);
    check_member("_meta", &json!([1]), None, &["-tools[1]._meta"]);
}

#[test]
fn null_is_a_member_that_is_not_there() {
    for name in ["title", "description", "annotations", "outputSchema", "icons", "_meta"] {
        check_member(name, &json!(null), None, &[]);
    }
}

#[test]
fn schemas_and_unknown_members_pass_as_they_are() {
    let schema = r##"{"properties":[],"required":null,"$ref":"#/x","n":1e2}"##;
    let tool = format!(r#"{{"name":"t","inputSchema":{schema},"x":null,"title":1}}"#);
    let text = format!(r#"{{"tools":[{tool}],"y":[ 1 ]}}"#);
    let mended = mend(Method::ToolsList, &text).unwrap();
    let expected =
        format!(r#"{{"tools":[{{"name":"t","inputSchema":{schema},"x":null}}],"y":[ 1 ]}}"#);
    assert_eq!(mended.text, expected);
}

#[test]
fn what_is_around_a_list_does_not_cost_it() {
    let tools = json!([{ "name": "t", "inputSchema": {} }]);
    for (name, value, expected) in [
        ("ttlMs", json!("1000"), Some(json!(1000))),
        ("ttlMs", json!(1000.0), Some(json!(1000))),
        ("ttlMs", json!(-1), None),
        ("ttlMs", json!([]), None),
        ("cacheScope", json!(5), None),
        ("nextCursor", json!(5), Some(json!("5"))),
        ("nextCursor", json!({}), None),
        ("_meta", json!([]), Some(json!({}))),
        ("_meta", json!("x"), None),
    ] {
        let sign = if expected.is_some() { '~' } else { '-' };
        let mut list = json!({ "tools": tools });
        list[name] = value;
        let mut expected_list = json!({ "tools": tools });
        if let Some(expected) = expected {
            expected_list[name] = expected;
        }
        check(Method::ToolsList, &list.to_string(), &expected_list, &[&format!("{sign}{name}")]);
    }
}

#[test]
fn a_list_that_is_not_there_is_empty() {
    let methods = [
        (Method::ToolsList, "tools"),
        (Method::PromptsList, "prompts"),
        (Method::ResourcesList, "resources"),
        (Method::ResourcesTemplatesList, "resourceTemplates"),
    ];
    for (method, name) in methods {
        check(method, "{}", &json!({ name: [] }), &["~"]);
        check(method, &json!({ name: null }).to_string(), &json!({ name: [] }), &["~"]);
        let odd = format!("~{name}");
        check(method, &json!({ name: {} }).to_string(), &json!({ name: [] }), &[&odd]);
    }
}

#[test]
fn a_resource_without_a_name_has_that_of_its_uri() {
    check(
        Method::ResourcesList,
        r#"{"resources":[{"uri":"a:b","size":"7"},{"name":"n"}]}"#,
        &json!({ "resources": [{ "uri": "a:b", "size": 7, "name": "a:b" }] }),
        &["~resources[0].size", "~resources[0]", "-resources[1]"],
    );
    check(
        Method::ResourcesTemplatesList,
        r#"{"resourceTemplates":[{"uriTemplate":"a:{b}"}]}"#,
        &json!({ "resourceTemplates": [{ "uriTemplate": "a:{b}", "name": "a:{b}" }] }),
        &["~resourceTemplates[0]"],
    );
}

#[test]
fn the_arguments_of_a_prompt_are_read_one_by_one() {
    check(
        Method::PromptsList,
        r#"{"prompts":[{"name":"a","arguments":null},
            {"name":"b","arguments":[{"name":"x","required":"true"},{"required":true}]}]}"#,
        &json!({ "prompts": [
            { "name": "a" },
            { "name": "b", "arguments": [{ "name": "x", "required": true }] },
        ] }),
        &["~prompts[1].arguments[0].required", "-prompts[1].arguments[1]"],
    );
}

#[test]
fn a_result_with_structured_content_alone_has_no_content() {
    let structured = json!({ "structuredContent": { "a": 1 } });
    let expected = json!({ "content": [], "structuredContent": { "a": 1 } });
    check(Method::ToolsCall, &structured.to_string(), &expected, &["~"]);
}

#[test]
fn content_is_read_piece_by_piece() {
    check(
        Method::ToolsCall,
        r#"{"content":[{"type":"text","text":"a","annotations":[]},{"type":"text"},"b",
            {"type":"hologram","x":1},{"text":"no type"},
            {"type":"resource","resource":{"text":"c"}},{"type":"resource","resource":{}}],
            "isError":"true"}"#,
        &json!({ "isError": true, "content": [
            { "type": "text", "text": "a", "annotations": {} },
            { "type": "text", "text": "b" },
            { "type": "hologram", "x": 1 },
            { "type": "resource", "resource": { "text": "c", "uri": "" } },
        ] }),
        &[
            "~content[0].annotations",
            "-content[1]",
            "~content[2]",
            "-content[4]",
            "~content[5].resource",
            "-content[6]",
            "~isError",
        ],
    );
}

#[test]
fn messages_and_contents_are_read_one_by_one() {
    check(
        Method::PromptsGet,
        r#"{"messages":[{"role":"user","content":"a"},{"content":"b"},{"role":"user","content":5}]}"#,
        &json!({ "messages": [{ "role": "user", "content": { "type": "text", "text": "a" } }] }),
        &["~messages[0].content", "-messages[1]", "-messages[2]"],
    );
    check(
        Method::ResourcesRead,
        r#"{"contents":[{"uri":"a:b","text":"x","blob":null},{"uri":"a:c","text":5}],"ttlMs":"a"}"#,
        &json!({ "contents": [{ "uri": "a:b", "text": "x" }] }),
        &["-contents[1]", "-ttlMs"],
    );
}

#[test]
fn a_completion_is_one_without_its_odd_values() {
    check(Method::CompletionComplete, "{}", &json!({ "completion": { "values": [] } }), &["~"]);
    check(
        Method::CompletionComplete,
        r#"{"completion":{"values":["a",5,"b"],"total":"9","hasMore":1}}"#,
        &json!({ "completion": { "values": ["a", "b"], "total": 9, "hasMore": true } }),
        &["-completion.values[1]", "~completion.total", "~completion.hasMore"],
    );
}

#[test]
fn a_task_is_one_with_odd_times() {
    let task = json!({ "taskId": "t", "status": "working", "ttl": 60_000, "createdAt": "",
        "lastUpdatedAt": "" });
    let odd = r#"{"taskId":"t","status":"working","ttl":"60000","pollInterval":[]}"#;
    let places = |prefix: &str, of: &str| {
        [format!("~{prefix}ttl"), format!("-{prefix}pollInterval"), of.to_owned(), of.to_owned()]
    };
    let created = format!(r#"{{"task":{odd}}}"#);
    let odd_parts = places("task.", "~task");
    let odd_parts: Vec<_> = odd_parts.iter().map(String::as_str).collect();
    check(Method::ToolsCall, &created, &json!({ "task": task }), &odd_parts);
    let odd_parts = places("", "~");
    let odd_parts: Vec<_> = odd_parts.iter().map(String::as_str).collect();
    check(Method::TasksGet, odd, &task, &odd_parts);
}

#[test]
fn a_session_opens_although_a_server_says_odd_things() {
    let text = r#"{"protocolVersion":"2025-06-18","instructions":"\ud83d","capabilities":[]}"#;
    let agreed = crate::InitializeResult::agreed_version(text);
    assert_eq!(agreed.as_deref(), Some("2025-06-18"));
}

#[test]
fn a_server_is_known_by_what_it_says_right() {
    let program = json!({ "name": "unnamed", "version": "0" });
    check(
        Method::Initialize,
        r#"{"protocolVersion":"2025-06-18","capabilities":{"tools":[],"prompts":true,
            "resources":{"subscribe":"true"},"logging":[],"x":"y"},"serverInfo":null}"#,
        &json!({ "protocolVersion": "2025-06-18", "serverInfo": program, "capabilities": {
            "tools": {}, "prompts": {}, "resources": { "subscribe": true }, "logging": {},
        } }),
        &[
            "~capabilities.tools",
            "~capabilities.prompts",
            "~capabilities.resources.subscribe",
            "~capabilities.logging",
            "-capabilities.x",
            "~",
        ],
    );
    check(
        Method::ServerDiscover,
        r#"{"supportedVersions":["2026-07-28",5],"capabilities":[]}"#,
        &json!({ "supportedVersions": ["2026-07-28"], "capabilities": {} }),
        &["-supportedVersions[1]", "~capabilities"],
    );
}

#[test]
fn a_result_that_is_none_cannot_be_read() {
    for (method, text) in [
        (Method::ToolsCall, "5"),
        (Method::ToolsCall, "[1]"),
        (Method::ToolsCall, r#"{"content":[],"resultType":5}"#),
        (Method::ToolsList, r#"{"tools":1}"#),
        (Method::PromptsList, r#"{"prompts":"x"}"#),
        (Method::PromptsGet, "{}"),
        (Method::ResourcesRead, "{}"),
        (Method::Initialize, r#"{"capabilities":{}}"#),
    ] {
        assert!(mend(method, text).is_err(), "{text}");
    }
}

#[test]
fn an_odd_part_is_named_by_its_element() {
    let mended = mend(Method::ToolsList, r#"{"tools":[{"name":"t","inputSchema":{},"title":5}]}"#);
    let oddity = mended.unwrap().oddities.iter().next().cloned().unwrap();
    let said = r#"`tools[0].title` of "t" is a number and no text: left out"#;
    assert_eq!(oddity.to_string(), said);
}

#[test]
fn all_odd_parts_are_counted_and_the_first_are_kept() {
    let tools = vec![json!(5); 1_000];
    let mended = mend(Method::ToolsList, &json!({ "tools": tools }).to_string()).unwrap();
    assert_eq!(mended.oddities.left_out(), 1_000);
    assert_eq!(mended.oddities.iter().count(), super::Oddities::KEPT_MAX);
}

#[test]
fn a_list_is_read_although_a_text_was_cut_in_a_character() {
    let text = r#"{"tools":[{"name":"t","description":"\ud83d","inputSchema":{}}]}"#;
    let list: ListToolsResult = read(text).unwrap();
    assert_eq!(list.tools[0].description.as_deref(), Some("\u{fffd}"));
}
