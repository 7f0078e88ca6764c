//! Settings that can be used, and others.

use eyot_interceptors::{Plan, PlanOptions};

use super::*;

const RULES: &str = "version: 1\ndefault: allow\nrules:\n  - {name: r, match: {tool: x}, deny: no}";

fn read(path: &Path) -> Result<String, String> {
    match path.to_str() {
        Some("rules.yaml") => Ok(RULES.to_owned()),
        Some("asking.yaml") => Ok(RULES.replace("deny: no", "ask: {message: really?}")),
        Some("routing.yaml") => Ok(RULES.replace("deny: no", "route: other")),
        Some("broken.yaml") => Ok("version: 1\ndefault: allow\nrules:\n  - {nmae: r}".to_owned()),
        Some("pins.json") => Ok(Pins::new().to_text()),
        _ => Err("no such file".to_owned()),
    }
}

fn settings(json: serde_json::Value) -> Settings {
    serde_json::from_value(json).unwrap()
}

fn names(json: serde_json::Value) -> Vec<String> {
    let Native { steps, .. } = steps(&settings(json), &Kept::default(), &read).unwrap();
    let plan = Plan::compile(steps, PlanOptions::default()).unwrap();
    plan.interceptors().map(|it| it.descriptor().name.clone()).collect()
}

#[test]
fn hidden_characters_are_reported_and_all_else_is_off_by_default() {
    assert_eq!(names(serde_json::json!({})), ["guard/hidden"]);
    assert_eq!(names(serde_json::json!({ "guard": { "hidden": "off" } })), [""; 0]);
}

#[test]
fn each_guard_is_there_that_is_wanted() {
    let all = serde_json::json!({
        "guard": { "secrets": {}, "taint": true, "pins": "pins.json", "arguments": true,
            "hidden": "hold", "injection": true, "response_bytes_max": 1000 },
        "rules": ["rules.yaml"],
    });
    let expected = [
        "guard/held",
        "guard/arguments",
        "guard/secrets",
        "guard/taint",
        "guard/injection",
        "guard/size",
        "guard/tools",
        "rules/rules.yaml",
    ];
    assert_eq!(names(all), expected);
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_all_at_once() {
    let wrong = settings(serde_json::json!({
        "guard": { "secrets": { "forms": { "mine": "(" } } },
        "rules": ["missing.yaml", "broken.yaml"],
    }));
    let problems = steps(&wrong, &Kept::default(), &read).unwrap_err();
    let told: Vec<_> =
        problems.iter().map(|it| (it.member.as_deref(), it.message.as_str())).collect();
    assert_eq!(told[0].0, Some("guard.secrets.forms"));
    assert_eq!(told[1], (Some("rules[0]"), "no such file"));
    assert!(told[2].0.is_none() && told[2].1.starts_with("broken.yaml:4:"), "{told:?}");
}

#[test]
fn what_was_seen_is_known_after_a_reload_unless_others_are_trusted() {
    let kept = Kept::default();
    let first = settings(serde_json::json!({ "guard": { "pins": "first-sight" } }));
    let tools = |settings: &Settings| tools(&settings.guard, &kept, &read).unwrap();
    let before = tools(&first);
    assert!(Arc::ptr_eq(&before, &tools(&first)));
    let pinned = settings(serde_json::json!({ "guard": { "pins": "pins.json" } }));
    assert!(!Arc::ptr_eq(&before, &tools(&pinned)));
}

#[test]
fn rules_that_ask_a_person_or_choose_a_server_stand_at_the_boundary_to_clients() {
    for (file, place) in [
        ("asking.yaml", "asking.yaml:4:38: error: `ask` works at the boundary to clients only"),
        ("routing.yaml", "routing.yaml:4:40: error: `route` works at the boundary to clients only"),
    ] {
        let at = |boundary: &str| {
            let wanted = serde_json::json!({ "boundary": boundary, "rules": [file] });
            steps(&settings(wanted), &Kept::default(), &read)
        };
        assert!(at("downstream").is_ok());
        let problems = at("upstream").unwrap_err();
        assert!(problems[0].message.starts_with(place), "{problems:?}");
        assert!(problems[0].message.contains("say `boundary: downstream`"), "{problems:?}");
    }
}
