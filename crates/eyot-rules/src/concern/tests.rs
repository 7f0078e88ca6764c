//! Which messages rules concern, and what they need.

use eyot_types::Method;

use crate::RuleSet;
use crate::concern::Need;
use crate::subject::Phase::{self, Request, Response};
use crate::tests::compile;

/// The methods of the protocol whose messages are of concern.
fn concerned(set: &RuleSet, phase: Phase) -> Vec<&'static str> {
    let methods = Method::KNOWN.iter().map(|it| it.as_str());
    methods.filter(|it| set.concerns(it, phase)).collect()
}

fn rule(text: &str) -> RuleSet {
    compile(&format!("rules: [{{name: r, {text}}}]"))
}

#[test]
fn a_rule_about_calls_concerns_calls_and_what_lists_say_of_them() {
    let set = rule("match: {tool: drop, arguments: {x: 1}}, deny: true");
    assert_eq!(concerned(&set, Request), ["tools/call"]);
    assert_eq!(concerned(&set, Response), ["tools/list"]);
    let set = rule("match: {tool: slow}, rate_limit: {limit: 1, per: 1m}");
    assert_eq!(concerned(&set, Request), ["tools/call"]);
    assert!(concerned(&set, Response).is_empty());
}

#[test]
fn a_rule_about_prompts_concerns_completions_of_their_arguments() {
    let set = rule("match: {prompt: secret}, deny: true");
    assert_eq!(concerned(&set, Request), ["prompts/get", "completion/complete"]);
    assert_eq!(concerned(&set, Response), ["prompts/list"]);
}

#[test]
fn a_list_that_some_may_not_ask_for_is_kept_for_none_of_them() {
    let set = rule("match: {method: resources/list, principal: ann}, deny: true");
    assert_eq!(concerned(&set, Request), ["resources/list"]);
    assert_eq!(concerned(&set, Response), ["resources/list"]);
}

#[test]
fn a_rule_about_any_method_concerns_all_that_rules_can_be_about() {
    let set = rule("match: {principal: ann}, deny: true");
    assert!(set.concerns("x/y", Request) && set.concerns("notifications/message", Request));
    assert!(!set.concerns("ping", Request) && !set.concerns("initialize", Request));
    assert!(!set.concerns("x/y", Response) && !set.concerns("tools/call", Response));
    let set = rule("match: {method: 'x/*', phase: response}, deny: true");
    assert!(set.concerns("x/y", Response) && !set.concerns("x/y", Request));
}

#[test]
fn what_is_denied_by_default_is_of_concern() {
    let set = RuleSet::compile("r.yaml", "version: 1\ndefault: deny\nrules: []").unwrap();
    assert!(set.concerns("x/y", Request) && set.concerns("tools/list", Response));
    assert!(!set.concerns("tools/list", Request) && !set.concerns("tools/call", Response));
    assert!(!set.concerns("notifications/message", Request));
}

#[test]
fn needs_are_what_conditions_expressions_and_quotas_look_at() {
    const ALL: [Need; 4] = [Need::Client, Need::Remote, Need::Annotations, Need::Permits];
    for (text, needs) in [
        ("match: {tool: x, principal: ann}, deny: true", vec![]),
        ("match: {client_version: '2.*'}, deny: true", vec![Need::Client]),
        ("unless: {client: a}, deny: true", vec![Need::Client]),
        ("when: \"client == 'a'\", deny: true", vec![Need::Client]),
        ("rate_limit: {limit: 1, per: 1m, key: [client]}", vec![Need::Client]),
        ("match: {remote: 10.*}, deny: true", vec![Need::Remote]),
        ("when: remote != '', deny: true", vec![Need::Remote]),
        ("match: {annotations: {readOnlyHint: true}}, deny: true", vec![Need::Annotations]),
        ("when: has(annotations.title), deny: true", vec![Need::Annotations]),
        ("concurrency: {limit: 1, key: [remote]}", vec![Need::Remote, Need::Permits]),
    ] {
        let set = rule(text);
        assert_eq!(
            ALL.into_iter().filter(|it| set.needs(*it)).collect::<Vec<_>>(),
            needs,
            "{text}"
        );
    }
}
