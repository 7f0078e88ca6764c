//! What is told of servers that are only made up.

use eyot_types::Revision::{V2025_03_26, V2025_11_25, V2026_07_28};
use eyot_types::{Era, Revision, ServerCapabilities, Tool};
use serde_json::{Value, json};

use super::{BridgeReport, has_tasks};

fn capabilities(declared: &Value) -> ServerCapabilities {
    serde_json::from_value(declared.clone()).unwrap()
}

#[track_caller]
fn check(server: Revision, declared: &Value, told: &Value, lost: &[&str], in_calls: &[&str]) {
    let report = BridgeReport::of(server);
    let declared = capabilities(declared);
    let (server_told, losses) = report.server_capabilities(declared.clone());
    assert_eq!(server_told, capabilities(told));
    let names: Vec<_> = losses.iter().map(|it| it.feature.as_str()).collect();
    assert_eq!(names, lost);
    let names: Vec<_> = report.in_calls(&declared).map(|it| it.0.as_str()).collect();
    assert_eq!(names, in_calls);
}

#[test]
fn a_legacy_server_loses_what_the_modern_era_no_longer_has() {
    let tasks = json!({ "tools": {}, "resources": {}, "tasks": { "list": {} } });
    let told = json!({ "tools": {}, "resources": {} });
    let in_calls = ["elicitation_id", "related_task", "resource_not_found_code", "sdk_codes"];
    check(V2025_11_25, &tasks, &told, &["task_request"], &in_calls);
    check(V2025_03_26, &json!({ "tools": {} }), &json!({ "tools": {} }), &[], &["sdk_codes"]);
}

#[test]
fn a_modern_server_loses_what_the_legacy_era_does_not_have_yet() {
    let tasks = json!({ "tools": {}, "extensions": { "io.modelcontextprotocol/tasks": {} } });
    let told = json!({ "tools": {},
        "tasks": { "cancel": {}, "requests": { "tools": { "call": {} } } } });
    let in_calls = ["any_structured_content", "task_result", "modern_codes"];
    check(V2026_07_28, &tasks, &told, &[], &in_calls);
    let other = json!({ "tools": {}, "extensions": { "x/y": {} } });
    let in_calls = ["any_structured_content", "modern_codes"];
    check(V2026_07_28, &other, &json!({ "tools": {} }), &["extensions"], &in_calls);
    let in_calls = ["cache_hints", "modern_codes"];
    check(V2026_07_28, &json!({ "resources": {} }), &json!({ "resources": {} }), &[], &in_calls);
}

#[test]
fn a_client_is_declared_as_the_servers_era_knows_it() {
    for server in [V2025_11_25, V2026_07_28] {
        let report = BridgeReport::of(server);
        assert_eq!(report.client().era(), server.era().other());
        let (told, declared) = report.client_capabilities();
        let expected = json!({ "elicitation": { "form": {}, "url": {} }, "roots": {},
            "sampling": { "context": {}, "tools": {} } });
        assert_eq!(json!(told), expected);
        let own = if server.era() == Era::Legacy { "extensions" } else { "tasks" };
        assert!(declared.0.contains_key(own), "{declared:?}");
    }
}

#[test]
fn tools_lose_what_their_clients_do_not_know_and_are_left_out_if_they_cannot_be_called() {
    let tool = |more: Value| -> Tool {
        let mut tool = json!({ "name": "t", "inputSchema": { "type": "object" } });
        tool.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(tool).unwrap()
    };
    let lost = |server, more| {
        let losses = BridgeReport::of(server).losses(tool(more));
        losses.iter().map(|it| it.feature.as_str()).collect::<Vec<_>>()
    };
    let required = json!({ "execution": { "taskSupport": "required" } });
    assert_eq!(lost(V2025_11_25, required), ["tool_execution"]);
    let list = json!({ "outputSchema": { "type": "array" } });
    assert_eq!(lost(V2026_07_28, list), ["any_output_schema"]);
    assert_eq!(lost(V2025_11_25, json!({ "title": "T" })), [""; 0]);
    let properties = json!({ "a": { "type": "number", "x-mcp-header": "A" } });
    let bad = tool(json!({ "inputSchema": { "type": "object", "properties": properties } }));
    for (server, is_http, is_left_out) in
        [(V2025_11_25, false, true), (V2026_07_28, true, true), (V2026_07_28, false, false)]
    {
        let why = BridgeReport::of(server).leaves_out(&bad, is_http);
        assert_eq!(why.is_some(), is_left_out, "{server} {is_http} {why:?}");
    }
    assert_eq!(BridgeReport::of(V2025_11_25).leaves_out(&tool(json!({})), true), None);
}

#[test]
fn tasks_of_either_kind_are_tasks() {
    assert!(has_tasks(&capabilities(&json!({ "tasks": {} }))));
    let extension = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    assert!(has_tasks(&capabilities(&extension)));
    assert!(!has_tasks(&capabilities(&json!({ "tools": {}, "extensions": { "x/y": {} } }))));
}
