//! What becomes of single values; `tests/converted.rs` holds all of them against the schemas.

mod converted;
mod features;
mod odd;
mod samples;
mod schema;
mod schemas;
mod unknown;

use eyot_jsonrpc::{ErrorObject, Id, Json};
use eyot_types::Revision::{V2024_11_05, V2025_03_26, V2025_06_18, V2025_11_25, V2026_07_28};
use eyot_types::{
    CallToolParams, CallToolResult, ClientCapabilities, CompleteParams, ContentBlock,
    CreateMessageParams, CreateMessageResult, DiscoverResult, ElicitParams, ElicitResult,
    Implementation, InitializeResult, ListToolsResult, Method, OneOrMany, ReadResourceResult,
    ServerCapabilities, Tool, codes,
};
use serde_json::{Value, json};

use super::*;

/// Converts the value and compares it and the names of the losses.
#[track_caller]
fn check<T>(revision: Revision, value: Value, expected: &Value, losses: &[&str])
where
    T: Convert + serde::Serialize + serde::de::DeserializeOwned,
{
    let value: T = serde_json::from_value(value).unwrap();
    let (converted, lost) = to(revision, value);
    assert_eq!(serde_json::to_value(converted).unwrap(), *expected);
    assert_eq!(names(&lost), losses);
}

fn names(losses: &Losses) -> Vec<&'static str> {
    losses.iter().map(|loss| loss.feature.as_str()).collect()
}

