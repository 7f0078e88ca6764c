//! What is wrong with files, and where.

use crate::{DemandKind, OuterThing, Progress, RuleSet, Subject};

/// Checks that a file has exactly these problems: the place, and a part of the message.
#[track_caller]
fn refuse(text: &str, expected: &[(&str, &str)]) {
    let problems = RuleSet::compile("r.yaml", text).unwrap_err();
    let shown = problems.to_string();
    for ((place, part), line) in expected.iter().zip(shown.lines()) {
        assert!(line.starts_with(&format!("r.yaml:{place}: error: ")), "{line}");
        assert!(line.contains(part), "{part} is not in: {line}");
    }
    assert_eq!(problems.as_slice().len(), expected.len(), "{shown}");
}

/// Checks one rule, whose first line is the fourth one of the file.
#[track_caller]
fn refuse_rule(rule: &str, expected: &[(&str, &str)]) {
    refuse(&format!("version: 1\ndefault: allow\nrules:\n{rule}\n"), expected);
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    refuse(
        "version: 1
default: perhaps
mod: audit
rules:
  - name: a
    match: {tol: x}
    deny: true
  - name: a
    match:
      arguments: {n: {gt: x}}
    alow: true
",
        &[
            ("2:10", "one of allow, deny"),
            ("3:1", "did you mean `mode`"),
            ("6:13", "did you mean `tool`"),
            ("8:5", "does nothing"),
            ("8:11", "another rule has the name `a`, at 5:11"),
            ("10:27", "can never hold: `gt` is a text"),
            ("11:5", "did you mean `allow`"),
        ],
    );
}

#[test]
fn what_must_be_said_is_missed() {
    refuse("rules: []", &[("1:1", "`version` is missing"), ("1:1", "`default` is missing")]);
    refuse("version: 2\ndefault: allow\nrules: []", &[("1:10", "one of 1")]);
    refuse("version: 1\ndefault: allow", &[("1:1", "`rules` is missing")]);
    refuse("", &[("1:1", "empty")]);
    refuse("a: [", &[("1:4", "no YAML")]);
    refuse("version: 1\nversion: 1\ndefault: allow\nrules: []", &[("2:1", "given twice")]);
    refuse("[]", &[("1:1", "must be a map")]);
    refuse_rule("  - {allow: true}", &[("4:5", "no `name`")]);
}

#[test]
fn what_can_never_hold_is_refused() {
    for (block, part) in [
        ("{method: tools/list, tool: x}", "only tools/call have `tool`"),
        ("{tool: x, prompt: y}", "no message is about a prompt and another"),
        ("{method: ping}", "of the protocol itself"),
        ("{method: tool/call}", "did you mean `tools/call`"),
        ("{method: tool/*}", "did you mean `tools`"),
        ("{prompt: x, annotations: {readOnlyHint: true}}", "only tools/call have"),
        ("{method: resources/read, arguments: {x: 1}}", "only tools/call, prompts/get have"),
        ("{phase: request, result: {x: 1}}", "a request has no `result`"),
        ("{phase: response, method: notifications/message}", "no result"),
        ("{tool: x, arguments: {x: {exists: false, gt: 1}}}", "can never hold"),
        ("{tool: x, arguments: {x: {gt: 3, lt: 3}}}", "no number is between"),
        ("{tool: x, arguments: {x: {size: {gt: 3, lt: 4}}}}", "no size is between"),
        ("{tool: x, arguments: {x: {prefix: 5}}}", "quote it"),
        ("{tool: x, arguments: {x: {in: []}}}", "no values"),
        ("{tool: []}", "empty list"),
        ("{tool: 'a['}", "no `]`"),
        ("{tool: $x}", "no set `x`"),
        ("{arguments: {'a..b': 1}}", "in a path"),
        ("{arguments: {a: {regex: '('}}}", "no pattern"),
        ("{arguments: {a: {regex: '(a{999}){999}'}}}", "repetitions"),
        ("{arguments: {a: {}}}", "nothing is wanted"),
        ("{era: old}", "one of legacy, modern"),
        ("{direction: to-sever}", "did you mean `to-server`"),
    ] {
        let text = format!(
            "version: 1\ndefault: allow\nrules:\n  - name: a\n    match: {block}\n    deny: true\n"
        );
        let problems = RuleSet::compile("r.yaml", &text).unwrap_err();
        let [problem] = problems.as_slice() else { panic!("{block}: {problems}") };
        assert!(problem.message.contains(part), "{block}: {problem}");
        assert_eq!(problem.at.line, 5, "{block}: {problem}");
    }
}

