//! What a declaration means.

use serde_json::json;

use super::*;

fn client(declared: Value) -> ClientCapabilities {
    serde_json::from_value(declared).unwrap()
}

fn server(declared: Value) -> ServerCapabilities {
    serde_json::from_value(declared).unwrap()
}

#[track_caller]
fn check_elicitation(settings: &Value, modes: &[&str]) {
    let declared = client(json!({ "elicitation": settings }));
    let form = declared.has_elicitation_form().then_some("form");
    let url = declared.has_elicitation_url().then_some("url");
    assert_eq!(form.into_iter().chain(url).collect::<Vec<_>>(), modes, "{settings}");
}

#[test]
fn elicitation_without_settings_is_form_mode() {
    check_elicitation(&json!({}), &["form"]);
    check_elicitation(&json!({ "form": {} }), &["form"]);
    check_elicitation(&json!({ "url": {} }), &["url"]);
    check_elicitation(&json!({ "form": {}, "url": {} }), &["form", "url"]);
    check_elicitation(&json!(null), &[]);
}

#[test]
fn what_is_not_declared_is_not_there() {
    let nothing = ClientCapabilities::default();
    assert!(!nothing.has(ClientCapability::Roots) && !nothing.has_elicitation_form());
    assert!(client(json!({ "sampling": { "tools": {} } })).has_sampling_tools());
    assert!(!client(json!({ "sampling": {} })).has_sampling_tools());
}

#[test]
fn a_flag_holds_only_when_it_is_true() {
    let declared = server(json!({
        "tools": { "listChanged": true },
        "prompts": { "listChanged": false },
        "resources": { "subscribe": "yes" },
    }));
    assert!(declared.has_list_changed("tools"));
    assert!(!declared.has_list_changed("prompts"));
    assert!(!declared.has_list_changed("resources"));
    assert!(!declared.has_resources_subscribe());
}

#[test]
fn an_extension_is_found_with_its_settings() {
    let declared = json!({ "extensions": { "io.modelcontextprotocol/tasks": { "a": 1 } } });
    let name = "io.modelcontextprotocol/tasks";
    assert_eq!(client(declared.clone()).extension(name).unwrap()["a"], 1);
    assert_eq!(server(declared).extension(name).unwrap()["a"], 1);
    assert!(ServerCapabilities::default().extension(name).is_none());
}

#[test]
fn declarations_add_up() {
    let declared = ServerCapabilities::default()
        .with("tools")
        .with_flag("resources", "subscribe")
        .with_flag("resources", "listChanged");
    assert!(declared.has("tools") && declared.has_resources_subscribe());
    assert!(declared.has_list_changed("resources") && !declared.has("prompts"));
    let declared = ClientCapabilities::default().with(ClientCapability::Roots);
    assert_eq!(declared, client(json!({ "roots": {} })));
}

#[test]
fn settings_and_extensions_are_declared_beside_others() {
    let declared = ClientCapabilities::default()
        .with_setting(ClientCapability::Elicitation, "form")
        .with_setting(ClientCapability::Elicitation, "url")
        .with_extension("a.example/b", JsonObject::new());
    assert!(declared.has_elicitation_form() && declared.has_elicitation_url());
    assert!(declared.extension("a.example/b").is_some());
    let declared = ServerCapabilities::default()
        .with_extension("a.example/b", JsonObject::new())
        .with_extension("a.example/c", JsonObject::new());
    assert!(declared.extension("a.example/b").is_some());
    assert!(declared.extension("a.example/c").is_some());
}

#[test]
fn declarations_merge_setting_by_setting() {
    let mut both = client(json!({ "elicitation": { "form": {} }, "roots": {} }));
    both.merge(&client(json!({ "elicitation": { "url": {} }, "sampling": {} })));
    let expected = json!({ "elicitation": { "form": {}, "url": {} }, "roots": {}, "sampling": {} });
    assert_eq!(both, client(expected));
}
