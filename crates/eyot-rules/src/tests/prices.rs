//! What messages cost of a quota.

use super::{call, compile};
use crate::{Cost, DemandKind, Phase, Progress, RuleSet, Subject};

/// What the first quota of these rules counts for a message.
#[track_caller]
fn cost(set: &RuleSet, subject: &Subject<'_>) -> Cost {
    match set.evaluate(subject).poll() {
        Progress::Demand(demand) => match demand.kind {
            DemandKind::Charge { cost, limit: 100, .. } => cost,
            other => panic!("{other:?}"),
        },
        Progress::Done(verdict) => panic!("{verdict:?}"),
    }
}

fn budget(cost: &str) -> RuleSet {
    budget_of("{tool: '*'}", cost)
}

fn budget_of(match_: &str, cost: &str) -> RuleSet {
    compile(&format!(
        "rules:\n  - {{name: budget, match: {match_}, rate_limit: {{limit: 100, per: 1h, cost: {cost}}}}}"
    ))
}

#[test]
fn a_message_costs_a_number_or_what_its_tool_costs() {
    let search = call(r#"{"name":"search_all"}"#);
    assert_eq!(cost(&budget("5"), &search), Cost::Units(5));
    let tools = budget("{tools: {render: 20, 'search_*': 2}}");
    assert_eq!(cost(&tools, &search), Cost::Units(2));
    assert_eq!(cost(&tools, &call(r#"{"name":"render"}"#)), Cost::Units(20));
    assert_eq!(cost(&tools, &call(r#"{"name":"add"}"#)), Cost::Units(1));
    let others = budget("{tools: {render: 20}, others: 0}");
    assert_eq!(cost(&others, &search), Cost::Units(0));
}

#[test]
fn a_message_costs_its_bytes_or_the_size_of_a_value_in_it() {
    let params = r#"{"name":"x","arguments":{"rows":[1,2,3],"text":"\u00e4bc"}}"#;
    assert_eq!(cost(&budget("payload_bytes"), &call(params)), Cost::Units(params.len() as u64));
    for (path, units) in [("rows", 3), ("text", 3), ("none", 1)] {
        let set = budget(&format!("{{size: arguments.{path}}}"));
        assert_eq!(cost(&set, &call(params)), Cost::Units(units), "{path}");
    }
    let set = budget_of("{tool: '*', phase: response}", "{size: content}");
    let result = Subject {
        phase: Phase::Response,
        request: Some(r#"{"name":"x"}"#),
        ..call(r#"{"content":[1,2]}"#)
    };
    assert_eq!(cost(&set, &result), Cost::Units(2));
}

#[test]
fn what_an_answer_costs_is_known_when_it_is_there() {
    assert_eq!(cost(&budget("response_bytes"), &call(r#"{"name":"x"}"#)), Cost::ResponseBytes);
    let text = "version: 1\ndefault: allow\nrules:\n  - {name: b, match: {tool: x, phase: response}, \
                rate_limit: {limit: 1, per: 1h, cost: response_bytes}}";
    let problems = RuleSet::compile("r.yaml", text).unwrap_err();
    assert!(problems.to_string().contains("say `payload_bytes`"), "{problems}");
}

#[test]
fn a_size_that_readers_could_see_in_two_ways_denies() {
    let params = r#"{"name":"x","arguments":{"rows":[1],"Rows":[1,2,3]}}"#;
    let set = budget("{size: arguments.rows}");
    let Progress::Done(verdict) = set.evaluate(&call(params)).poll() else { panic!("it is asked") };
    assert_eq!((verdict.decision.as_str(), verdict.failures.len()), ("deny", 1));
}

#[test]
fn tests_and_explanations_tell_what_a_message_costs() {
    let set = compile(
        "rules:
  - {name: units, match: {tool: '*'}, rate_limit: {limit: 100, per: 1h, cost: {tools: {render: 20}}}}
  - {name: bytes, match: {tool: '*'}, rate_limit: {limit: 1000, per: 1h, cost: response_bytes}}
tests:
  - name: a picture costs twenty
    given: {tool: render, principal: ann}
    expect: {decision: allow, costs: {units: 20, bytes: response_bytes}}
  - name: spent
    given: {tool: render, answers: {units: refuse}}
    expect: {decision: deny, rule: units, costs: {units: 20}}
  - name: wrong
    given: {tool: add}
    expect: {costs: {units: 20, bytes: response_bytes}}
",
    );
    let failed: Vec<_> = set.run_tests().into_iter().filter(|it| !it.has_passed()).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].name == "wrong" && failed[0].failures[0].contains("costs"), "{failed:?}");
    let explained = set.explain_test("a picture costs twenty").unwrap().to_string();
    for line in [
        "`units`: rate_limit 20 of 100 per 3600s for [\"ann\"] -> passed",
        "`bytes`: rate_limit response_bytes of 1000 per 3600s for [\"ann\"] -> passed",
    ] {
        assert!(explained.contains(line), "{explained}");
    }
}