#[test]
fn actions_that_do_not_fit_are_refused() {
    for (actions, part) in [
        ("allow: true, deny: true", "decides once"),
        ("deny: true, set: {arguments.a: 1}", "does not go with `deny`"),
        ("set: {name: y}", "belongs to the protocol"),
        ("set: {'*': y}", "begins with the name"),
        ("remove: _meta.progressToken", "belongs to the protocol"),
        ("rename: {'arguments.a[0]': y}", "has a name"),
        ("remove: 'arguments.a[0]'", "only a member"),
        ("rename: {x: name}", "no member can become it"),
        ("redact: {}", "no `paths` and no `patterns`"),
        ("redact: {patterns: 'a*'}", "nothing to cover"),
        ("rate_limit: {limit: 5}", "no `per`"),
        ("rate_limit: {limit: 0, per: 1m}", "say `deny`"),
        ("rate_limit: {limit: 1, per: 1y}", "such as `30s`"),
        ("rate_limit: {limit: 1, per: 1m, key: prinzipal}", "did you mean `principal`"),
        ("rate_limit: {limit: 9, per: 1m, cost: 0}", "nothing is counted"),
        ("rate_limit: {limit: 9, per: 1m, cost: 10}", "never allowed"),
        ("rate_limit: {limit: 9, per: 1m, cost: {tools: {a: 10}}}", "never allowed"),
        ("rate_limit: {limit: 9, per: 1m, cost: {tools: {a: 1}, size: b}}", "`cost` is a number"),
        ("rate_limit: {limit: 9, per: 1m, cost: {size: 'a..b'}}", "in a path"),
        ("rate_limit: {limit: 9, per: 1m, cost: respons_bytes}", "did you mean `response_bytes`"),
        ("concurrency: {limit: 9, cost: 1}", "`cost` is no member of `concurrency`"),
        ("deny: {code: -32050}", "reserved"),
        ("deny: {cod: 1}", "did you mean `code`"),
        ("allow: false", "write `allow: true`"),
        ("ask: {timeout: 1m}", "no `message`"),
        ("when: 'princpal == 1', deny: true", "did you mean `principal`"),
        ("mode: test, deny: true", "one of enforce, audit"),
    ] {
        let text = format!(
            "version: 1\ndefault: allow\nrules:\n  - {{name: a, match: {{tool: x}}, {actions}}}\n"
        );
        let problems = RuleSet::compile("r.yaml", &text).unwrap_err();
        let [problem] = problems.as_slice() else { panic!("{actions}: {problems}") };
        assert!(problem.message.contains(part), "{actions}: {problem}");
        assert_eq!(problem.at.line, 4, "{actions}: {problem}");
    }
}

#[test]
fn names_that_shadow_are_refused() {
    refuse(
        "version: 1
default: allow
sets: {a: x, 'b c': y, d: $a}
patterns: {a: x}
rules: []
",
        &[("3:14", "no name"), ("3:27", "no other set"), ("4:12", "would mean two things")],
    );
    refuse_rule(
        "  - {name: a, when: 'params.x.all(item, item == 1)', deny: true}",
        &[("4:21", "has a meaning already")],
    );
}

#[test]
fn rule_that_is_never_reached_is_refused() {
    refuse_rule(
        "  - {name: all, allow: true}\n  - {name: late, match: {tool: x}, deny: true}",
        &[("5:1", "`late` is never reached: `all` decides about every request")],
    );
}

#[test]
fn routes_in_a_circle_are_refused() {
    refuse_rule(
        "  - {name: ab, match: {server: a, tool: 'x*'}, route: b}
  - {name: bc, match: {server: b}, route: c}
  - {name: ca, match: {server: c}, route: a}",
        &[("4:5", "`ab`, then `bc`, then `ca` and back")],
    );
    let fine = "version: 1\ndefault: allow\nrules:
  - {name: ab, match: {server: a, tool: x}, route: b}
  - {name: ba, match: {server: b, tool: y}, route: a}
  - {name: to, match: {tool: z}, route: c}
";
    RuleSet::compile("r.yaml", fine).unwrap();
}

#[test]
fn tests_of_a_file_are_checked_and_run() {
    refuse(
        "version: 1
default: allow
rules: [{name: a, match: {tool: x}, deny: true}]
tests:
  - {name: t, given: {tool: x}, expect: {rule: b, hiden: true}}
  - {name: u, given: {}, expect: {decision: no}}
  - {name: t, given: {tool: x}, expect: {}}
",
        &[
            ("5:48", "no rule `b`"),
            ("5:51", "did you mean `hidden`"),
            ("6:22", "has no `method`"),
            ("7:5", "another test has the name `t`, in line 5"),
        ],
    );
    let set = RuleSet::compile(
        "r.yaml",
        "version: 1
default: allow
rules:
  - {name: a, match: {tool: x}, deny: {code: 9, message: no}}
  - {name: b, match: {tool: y}, ask: May it?}
  - {name: c, match: {tool: z}, set: {arguments.k: 1}, tag: t}
tests:
  - {name: good, given: {tool: x}, expect: {decision: deny, rule: a, code: 9, message: no, hidden: true}}
  - {name: bad, given: {tool: x}, expect: {decision: allow, rule: ~, hidden: false, code: 8}}
  - {name: ask, given: {tool: y, answers: {b: refuse}}, expect: {decision: deny, demands: [ask], hidden: false}}
  - {name: set, given: {tool: z, arguments: {}}, expect: {after: {arguments.k: 1}, changed: true, tags: t, audit: [], failed: []}}
  - {name: unset, given: {tool: z}, expect: {after: {arguments.k: 2}, changed: false, tags: []}}
",
    )
    .unwrap();
    let outcomes = set.run_tests();
    let failures: Vec<_> = outcomes.iter().map(|it| (&*it.name, it.failures.len())).collect();
    assert_eq!(failures, [("good", 0), ("bad", 4), ("ask", 0), ("set", 0), ("unset", 3)]);
    assert_eq!(outcomes[1].line, 9);
    let explanation = set.explain_test("ask").unwrap();
    assert_eq!(explanation.verdict.rule, Some("b"));
    assert!(explanation.verdict.decision.error().is_some());
    assert!(set.explain_test("none").is_none());
    assert!(outcomes[1].failures[0].contains("expected \"allow\", found \"deny\""));
}

