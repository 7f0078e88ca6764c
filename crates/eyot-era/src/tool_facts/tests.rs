//! Tools are known per principal, for a time, and within bounds.

use eyot_stdx::QuotaLimits;
use serde_json::json;

use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

fn who(name: &str) -> Option<Arc<str>> {
    Some(name.into())
}

fn tool(schema: &Value) -> Tool {
    serde_json::from_value(json!({ "name": "t", "inputSchema": schema })).unwrap()
}

fn regional() -> ToolFact {
    let region = json!({ "type": "string", "x-mcp-header": "Region" });
    ToolFact::of(&tool(&json!({ "type": "object", "properties": { "region": region } })))
}

fn supporting(task_support: TaskSupport) -> ToolFact {
    ToolFact { task_support: Some(task_support), ..ToolFact::default() }
}

fn few(things_max: usize, principal_things_max: usize) -> ToolFacts {
    let limits = QuotaLimits { principal_things_max, ..QuotaLimits::things(things_max) };
    ToolFacts::new(Quota::new(limits))
}

fn is_due(facts: &ToolFacts, principal: Option<&Arc<str>>, name: &str, now: Instant) -> bool {
    facts.look_up(principal, name, now) == KnownTool::Due
}

#[test]
fn the_definition_of_a_tool_says_what_its_calls_need() {
    let mut listed = tool(&json!({ "type": "object" }));
    listed.output_schema = json!({ "type": "array" }).as_object().cloned();
    listed.execution = Some(eyot_types::ToolExecution::new(TaskSupport::Required));
    let fact = ToolFact::of(&listed);
    assert!(fact.param_headers().is_none() && !fact.needs_task);
    assert_eq!(fact.task_support, Some(TaskSupport::Required));
    assert_eq!(fact.wrapped_output, listed.output_schema);
    // Nothing has to be wrapped into an object that is one.
    listed.output_schema = json!({ "type": "object" }).as_object().cloned();
    assert_eq!(ToolFact::of(&listed).wrapped_output, None);
    let invalid = tool(&json!({ "properties": { "a": { "x-mcp-header": "no header" } } }));
    let fact = ToolFact::of(&invalid);
    assert!(fact.invalid_headers().is_some() && fact.param_headers().is_none());
}

#[test]
fn what_one_principal_is_told_is_not_known_of_another() {
    let (now, ada, ben) = (Instant::now(), who("ada"), who("ben"));
    let mut facts = few(100, 100);
    facts.learn(ada.as_ref(), "t", supporting(TaskSupport::Required), now);
    facts.learn(None, "t", supporting(TaskSupport::Forbidden), now);
    let support = |principal: &Option<Arc<str>>| {
        facts.find(principal.as_ref(), "t").and_then(|it| it.task_support.clone())
    };
    assert_eq!(support(&ada), Some(TaskSupport::Required));
    assert_eq!(support(&None), Some(TaskSupport::Forbidden));
    assert_eq!(support(&ben), None);
    assert!(is_due(&facts, ben.as_ref(), "t", now) && !is_due(&facts, ada.as_ref(), "t", now));
}

#[test]
fn a_tool_is_due_when_its_time_is_over_and_is_found_until_it_was_looked_up() {
    let now = Instant::now();
    let mut facts = few(100, 100);
    assert!(is_due(&facts, None, "t", now));
    facts.handle_listed(None, now);
    facts.learn(None, "t", regional(), now);
    assert!(!is_due(&facts, None, "t", now + ToolFacts::TTL - MILLISECOND));
    let later = now + ToolFacts::TTL;
    assert!(is_due(&facts, None, "t", later));
    assert_eq!(facts.find(None, "t").map(|it| &**it), Some(&regional()));
    facts.handle_listed(None, later);
    assert!(!is_due(&facts, None, "t", later));
}

