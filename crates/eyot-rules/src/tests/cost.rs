//! What rules cost that are about other messages.

use std::fmt::Write as _;

use super::{call, compile};
use crate::{Decision, Evaluation, Progress, RuleSet, Subject};

fn thousand_rules() -> RuleSet {
    let mut text = "rules:\n".to_owned();
    for number in 0..1_000 {
        let block = match number % 4 {
            0 => format!("prompt: p{number}"),
            1 => format!("tool: 't{number}-*'"),
            2 => format!("tool: [u{number}, v{number}]"),
            _ => "method: resources/read".to_owned(),
        };
        writeln!(text, "  - {{name: r{number}, match: {{{block}, principal: x}}, deny: true}}")
            .unwrap();
    }
    compile(&text)
}

#[test]
fn thousand_rules_about_other_methods_are_never_looked_at() {
    let set = thousand_rules();
    let looks = |subject: Subject<'_>| set.explain(&subject, |_| unreachable!()).looks.len();
    assert_eq!(looks(Subject { method: "sampling/createMessage", ..Subject::default() }), 0);
    assert_eq!(looks(call(r#"{"name":"search"}"#)), 0);
    assert_eq!(looks(call(r#"{"name":"u2"}"#)), 1);
    assert_eq!(looks(call(r#"{"name":"t1-x"}"#)), 1);
}

#[test]
fn rules_that_are_not_about_a_message_allocate_nothing() {
    let set = thousand_rules();
    for subject in [
        Subject { method: "sampling/createMessage", ..Subject::default() },
        call(r#"{"name":"search","arguments":{"q":"x"}}"#),
        call(r#"{"name":"u2","arguments":{"q":"x"}}"#),
        Subject { method: "resources/read", payload: Some(r#"{"uri":"a:b"}"#), ..call("") },
    ] {
        let measured = allocation_counter::measure(|| {
            let Progress::Done(verdict) = set.evaluate(&subject).poll() else { unreachable!() };
            assert_eq!(verdict.decision, Decision::Allow);
        });
        assert_eq!(measured.count_total, 0, "{}", subject.method);
    }
}

#[test]
fn a_rule_on_an_argument_allocates_nothing_while_it_does_not_hold() {
    for matching in
        ["arguments: {q: y}", "params: {arguments.q: {in: [y, z]}}", "arguments: {q: {prefix: y}}"]
    {
        let set = compile(&format!(
            "rules: [{{name: r, match: {{tool: search, {matching}}}, deny: true}}]"
        ));
        let subject = call(r#"{"name":"search","_meta":{"a":1},"arguments":{"p":[1],"q":"x"}}"#);
        let measured = allocation_counter::measure(|| {
            let Progress::Done(verdict) = set.evaluate(&subject).poll() else { unreachable!() };
            assert_eq!(verdict.decision, Decision::Allow);
        });
        assert_eq!(measured.count_total, 0, "{matching}");
    }
}

#[test]
fn arguments_that_are_known_are_not_looked_for() {
    let set = compile("rules: [{name: r, match: {tool: search, arguments: {q: x}}, deny: true}]");
    let subject = Subject { arguments: Some(r#"{"q":"x"}"#), ..call(r#"{"name":"search"}"#) };
    let Progress::Done(verdict) = set.evaluate(&subject).poll() else { unreachable!() };
    assert_eq!(verdict.rule, Some("r"));
}

#[test]
fn arguments_that_a_rule_has_changed_are_looked_for_anew() {
    let set = compile(
        "rules:
  - {name: set, match: {tool: search}, set: {arguments.q: y}}
  - {name: r, match: {tool: search, arguments: {q: x}}, deny: true}",
    );
    let params = r#"{"name":"search","arguments":{"q":"x"}}"#;
    let subject = Subject { arguments: Some(r#"{"q":"x"}"#), ..call(params) };
    let Progress::Done(verdict) = set.evaluate(&subject).poll() else { unreachable!() };
    assert_eq!(verdict.rule, None);
}

#[test]
fn rules_and_evaluations_go_from_thread_to_thread() {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<RuleSet>();
    is_shared::<Evaluation<'_>>();
}