#[test]
fn json_and_toml_are_read_as_well() {
    let json = r#"{"version": 1, "default": "allow", // c
        "rules": [{"name": "a", "match": {"tool": "x"}, "deny": true}]}"#;
    assert_eq!(RuleSet::compile("r.json", json).unwrap().rule_names().collect::<Vec<_>>(), ["a"]);
    let toml = "version = 1\ndefault = \"allow\"\n[[rules]]\nname = \"a\"\ndeny = true\n";
    RuleSet::compile("r.toml", toml).unwrap();
}

#[test]
fn tests_say_what_an_interceptor_and_another_principal_have_answered() {
    let text = "version: 1
default: allow
sets: {ops: [ops@example.org, 'ops-*']}
rules:
  - {name: c, match: {tool: x}, call: s/one}
  - {name: a, match: {tool: y}, ask: {message: May it?, principal: [$ops, root]}}
tests:
  - {name: denied, given: {tool: x, answers: {c: {refuse: a key}}}, expect: {decision: deny, message: a key, demands: [call]}}
  - {name: made, given: {tool: x, answers: {c: {replace: {name: x, arguments: {k: 1}}}}}, expect: {after: {arguments.k: 1}}}
  - {name: failed, given: {tool: x, answers: {c: {fail: it hangs}}}, expect: {decision: deny, failed: [c]}}
  - {name: asked, given: {tool: y, answers: {a: refuse}}, expect: {decision: deny, rule: a, demands: [ask]}}
";
    let set = RuleSet::compile("r.yaml", text).unwrap();
    for outcome in set.run_tests() {
        assert!(outcome.has_passed(), "{outcome:?}");
    }
    let told = set.explain_test("denied").unwrap().to_string();
    assert!(told.contains("asked for by `c`: call s/one -> refused"), "{told}");
    let told = set.explain_test("asked").unwrap().to_string();
    assert!(
        told.contains("ask \"May it?\" of `ops@example.org`, `ops-*`, `root` -> refused"),
        "{told}"
    );
    let subject =
        Subject { method: "tools/call", payload: Some(r#"{"name":"y"}"#), ..Subject::default() };
    let mut evaluation = set.evaluate(&subject);
    let Progress::Demand(demand) = evaluation.poll() else { panic!("it asks nothing") };
    let DemandKind::Ask { of: Some(of), .. } = demand.kind else { panic!("{demand:?}") };
    let meant = ["ops@example.org", "ops-1", "root", "ops", "Root", ""].map(|it| of.matches(it));
    assert_eq!(meant, [true, true, true, false, false, false]);
}

#[test]
fn names_of_things_outside_are_told_with_their_places_and_what_is_near() {
    let text = "version: 1
default: allow
rules:
  - {name: c, mode: audit, match: {tool: x}, call: {interceptor: s/one, timeout: 2s}}
  - {name: r, match: {tool: y}, route: staging}
";
    let set = RuleSet::compile("r.yaml", text).unwrap();
    let names: Vec<_> = set.outer_names().collect();
    let things: Vec<_> = names.iter().map(|it| (&*it.name, it.of)).collect();
    let timeout = Some(std::time::Duration::from_secs(2));
    let expected = [("s/one", OuterThing::Interceptor(timeout)), ("staging", OuterThing::Server)];
    assert_eq!(things, expected);
    let near = names[0].unknown("interceptor", &["t/two", "s/ones"]).to_string();
    let place = "r.yaml:4:66: error: there is no interceptor `s/one`: did you mean `s/ones`?";
    assert_eq!(near, place);
    let many: Vec<_> = (0..9).map(|it| format!("server-number-{it}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let far = names[1].unknown("server", &many).to_string();
    assert!(far.starts_with(
        "r.yaml:5:40: error: there is no server `staging`: there are `server-number-0`,"
    ));
    assert!(far.ends_with("`server-number-7`, …"), "{far}");
}