#[test]
fn the_list_is_not_asked_for_again_at_once_for_a_tool_that_it_did_not_have() {
    let now = Instant::now();
    let mut facts = few(100, 100);
    facts.handle_listed(None, now);
    facts.learn(None, "other", ToolFact::default(), now);
    assert!(!is_due(&facts, None, "t", now + ToolFacts::PAUSE - MILLISECOND));
    assert!(is_due(&facts, None, "t", now + ToolFacts::PAUSE));
    assert!(matches!(facts.look_up(None, "other", now), KnownTool::Listed(_)));
    assert_eq!(facts.look_up(None, "t", now), KnownTool::Unlisted);
}

#[test]
fn a_change_of_the_list_makes_all_tools_due() {
    let (now, ada) = (Instant::now(), who("ada"));
    let mut facts = few(100, 100);
    for principal in [None, ada.as_ref()] {
        facts.handle_listed(principal, now);
        facts.learn(principal, "t", regional(), now);
    }
    facts.handle_changed();
    for principal in [None, ada.as_ref()] {
        assert!(is_due(&facts, principal, "t", now));
        assert!(facts.find(principal, "t").is_some());
    }
}

#[test]
fn what_a_tool_has_refused_outlives_its_lists() {
    let now = Instant::now();
    let mut facts = few(100, 100);
    facts.learn_refusal(None, "t", now);
    assert!(is_due(&facts, None, "t", now), "nothing else is known of it");
    facts.learn(None, "t", regional(), now);
    facts.learn_refusal(None, "t", now);
    facts.handle_changed();
    facts.learn(None, "t", regional(), now);
    let fact = facts.find(None, "t").unwrap();
    assert!(fact.needs_task);
    assert_eq!(fact.param_headers(), regional().param_headers());
}

#[test]
fn the_list_used_least_lately_makes_room_for_another_principal() {
    let now = Instant::now();
    let mut facts = few(6, 3);
    for (time, name) in ["ada", "ben", "eve"].into_iter().enumerate() {
        let now = now + MILLISECOND * u32::try_from(time).unwrap();
        facts.learn(who(name).as_ref(), "t", ToolFact::default(), now);
    }
    facts.handle_listed(who("ada").as_ref(), now + MILLISECOND * 3);
    facts.learn(who("joe").as_ref(), "t", ToolFact::default(), now + MILLISECOND * 4);
    let known = ["ada", "ben", "eve", "joe"].map(|it| facts.find(who(it).as_ref(), "t").is_some());
    assert_eq!(known, [true, false, true, true]);
    assert_eq!(facts.usage().things, 6);
}

#[test]
fn one_principal_has_its_share_and_no_more() {
    let (now, ada) = (Instant::now(), who("ada"));
    let mut facts = few(10, 3);
    facts.learn(None, "t", ToolFact::default(), now);
    for name in ["a", "b", "c", "d"] {
        facts.learn(ada.as_ref(), name, ToolFact::default(), now);
    }
    let known = ["a", "b", "c", "d"].map(|it| facts.find(ada.as_ref(), it).is_some());
    assert_eq!(known, [true, true, false, false], "its list is one of the three");
    assert!(facts.find(None, "t").is_some());
    // A tool that is known is learnt anew in its own place.
    facts.learn(ada.as_ref(), "b", regional(), now);
    assert_eq!(facts.find(ada.as_ref(), "b").map(|it| &**it), Some(&regional()));
}

#[test]
fn a_tool_too_big_for_its_principal_is_not_remembered() {
    let now = Instant::now();
    let limits = QuotaLimits::things(10).with_bytes(2_000);
    let mut facts = ToolFacts::new(Quota::new(limits));
    facts.learn(None, "small", ToolFact::default(), now);
    let before = facts.usage();
    let words = vec![json!({ "const": "word" }); 100];
    let output = json!({ "anyOf": words }).as_object().cloned();
    let big = ToolFact { wrapped_output: output, ..ToolFact::default() };
    facts.learn(None, "big", big, now);
    assert!(facts.find(None, "big").is_none());
    assert_eq!(facts.usage(), before);
    assert!(facts.find(None, "small").is_some());
}