fn object(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

#[test]
fn what_old_peers_do_not_look_at_is_sent_and_counted() {
    let tool = json!({ "name": "n", "inputSchema": {}, "title": "N", "annotations": {} });
    check::<Tool>(V2024_11_05, tool.clone(), &tool, &["title", "tool_annotations"]);
    check::<Tool>(V2025_03_26, tool.clone(), &tool, &["title"]);
    check::<Tool>(V2025_06_18, tool.clone(), &tool, &[]);
}

#[test]
fn a_long_list_loses_each_feature_once() {
    let tool = Tool::new("n", JsonObject::new()).with_title("N");
    let (_, losses) = to(V2024_11_05, ListToolsResult::new(vec![tool; 100]));
    let losses: Vec<_> = losses.iter().collect();
    assert_eq!(losses, [Loss { feature: Feature::Title, count: 100 }]);
}

#[test]
fn an_output_schema_of_a_list_describes_a_member_of_an_object() {
    let tool = |schema: Value| json!({ "name": "n", "inputSchema": {}, "outputSchema": schema });
    let natural = json!({ "type": "array", "items": { "type": "string" } });
    let wrapper = json!({
        "type": "object", "properties": { "result": natural }, "required": ["result"],
    });
    check::<Tool>(V2026_07_28, tool(natural.clone()), &tool(natural.clone()), &[]);
    check::<Tool>(V2025_11_25, tool(natural.clone()), &tool(wrapper), &["any_output_schema"]);
    let bare = json!({ "name": "n", "inputSchema": {} });
    check::<Tool>(V2025_03_26, tool(natural), &bare, &["output_schema"]);
}

#[test]
fn structured_content_comes_down_to_what_each_revision_has() {
    let result = |structured: Value| json!({ "content": [], "structuredContent": structured });
    let text = |text: &str| json!([{ "type": "text", "text": text }]);
    let (list, member) = (json!([1]), json!({ "a": 1 }));

    let wrapped = json!({ "content": text("[1]"), "structuredContent": { "result": [1] } });
    check::<CallToolResult>(
        V2025_11_25,
        result(list.clone()),
        &wrapped,
        &["any_structured_content"],
    );
    check::<CallToolResult>(V2025_11_25, result(member.clone()), &result(member.clone()), &[]);
    let plain = json!({ "content": text("[1]") });
    check::<CallToolResult>(V2025_03_26, result(list.clone()), &plain, &["structured_content"]);

    let said = json!({ "content": text("one"), "structuredContent": member });
    let without = json!({ "content": text("one") });
    check::<CallToolResult>(V2024_11_05, said, &without, &["structured_content"]);

    let complete = json!({ "resultType": "complete", "content": [], "structuredContent": list });
    check::<CallToolResult>(V2026_07_28, result(list), &complete, &[]);
}

#[test]
fn an_object_is_wrapped_where_its_schema_is() {
    let result = CallToolResult::structured(json!({ "a": 1 }));
    let any = object(json!({ "anyOf": [{ "type": "object" }, { "type": "null" }] }));
    let structured = |revision, schema: &JsonObject| {
        let (result, losses) = call_tool_result(revision, result.clone(), schema);
        (result.structured_content, losses.is_empty())
    };
    assert_eq!(structured(V2025_11_25, &any), (Some(json!({ "result": { "a": 1 } })), false));
    assert_eq!(structured(V2026_07_28, &any), (Some(json!({ "a": 1 })), true));
    let plain = object(json!({ "type": "object" }));
    assert_eq!(structured(V2025_06_18, &plain), (Some(json!({ "a": 1 })), true));
    assert_eq!(structured(V2025_03_26, &any), (None, false));
}

#[test]
fn content_that_is_too_new_becomes_text() {
    let link = json!({ "type": "resource_link", "uri": "a:b", "name": "n", "description": "d" });
    let said = json!({ "type": "text", "text": "n: a:b\nd" });
    check::<ContentBlock>(V2025_06_18, link.clone(), &link, &[]);
    check::<ContentBlock>(V2025_03_26, link, &said, &["resource_link"]);
    let sound = serde_json::to_value(ContentBlock::audio(&[0; 6], "audio/wav")).unwrap();
    let said = json!({ "type": "text", "text": "[audio/wav left out, 6 bytes]" });
    check::<ContentBlock>(V2025_03_26, sound.clone(), &sound, &[]);
    check::<ContentBlock>(V2024_11_05, sound, &said, &["audio_content"]);
    let smell = json!({ "type": "com.example/smell" });
    check::<ContentBlock>(V2024_11_05, smell.clone(), &smell, &[]);
}

#[test]
fn only_the_modern_era_says_that_a_result_is_complete_and_may_be_kept() {
    let modern = |ttl: u64| json!({ "resultType": "complete", "contents": [], "ttlMs": ttl, "cacheScope": "private" });
    let legacy = json!({ "contents": [] });
    check::<ReadResourceResult>(V2026_07_28, legacy.clone(), &modern(0), &[]);
    check::<ReadResourceResult>(V2025_11_25, modern(0), &legacy, &[]);
    check::<ReadResourceResult>(V2025_11_25, modern(5), &legacy, &["cache_hints"]);
    check::<ReadResourceResult>(V2026_07_28, modern(5), &modern(5), &[]);
}

#[test]
fn metadata_of_the_protocol_stays_in_its_era() {
    let params = |meta: Value| json!({ "name": "n", "_meta": meta });
    let modern = params(json!({
        meta::PROTOCOL_VERSION: "2026-07-28", meta::CLIENT_CAPABILITIES: {},
        meta::LOG_LEVEL: "info", "progressToken": 7, "traceparent": "00-a-b-01",
    }));
    let legacy = params(json!({ "progressToken": 7, "traceparent": "00-a-b-01" }));
    check::<CallToolParams>(V2025_11_25, modern.clone(), &legacy, &[]);
    check::<CallToolParams>(V2026_07_28, modern.clone(), &modern, &[]);
    let related = params(json!({ meta::RELATED_TASK: { "taskId": "t" } }));
    check::<CallToolParams>(V2025_11_25, related.clone(), &related, &[]);
    check::<CallToolParams>(V2026_07_28, related, &json!({ "name": "n" }), &["related_task"]);
}

#[test]
fn a_message_of_several_pieces_becomes_several_messages() {
    let params = |messages: Value| json!({ "messages": messages, "maxTokens": 7 });
    let piece = |text: &str| json!({ "type": "text", "text": text });
    let many = params(json!([{ "role": "user", "content": [piece("a"), piece("b")] }]));
    let split = params(json!([
        { "role": "user", "content": piece("a") }, { "role": "user", "content": piece("b") },
    ]));
    check::<CreateMessageParams>(V2025_06_18, many.clone(), &split, &["sampling_many"]);
    check::<CreateMessageParams>(V2025_11_25, many.clone(), &many, &[]);
    let alone = params(json!([{ "role": "user", "content": [piece("a")] }]));
    let single = params(json!([{ "role": "user", "content": piece("a") }]));
    check::<CreateMessageParams>(V2025_06_18, alone, &single, &[]);
}

#[test]
fn an_answer_of_several_pieces_is_joined_or_refused() {
    let answer = |content: Value| json!({ "role": "assistant", "model": "m", "content": content });
    let piece = |text: &str| json!({ "type": "text", "text": text });
    let image = json!({ "type": "image", "data": "", "mimeType": "a/b" });
    let many = answer(json!([piece("a"), piece("b")]));
    check::<CreateMessageResult>(V2025_06_18, many, &answer(piece("a\nb")), &["sampling_many"]);
    check::<CreateMessageResult>(V2025_06_18, answer(json!([image])), &answer(image.clone()), &[]);
    let mixed = answer(json!([piece("a"), image]));
    check::<CreateMessageResult>(V2025_06_18, mixed.clone(), &mixed, &["sampling_mixed"]);
    let result: CreateMessageResult = serde_json::from_value(mixed).unwrap();
    assert!(matches!(result.content, OneOrMany::Many(_)));
    assert_eq!(to(V2025_06_18, result).1.refused(), Some(Feature::SamplingMixed));
}

#[test]
fn tools_in_sampling_are_refused_where_no_model_can_have_them() {
    let offered = json!({ "messages": [], "maxTokens": 7, "toolChoice": { "mode": "auto" } });
    let used = json!({ "type": "tool_use", "id": "i", "name": "n", "input": {} });
    let used = json!({ "messages": [{ "role": "user", "content": used }], "maxTokens": 7 });
    for params in [offered, used] {
        check::<CreateMessageParams>(V2025_06_18, params.clone(), &params, &["sampling_tools"]);
        check::<CreateMessageParams>(V2025_11_25, params.clone(), &params, &[]);
    }
}

#[test]
fn a_question_comes_as_far_as_there_are_questions() {
    let form = json!({
        "mode": "form", "message": "m",
        "requestedSchema": { "type": "object", "properties": { "a": {
            "type": "string", "oneOf": [{ "const": "r", "title": "Red" }],
        } } },
    });
    let older = json!({
        "message": "m",
        "requestedSchema": { "type": "object", "properties": { "a": {
            "type": "string", "enum": ["r"], "enumNames": ["Red"],
        } } },
    });
    check::<ElicitParams>(V2025_11_25, form.clone(), &form, &[]);
    check::<ElicitParams>(V2025_06_18, form.clone(), &older, &["elicitation_titles"]);
    check::<ElicitParams>(V2025_03_26, form.clone(), &form, &["elicitation"]);
    let form: ElicitParams = serde_json::from_value(form).unwrap();
    assert_eq!(to(V2025_03_26, form).1.refused(), Some(Feature::Elicitation));
}

#[test]
fn a_page_has_an_id_in_one_revision_only() {
    let page =
        |id: Value| json!({ "mode": "url", "message": "m", "url": "a:b", "elicitationId": id });
    let page = page(json!("e"));
    let bare = json!({ "mode": "url", "message": "m", "url": "a:b" });
    check::<ElicitParams>(V2025_11_25, page.clone(), &page, &[]);
    check::<ElicitParams>(V2026_07_28, page.clone(), &bare, &["elicitation_id"]);
    check::<ElicitParams>(V2025_06_18, page, &bare, &["elicitation_url", "elicitation_id"]);
}

#[test]
fn several_answers_go_to_an_old_server_and_are_counted() {
    let answer = json!({ "action": "accept", "content": { "a": ["b"] } });
    check::<ElicitResult>(V2025_06_18, answer.clone(), &answer, &["elicitation_lists"]);
}

#[test]
fn a_client_declares_only_what_may_be_asked_of_it() {
    let all = json!({
        "elicitation": { "form": {}, "url": {} }, "roots": { "listChanged": true },
        "sampling": { "tools": {} }, "tasks": {}, "extensions": {},
    });
    let modern = json!({
        "elicitation": { "form": {}, "url": {} }, "roots": {}, "sampling": { "tools": {} },
        "extensions": {},
    });
    let middle = json!({ "elicitation": {}, "roots": { "listChanged": true }, "sampling": {} });
    let old = json!({ "roots": { "listChanged": true }, "sampling": {} });
    let lost = ["roots_list_changed", "task_request"];
    check::<ClientCapabilities>(V2026_07_28, all.clone(), &modern, &lost);
    let lost = ["sampling_settings", "elicitation_url_setting", "extensions", "task_request"];
    check::<ClientCapabilities>(V2025_06_18, all.clone(), &middle, &lost);
    let lost = ["sampling_settings", "elicitation_capability", "extensions", "task_request"];
    check::<ClientCapabilities>(V2025_03_26, all.clone(), &old, &lost);
    let declared: ClientCapabilities = serde_json::from_value(all).unwrap();
    assert_eq!(to(V2024_11_05, declared).1.refused(), None, "a handshake is never refused");
}

#[test]
fn a_client_with_pages_only_cannot_be_asked_by_an_older_server() {
    let pages = json!({ "elicitation": { "url": {} } });
    check::<ClientCapabilities>(V2025_06_18, pages, &json!({}), &["elicitation_url_setting"]);
}

#[test]
fn completion_is_asked_without_context_where_there_is_none() {
    let params = json!({
        "ref": { "type": "ref/prompt", "name": "n" }, "argument": { "name": "a", "value": "b" },
        "context": { "arguments": {} },
    });
    let mut bare = params.clone();
    bare.as_object_mut().unwrap().remove("context");
    check::<CompleteParams>(V2025_03_26, params, &bare, &["completion_context"]);
}

#[test]
fn the_handshakes_say_the_same() {
    let us = Implementation::new("proxy", "1");
    let capabilities = ServerCapabilities::default().with("tools");
    let initialized =
        InitializeResult::new(V2025_11_25, capabilities, Implementation::new("s", "2"))
            .with_instructions("ask");
    let (discovered, losses) = to_discover_result(Revision::SUPPORTED, initialized.clone());
    assert!(losses.is_empty() && discovered.supports(V2026_07_28));
    let (again, losses) = to_initialize_result(V2025_11_25, discovered, us.clone());
    assert_eq!((again, losses.is_empty()), (initialized, true));
    let nobody = DiscoverResult::new(Revision::SUPPORTED, ServerCapabilities::default());
    assert_eq!(to_initialize_result(V2025_11_25, nobody, us.clone()).0.server_info, us);
}

#[track_caller]
fn check_error(revision: Revision, from: ErrorObject, expected: &ErrorObject, losses: &[&str]) {
    let (converted, lost) = error(revision, Method::ResourcesRead, from);
    assert_eq!((&converted, names(&lost)), (expected, losses.to_vec()));
}

#[test]
fn a_missing_resource_has_the_code_of_its_era() {
    let missing = |code| ErrorObject::new(code, "no").with_data(json!({ "uri": "a:b" }));
    let (old, new) = (missing(codes::RESOURCE_NOT_FOUND), missing(codes::INVALID_PARAMS));
    check_error(V2026_07_28, old.clone(), &new, &["resource_not_found_code"]);
    check_error(V2026_07_28, new.clone(), &new, &[]);
    check_error(V2025_11_25, new.clone(), &old, &[]);
    check_error(V2025_11_25, old.clone(), &old, &[]);
    let other = error(V2025_11_25, Method::ToolsCall, new.clone());
    assert_eq!(other.0, new, "of another method it says something else");
}

#[test]
fn a_code_that_an_era_does_not_have_becomes_one_that_it_has() {
    let internal = |code: i64| {
        ErrorObject::new(codes::INTERNAL_ERROR, "m")
            .with_data(json!({ "original": { "code": code, "data": 1 } }))
    };
    let plain = |code: i64| ErrorObject::new(code, "m").with_data(json!(1));
    for code in [codes::HEADER_MISMATCH, codes::UNSUPPORTED_VERSION] {
        check_error(V2025_11_25, plain(code), &internal(code), &["modern_codes"]);
    }
    let capability = plain(codes::MISSING_CAPABILITY);
    check_error(V2025_11_25, capability, &plain(codes::INVALID_REQUEST), &["modern_codes"]);
    for code in [codes::SDK_CONNECTION_CLOSED, codes::SDK_REQUEST_TIMEOUT, -32_050] {
        check_error(V2026_07_28, plain(code), &internal(code), &["sdk_codes"]);
        check_error(V2025_11_25, plain(code), &plain(code), &[]);
    }
    for code in [codes::DENIED, codes::METHOD_NOT_FOUND] {
        check_error(V2026_07_28, plain(code), &plain(code), &[]);
    }
    let url = plain(codes::URL_ELICITATION_REQUIRED);
    check_error(V2025_11_25, url.clone(), &url, &[]);
    check_error(V2026_07_28, url.clone(), &url, &["url_required_code"]);
}

#[test]
fn raw_results_are_carried_as_results_of_their_method() {
    let converted = |revision, method, text: &str| {
        let (text, losses) = result(revision, method, text).unwrap();
        (serde_json::from_str::<Value>(&text).unwrap(), names(&losses))
    };
    let asked = r#"{"resultType":"input_required","requestState":"s"}"#;
    let same: Value = serde_json::from_str(asked).unwrap();
    assert_eq!(converted(V2025_11_25, Method::ToolsCall, asked), (same, vec!["input_required"]));
    let complete = json!({ "resultType": "complete" });
    assert_eq!(converted(V2026_07_28, Method::Ping, "{}"), (complete, vec![]));
    let answer = json!({ "action": "cancel" });
    let text = answer.to_string();
    assert_eq!(converted(V2026_07_28, Method::ElicitationCreate, &text), (answer, vec![]));
    let unknown = r#"{"x":1,"resultType":"complete"}"#;
    assert_eq!(converted(V2025_06_18, Method::Other("x"), unknown), (json!({ "x": 1 }), vec![]));
    let empty = json!({ "content": [] });
    assert_eq!(converted(V2025_11_25, Method::ToolsCall, "{}"), (empty, vec!["malformed_mended"]));
    assert!(result(V2025_11_25, Method::ToolsCall, "[1]").is_err());
    assert!(result(V2025_11_25, Method::ToolsCall, r#"{"resultType":"x"}"#).is_err());
}

#[test]
fn raw_parameters_are_carried_as_parameters_of_their_method() {
    let id = Id::from_number(7);
    let text = json!({ "progressToken": id, "progress": 1, "message": "m" }).to_string();
    let (converted, losses) = params(V2024_11_05, Method::Progress, &text).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&converted).unwrap()["message"], "m");
    assert_eq!(names(&losses), ["progress_message"]);
    assert!(params(V2024_11_05, Method::ToolsCall, "{}").is_err());
}

/// The raw result with its whole content, and the same when it is decoded.
#[track_caller]
fn check_whole(revision: Revision, method: Method<'_>, text: &str, expected: &str) {
    let (whole, losses) = result(revision, method, text).unwrap();
    assert_eq!(whole, expected);
    let (decoded, decoded_losses) = text::decoded(revision, method, text).unwrap();
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(value(&whole), value(&decoded));
    assert_eq!(names(&losses), names(&decoded_losses));
}

#[test]
fn content_that_both_eras_write_alike_keeps_its_bytes() {
    let odd = r#"{ "content" : [ {"text":"\u0041","type":"text"} ] , "isError":true}"#;
    let kept = r#"{"content" : [ {"text":"\u0041","type":"text"} ] , "isError":true"#;
    check_whole(V2025_11_25, Method::ToolsCall, odd, &format!("{kept}}}"));
    let complete = format!("{kept},\"resultType\":\"complete\"}}");
    check_whole(V2026_07_28, Method::ToolsCall, odd, &complete);
    check_whole(V2025_11_25, Method::ToolsCall, &complete, &format!("{kept}}}"));
    let read = r#"{"contents":[{"uri":"a:","text":"b"}],"_meta":{"v":1}}"#;
    let cached = r#"{"contents":[{"uri":"a:","text":"b"}],"_meta":{"v":1},"resultType":"complete","ttlMs":0,"cacheScope":"private"}"#;
    check_whole(V2026_07_28, Method::ResourcesRead, read, cached);
    check_whole(V2025_11_25, Method::ResourcesRead, cached, read);
    let said = r#"{"messages":[],"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}}"#;
    check_whole(V2025_11_25, Method::PromptsGet, said, r#"{"messages":[]}"#);
}

#[test]
fn content_that_must_change_is_decoded() {
    let list = r#"{"content":[],"structuredContent":[1],"resultType":"complete"}"#;
    let (converted, losses) = result(V2025_11_25, Method::ToolsCall, list).unwrap();
    let converted: Value = serde_json::from_str(&converted).unwrap();
    assert_eq!(converted["structuredContent"], json!({ "result": [1] }));
    assert_eq!(names(&losses), ["any_structured_content"]);
    let audio = r#"{"content":[{"type":"audio","data":"","mimeType":"audio/wav"}]}"#;
    let (converted, _) = result(V2024_11_05, Method::ToolsCall, audio).unwrap();
    assert!(converted.contains(r#""type":"text""#), "{converted}");
    assert!(result(V2026_07_28, Method::PromptsGet, "{}").is_err(), "it has no messages");
}

#[test]
fn what_is_put_into_the_metadata_stands_beside_what_is_there() {
    let server = Json::constant(r#"{"name":"s"}"#);
    let stamp = Stamp { server: Some(&server), says_losses: true };
    for (method, text) in [
        (Method::ToolsCall, r#"{"content":[],"_meta":{"a":1}}"#),
        (Method::ToolsList, r#"{"tools":[],"_meta":{"a":1}}"#),
    ] {
        let (converted, _) = result_with(V2026_07_28, method, text, stamp).unwrap();
        let converted: Value = serde_json::from_str(&converted).unwrap();
        assert_eq!(converted["_meta"], json!({ "a": 1, meta::SERVER_INFO: { "name": "s" } }));
    }
}
