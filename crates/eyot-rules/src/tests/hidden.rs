//! What clients see in lists.

use super::{call, compile, outcome, run};
use crate::{RuleSet, Subject};

fn list(method: &str) -> Subject<'_> {
    Subject { method, ..Subject::default() }
}

#[test]
fn what_is_denied_whatever_the_arguments_are_is_hidden() {
    let set = compile(
        "rules:
  - {name: a, match: {tool: seldom, arguments: {x: 1}}, allow: true}
  - {name: b, match: {tool: [seldom, never]}, deny: true}
  - {name: c, match: {tool: some, arguments: {path: {prefix: /etc}}}, deny: true}
  - {name: d, match: {tool: expr}, when: 'params.arguments.x == 1', deny: true}
  - {name: e, match: {tool: expr2}, when: 'item == \"expr2\" || params.x == 1', deny: true}
  - {name: f, mode: audit, match: {tool: trial}, deny: true}
  - {name: g, match: {tool: asked}, ask: May it?}
  - {name: h, match: {tool: asked}, deny: true}
",
    );
    let hides = |item| set.hides(&Subject { item: Some(item), ..call("") });
    assert!(hides("never"));
    assert!(hides("expr2"));
    for item in ["seldom", "some", "expr", "trial", "asked", "other"] {
        assert!(!hides(item), "{item}");
    }
}

#[test]
fn who_asks_decides_what_is_hidden() {
    let set = compile(
        "rules: [{name: a, match: {tool: 'admin_*'}, unless: {scopes: admin}, deny: true}]",
    );
    let scopes = ["admin".into()];
    let subject = Subject { item: Some("admin_x"), ..call("") };
    assert!(set.hides(&subject));
    assert!(!set.hides(&Subject { scopes: Some(&scopes), ..subject }));
}

#[test]
fn resource_outside_of_a_folder_is_hidden() {
    let set = compile(
        "rules: [{name: a, match: {method: resources/read, params: {uri: {not: {under: /srv}}}}, deny: true}]",
    );
    let hides = |item| set.hides(&Subject { item: Some(item), ..list("resources/read") });
    assert!(hides("file:///etc/passwd"));
    assert!(hides("file:///srv/../etc/passwd"));
    assert!(!hides("file:///srv/a"));
}

#[test]
fn lists_lose_hidden_items_and_nothing_else() {
    let set = compile(
        "rules:
  - {name: a, match: {tool: 'admin_*'}, deny: true}
  - {name: b, match: {annotations: {destructiveHint: true, readOnlyHint: false}}, deny: true}
  - {name: c, match: {prompt: secret}, deny: true}
  - {name: d, match: {resource: 'file:///etc/*'}, deny: true}
",
    );
    let safe = r#""annotations":{"readOnlyHint":true}"#;
    let before = format!(
        r#"{{ "tools" : [ {{"name":"admin_a",{safe}}} , {{"name":"b", "x":[1 ], {safe}}},{{"name":"admin_c"}}, {{"name":"wild"}}, {{"name":"d",{safe}}} ], "nextCursor":"z" }}"#
    );
    let after = format!(
        r#"{{ "tools" : [{{"name":"b", "x":[1 ], {safe}}}, {{"name":"d",{safe}}} ], "nextCursor":"z" }}"#
    );
    assert_eq!(set.visible(&list("tools/list"), &before), Some(after.clone()));
    assert_eq!(set.visible(&list("tools/list"), &after), None);
    let prompts = r#"{"prompts":[{"name":"secret"}]}"#;
    assert_eq!(set.visible(&list("prompts/list"), prompts).unwrap(), r#"{"prompts":[]}"#);
    let resources = r#"{"resources":[{"uri":"file:///etc/x"},{"uri":"file:///srv"}]}"#;
    let visible = set.visible(&list("resources/list"), resources).unwrap();
    assert_eq!(visible, r#"{"resources":[{"uri":"file:///srv"}]}"#);
    let templates = r#"{"resourceTemplates":[{"uriTemplate":"file:///etc/{x}"}]}"#;
    let visible = set.visible(&list("resources/templates/list"), templates).unwrap();
    assert_eq!(visible, r#"{"resourceTemplates":[]}"#);
    assert_eq!(set.visible(&list("tools/call"), "{}"), None);
}

#[test]
fn what_is_hidden_is_not_completed() {
    let set = compile(
        "rules:
  - {name: c, match: {prompt: secret}, deny: no such prompt}
  - {name: d, match: {prompt: open, arguments: {x: '1'}}, deny: true}
",
    );
    let complete = |reference: &str| {
        let params = format!(r#"{{"ref":{reference},"argument":{{"name":"x","value":"1"}}}}"#);
        let subject = Subject { payload: Some(&params), ..list("completion/complete") };
        let verdict = run(&set, &subject, &[]);
        (verdict.decision.as_str(), verdict.rule.map(str::to_owned))
    };
    assert_eq!(complete(r#"{"type":"ref/prompt","name":"secret"}"#), ("deny", Some("c".into())));
    assert_eq!(complete(r#"{"type":"ref/prompt","name":"open"}"#), ("allow", None));
}

#[test]
fn default_hides_what_no_rule_allows() {
    let text = "version: 1\ndefault: deny\nrules: [{name: a, match: {tool: x, arguments: {y: 1}}, allow: true}]";
    let set = RuleSet::compile("r.yaml", text).unwrap();
    let before = r#"{"tools":[{"name":"x"},{"name":"z"}]}"#;
    let visible = set.visible(&list("tools/list"), before);
    assert_eq!(visible.unwrap(), r#"{"tools":[{"name":"x"}]}"#);
    assert_eq!(outcome(&run(&set, &list("tools/list"), &[])), ("allow", None));
    let params = r#"{"ref":{"type":"ref/prompt","name":"p"}}"#;
    let subject = Subject { payload: Some(params), ..list("completion/complete") };
    assert_eq!(outcome(&run(&set, &subject, &[])), ("deny", None));
}
