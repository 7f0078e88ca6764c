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

const ALL: Whose = Whose::All { but: Vec::new() };
const ONE: Whose = Whose::One { held_for_all: false };

fn names(json: serde_json::Value) -> Vec<String> {
    names_for(json, &ALL)
}

fn names_for(json: serde_json::Value, whose: &Whose) -> Vec<String> {
    let Native { steps, .. } = steps(&settings(json), whose, &Kept::default(), &read).unwrap();
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
            "hidden": "hold", "injection": true, "response_bytes_max": 1000,
            "trace": { "sampled": false } },
        "rules": ["rules.yaml"],
    });
    let expected = [
        "guard/held",
        "guard/arguments",
        "guard/secrets",
        "guard/taint",
        "guard/injection",
        "guard/size",
        "guard/trace",
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
    let problems = steps(&wrong, &ALL, &Kept::default(), &read).unwrap_err();
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
    let tools = |settings: &Settings| tools(&settings.guard, Hidden::Report, &kept, &read).unwrap();
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
            steps(&settings(wanted), &ALL, &Kept::default(), &read)
        };
        assert!(at("downstream").is_ok());
        let problems = at("upstream").unwrap_err();
        assert!(problems[0].message.starts_with(place), "{problems:?}");
        assert!(problems[0].message.contains("say `boundary: downstream`"), "{problems:?}");
    }
}

#[test]
fn settings_of_one_server_say_nothing_that_they_do_not_say() {
    assert_eq!(names_for(serde_json::json!({}), &ONE), [""; 0]);
    let hidden = |word: &str| serde_json::json!({ "guard": { "hidden": word } });
    assert_eq!(names_for(hidden("report"), &ONE), ["guard/hidden"]);
    assert_eq!(names_for(hidden("hold"), &ONE), ["guard/held", "guard/tools"]);
    let held = Whose::One { held_for_all: true };
    let problem = |json: serde_json::Value, whose: &Whose| {
        let problems = steps(&settings(json), whose, &Kept::default(), &read).unwrap_err();
        (problems[0].member.clone().unwrap_or_default(), problems[0].message.clone())
    };
    assert_eq!(problem(hidden("off"), &held).0, "guard.hidden");
    assert_eq!(problem(serde_json::json!({ "boundary": "downstream" }), &ONE).0, "boundary");
    let asking = problem(serde_json::json!({ "rules": ["asking.yaml"] }), &ONE).1;
    assert!(asking.contains("say it in the rules for all servers"), "{asking}");
}

#[test]
fn rules_stand_in_files_and_in_place_in_one_order() {
    let set = serde_json::json!({ "version": 1, "default": "allow", "rules": [] });
    let both =
        serde_json::json!({ "guard": { "hidden": "off" }, "rules": ["rules.yaml", set, set] });
    let expected = ["guard/tools", "rules/rules.yaml", "rules/settings", "rules/settings#2"];
    assert_eq!(names(both), expected);
    let alone = serde_json::json!({ "guard": { "hidden": "off" }, "rules": set });
    assert_eq!(names(alone), ["guard/tools", "rules/settings"]);
    for (rules, place, told) in [
        (serde_json::json!(["rules.yaml", "rules.yaml"]), "rules[1]", "named twice"),
        (serde_json::json!([{ "name": "r", "deny": "no" }]), "rules[0]", "version: 1"),
    ] {
        let wrong = settings(serde_json::json!({ "rules": rules }));
        let problems = steps(&wrong, &ALL, &Kept::default(), &read).unwrap_err();
        assert_eq!(problems[0].member.as_deref(), Some(place));
        assert!(problems[0].message.contains(told), "{problems:?}");
    }
}
