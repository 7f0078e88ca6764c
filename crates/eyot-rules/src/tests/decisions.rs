//! What rules decide, in which order, and what they ask for.

use std::time::Duration;

use super::{call, compile, message, outcome, run};
use crate::{Answer, Cost, Decision, DemandKind, LogLevel, Phase, Progress, RuleSet, Subject};

#[test]
fn first_rule_that_decides_wins() {
    let set = compile(
        "rules:
  - {name: a, match: {tool: 'x*'}, tag: seen, log: {level: warn, message: it was seen}}
  - {name: b, match: {tool: xy}, allow: true}
  - {name: c, match: {tool: 'x*'}, deny: {code: 7, message: no}}
",
    );
    let verdict = run(&set, &call(r#"{"name":"xy"}"#), &[]);
    assert_eq!(outcome(&verdict), ("allow", Some("b")));
    assert_eq!(verdict.tags, ["seen"]);
    assert_eq!((verdict.log[0].rule, verdict.log[0].level), ("a", LogLevel::Warn));
    let verdict = run(&set, &call(r#"{"name":"xz"}"#), &[]);
    assert_eq!((outcome(&verdict), message(&verdict.decision)), (("deny", Some("c")), (7, "no")));
    assert_eq!(outcome(&run(&set, &call(r#"{"name":"z"}"#), &[])), ("allow", None));
}

#[test]
fn what_no_rule_decides_is_as_the_file_says() {
    let text = "version: 1\ndefault: deny\nrules: [{name: a, match: {tool: x}, allow: true}]";
    let set = RuleSet::compile("r.yaml", text).unwrap();
    let decide = |method: &str, phase| {
        let subject = Subject { method, phase, ..Subject::default() };
        run(&set, &subject, &[]).decision.as_str()
    };
    assert_eq!(decide("tools/call", Phase::Request), "deny");
    assert_eq!(decide("sampling/createMessage", Phase::Request), "deny");
    for method in ["initialize", "ping", "tools/list", "notifications/message", "server/discover"] {
        assert_eq!(decide(method, Phase::Request), "allow", "{method}");
    }
    assert_eq!(decide("tools/call", Phase::Response), "allow");
    assert_eq!(outcome(&run(&set, &call(r#"{"name":"x"}"#), &[])), ("allow", Some("a")));
}

#[test]
fn every_condition_is_looked_at() {
    let set = compile(
        "sets: {ops: [ann, 'bot-*']}
rules:
  - name: a
    match:
      tool: x
      server: [s1, s2]
      session: '*'
      principal: $ops
      scopes: [admin, root]
      client: claude*
      client_version: '2.*'
      direction: to-server
      era: legacy
      transport: [stdio, pipe]
      remote: 10.*
      arguments: {n: {gt: 5, lt: 9}, 'list[*]': 3}
      annotations: {destructiveHint: true}
    deny: true
",
    );
    let scopes = ["root".into()];
    let subject = Subject {
        server: Some("s2"),
        session: Some("1"),
        principal: Some("bot-7"),
        scopes: Some(&scopes),
        client: Some("claude-code"),
        client_version: Some("2.1"),
        era: Some(eyot_types::Era::Legacy),
        transport: Some(crate::Transport::Pipe),
        remote: Some("10.0.0.1"),
        ..call(r#"{"name":"x","arguments":{"n":7,"list":[1,3]}}"#)
    };
    let is_denied = |subject: Subject<'_>| run(&set, &subject, &[]).decision != Decision::Allow;
    assert!(is_denied(subject));
    assert!(!is_denied(Subject { server: None, ..subject }));
    assert!(!is_denied(Subject { session: None, ..subject }));
    assert!(!is_denied(Subject { principal: Some("bob"), ..subject }));
    assert!(!is_denied(Subject { scopes: None, ..subject }));
    assert!(!is_denied(Subject { client: Some("x"), ..subject }));
    assert!(!is_denied(Subject { client_version: Some("1"), ..subject }));
    assert!(!is_denied(Subject { direction: crate::Direction::ToClient, ..subject }));
    assert!(!is_denied(Subject { era: None, ..subject }));
    assert!(!is_denied(Subject { transport: Some(crate::Transport::Http), ..subject }));
    assert!(!is_denied(Subject { remote: Some("11.0.0.1"), ..subject }));
    assert!(!is_denied(Subject { annotations: Some(r#"{"readOnlyHint":true}"#), ..subject }));
    assert!(!is_denied(Subject { phase: Phase::Response, ..subject }));
    let other = r#"{"name":"x","arguments":{"n":9,"list":[3]}}"#;
    assert!(!is_denied(Subject { payload: Some(other), ..subject }));
}

#[test]
fn unless_takes_messages_away_again() {
    let set = compile(
        "rules:
  - {name: a, match: {tool: x}, unless: {scopes: admin}, deny: true}
  - {name: b, match: {tool: y}, unless: {arguments: {path: {under: /srv}}}, deny: true}
",
    );
    let scopes = ["admin".into()];
    let subject = call(r#"{"name":"x"}"#);
    assert_eq!(outcome(&run(&set, &subject, &[])), ("deny", Some("a")));
    let admin = Subject { scopes: Some(&scopes), ..subject };
    assert_eq!(outcome(&run(&set, &admin, &[])), ("allow", None));
    let path = |it: &str| format!(r#"{{"name":"y","arguments":{{"path":"{it}"}}}}"#);
    assert_eq!(run(&set, &call(&path("/srv/a")), &[]).rule, None);
    assert_eq!(run(&set, &call(&path("/srv/../etc")), &[]).rule, Some("b"));
    assert_eq!(run(&set, &call(r#"{"name":"y"}"#), &[]).rule, Some("b"));
}

#[test]
fn results_are_looked_at_with_the_parameters_of_their_request() {
    let set = compile(
        "rules:
  - {name: a, match: {tool: x, result: {isError: true}, arguments: {q: 1}}, deny: true}
  - {name: b, match: {tool: x, phase: response}, redact: {patterns: ['s3cret']}}
",
    );
    let subject = Subject {
        phase: Phase::Response,
        payload: Some(r#"{"isError":true,"content":[{"type":"text","text":"s3cret"}]}"#),
        request: Some(r#"{"name":"x","arguments":{"q":1}}"#),
        ..call("")
    };
    assert_eq!(run(&set, &subject, &[]).rule, Some("a"));
    let other = Subject { request: Some(r#"{"name":"x","arguments":{"q":2}}"#), ..subject };
    let verdict = run(&set, &other, &[]);
    let after = r#"{"isError":true,"content":[{"type":"text","text":"[redacted]"}]}"#;
    assert_eq!(verdict.payload.as_deref(), Some(after));
}

#[test]
fn later_rules_see_what_earlier_ones_have_changed() {
    let set = compile(
        "rules:
  - {name: a, match: {tool: x}, set: {arguments.dry_run: true}, rename: {arguments.q: query}}
  - {name: b, match: {tool: x, arguments: {dry_run: true, query: hi}}, remove: arguments.query}
  - {name: c, match: {tool: x, arguments: {query: {exists: true}}}, deny: true}
",
    );
    let verdict = run(&set, &call(r#"{"name":"x", "arguments":{ "q":"hi" },"_meta":{}}"#), &[]);
    let after = r#"{"name":"x", "arguments":{"dry_run":true },"_meta":{}}"#;
    assert_eq!((verdict.payload.as_deref(), verdict.rule), (Some(after), None));
}

#[test]
fn demands_are_made_in_the_order_of_the_file() {
    let set = compile(
        "rules:
  - name: quota
    match: {tool: x}
    rate_limit: {limit: 5, per: 1m, key: [principal, item]}
    concurrency: {limit: 2}
    delay: 20ms
    call: {interceptor: scanner, timeout: 2s}
  - {name: ask, match: {tool: x}, ask: {message: May it pay?, timeout: 5m}}
",
    );
    let subject = Subject { principal: Some("a\"b"), ..call(r#"{"name":"x"}"#) };
    let mut evaluation = set.evaluate(&subject);
    let mut kinds = Vec::new();
    let verdict = loop {
        match evaluation.poll() {
            Progress::Demand(demand) => {
                assert!(matches!(evaluation.poll(), Progress::Demand(again) if again == demand));
                kinds.push(demand.kind);
                evaluation.answer(Answer::Pass);
            }
            Progress::Done(verdict) => break verdict,
        }
    };
    let key = r#"["a\"b","x"]"#.to_owned();
    let per = Duration::from_secs(60);
    assert_eq!(kinds[0], DemandKind::Charge { key, limit: 5, per, cost: Cost::Units(1) });
    assert_eq!(kinds[1], DemandKind::Permit { key: r#"["a\"b"]"#.to_owned(), limit: 2 });
    assert_eq!(kinds[2], DemandKind::Delay(Duration::from_millis(20)));
    let timeout = Some(Duration::from_secs(2));
    assert_eq!(kinds[3], DemandKind::Call { interceptor: "scanner", timeout });
    let timeout = Some(Duration::from_secs(300));
    assert_eq!(kinds[4], DemandKind::Ask { message: "May it pay?", timeout, of: None });
    assert_eq!((kinds.len(), outcome(&verdict)), (5, ("allow", Some("ask"))));
    assert!(matches!(evaluation.poll(), Progress::Done(it) if it.decision != Decision::Allow));
}

#[test]
fn refused_demands_end_the_evaluation() {
    let set = compile(
        "rules:
  - {name: quota, match: {tool: x}, rate_limit: {limit: 1, per: 1s}}
  - {name: ask, match: {tool: x}, ask: May it?}
",
    );
    let subject = call(r#"{"name":"x"}"#);
    let refuse = || Answer::Refuse(String::new());
    let verdict = run(&set, &subject, &[refuse()]);
    assert_eq!(verdict.rule, Some("quota"));
    assert_eq!(message(&verdict.decision), (1503, "too many requests in this time"));
    let verdict = run(&set, &subject, &[Answer::Pass, Answer::Refuse("not today".into())]);
    assert_eq!((verdict.rule, message(&verdict.decision)), (Some("ask"), (1403, "not today")));
}

#[test]
fn interceptors_replace_the_payload_with_json_only() {
    let set = compile("rules: [{name: c, match: {tool: x}, call: scanner}]");
    let subject = call(r#"{"name":"x"}"#);
    let verdict = run(&set, &subject, &[Answer::Replace(r#"{"name":"x","a":1}"#.into())]);
    assert_eq!(verdict.payload.as_deref(), Some(r#"{"name":"x","a":1}"#));
    let verdict = run(&set, &subject, &[Answer::Replace("{".into())]);
    assert_eq!((verdict.decision.as_str(), verdict.payload), ("deny", None));
    assert!(verdict.failures[0].reason.contains("JSON"));
    let verdict = run(&set, &subject, &[Answer::Replace(r#"{"name":"y"}"#.into())]);
    assert!(verdict.failures[0].reason.contains("names another tool"));
}

#[test]
fn half_a_surrogate_pair_of_a_server_passes_to_the_letter() {
    let set = compile(
        "rules: [{name: c, match: {tool: x, phase: response}, redact: {patterns: s3cret}}]",
    );
    let before = r#"{"content":["\ud83d cut","s3cret"]}"#;
    let subject = Subject {
        phase: Phase::Response,
        payload: Some(before),
        request: Some(r#"{"name":"x"}"#),
        ..call("")
    };
    let verdict = run(&set, &subject, &[]);
    assert_eq!(verdict.failures, []);
    assert_eq!(verdict.payload.unwrap(), before.replace("s3cret", "[redacted]"));
}

#[test]
fn rules_that_cannot_be_applied_deny_or_are_skipped() {
    let set = compile(
        "rules:
  - {name: skip, on_error: skip, match: {tool: x}, when: params.arguments.a > 1, deny: true}
  - {name: deny, match: {tool: x}, when: params.arguments.b > 1, deny: true}
",
    );
    let verdict = run(&set, &call(r#"{"name":"x","arguments":{"a":"s","b":0}}"#), &[]);
    assert_eq!((outcome(&verdict), verdict.failures[0].rule), (("allow", None), "skip"));
    let verdict = run(&set, &call(r#"{"name":"x","arguments":{"a":1}}"#), &[]);
    assert_eq!(outcome(&verdict), ("deny", Some("deny")));
    assert!(verdict.failures[0].reason.contains("has(params.arguments.b)"));
    // The peer is told of no rule.
    assert!(!message(&verdict.decision).1.contains("params"));
    let twice = r#"{"name":"y","arguments":{"path":"/srv","path":"/etc"}}"#;
    let set = compile("rules: [{name: p, match: {tool: y, arguments: {path: /srv}}, allow: true}]");
    assert_eq!(outcome(&run(&set, &call(twice), &[])), ("deny", Some("p")));
}

#[test]
fn rules_in_audit_mode_tell_what_they_would_do() {
    let set = compile(
        "rules:
  - {name: a, mode: audit, match: {tool: x}, set: {arguments.a: 1}}
  - {name: b, mode: audit, match: {tool: x}, deny: true}
  - {name: c, mode: audit, match: {tool: x}, deny: true}
  - {name: d, match: {tool: x}, tag: t}
",
    );
    let verdict = run(&set, &call(r#"{"name":"x","arguments":{}}"#), &[]);
    assert_eq!((outcome(&verdict), &verdict.payload), (("allow", None), &None));
    let audits: Vec<_> = verdict.audits.iter().map(|it| (it.rule, &*it.actions)).collect();
    assert_eq!(audits, [(Some("a"), &["set"][..]), (Some("b"), &["deny"])]);
    assert_eq!(verdict.tags, ["t"]);
    let text = "version: 1\ndefault: deny\nmode: audit\nrules: []";
    let set = RuleSet::compile("r.yaml", text).unwrap();
    let verdict = run(&set, &call(r#"{"name":"x"}"#), &[]);
    assert_eq!((outcome(&verdict), verdict.audits[0].rule), (("allow", None), None));
    assert!(!set.hides(&Subject { item: Some("x"), ..call("") }));
}

#[test]
fn routes_and_faults_are_decisions() {
    let set = compile(
        "rules:
  - {name: r, match: {tool: x}, route: other}
  - {name: f, match: {tool: [x, y]}, fault: {code: -32603, message: as wanted}}
",
    );
    let subject = call(r#"{"name":"x"}"#);
    assert_eq!(run(&set, &subject, &[]).decision, Decision::Route("other"));
    let there = Subject { server: Some("other"), ..subject };
    assert_eq!(outcome(&run(&set, &there, &[])), ("fault", Some("f")));
}

#[test]
fn explanation_tells_what_was_looked_at() {
    let set = compile(
        "rules:
  - {name: other, match: {tool: z}, deny: true}
  - {name: small, match: {tool: x, arguments: {n: {gt: 5}}}, deny: true}
  - {name: edit, match: {tool: x}, when: has(params.arguments.n), set: {arguments.n: 9}}
  - {name: paid, match: {tool: x}, unless: {principal: bob}, ask: May it?}
",
    );
    let subject = call(r#"{"name":"x","arguments":{"n":3}}"#);
    let explanation = set.explain(&subject, |_| Answer::Pass);
    let names: Vec<_> = explanation.looks.iter().map(|it| (it.rule, it.line, it.holds)).collect();
    assert_eq!(names, [("small", 5, false), ("edit", 6, true), ("paid", 7, true)]);
    let text = explanation.to_string();
    for part in [
        "3 of 4 rules could be about it",
        "no: params.arguments.n > 5 (found 3)",
        "yes: when has(params.arguments.n)",
        "no: unless principal like bob (found nothing)",
        "asked for by `paid`: ask \"May it?\" -> passed",
        "decision: allow, by rule `paid`",
        "before: {\"name\":\"x\",\"arguments\":{\"n\":3}}",
        "after:  {\"name\":\"x\",\"arguments\":{\"n\":9}}",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn debug_output_has_no_values() {
    let set = compile("rules: [{name: e, match: {tool: x}, set: {arguments.a: 1}}]");
    let subject = call(r#"{"name":"x","arguments":{"key":"s3cret"}}"#);
    let evaluation = set.evaluate(&subject);
    let verdict = run(&set, &subject, &[]);
    let explanation = set.explain(&subject, |_| Answer::Pass);
    let answer = Answer::Replace("s3cret".into());
    let shown = format!("{subject:?} {evaluation:?} {verdict:?} {explanation:?} {answer:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn rule_that_fails_in_the_middle_has_changed_nothing() {
    let set = compile(
        "rules:
  - {name: a, match: {tool: x}, set: {arguments.a: 1}}
  - {name: b, on_error: skip, match: {tool: x}, set: {arguments.b: 2}, rename: {arguments.a: c}}
  - {name: d, on_error: skip, match: {tool: x}, set: {arguments.d: 4}, call: scanner}
",
    );
    let subject = call(r#"{"name":"x","arguments":{"c":3}}"#);
    let verdict = run(&set, &subject, &[Answer::Fail("it is away".into())]);
    let failed: Vec<_> = verdict.failures.iter().map(|it| it.rule).collect();
    assert_eq!(failed, ["b", "d"]);
    let after = r#"{"name":"x","arguments":{"c":3,"a":1}}"#;
    assert_eq!(verdict.payload.as_deref(), Some(after));
}
