//! What holds of all rules and all messages.

use eyot_jsonrpc::{Json, Members};
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{call, compile, run};
use crate::action::{Edit, Redaction};
use crate::path::{Path, Step, Twice};
use crate::pattern::Pattern;
use crate::truth::Truth;
use crate::view::View;
use crate::{Phase, RuleSet, Subject};

/// Names that meet those of rules.
fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned),
        1 => "[a-c\"\\\\é]{0,3}",
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[x4 \"\\\\\n😀]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_name(), inner), 0..4)
                .prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// An object with white space, and perhaps with a key twice.
fn any_payload() -> impl Strategy<Value = String> {
    prop::collection::vec((any_name(), any_value(), "[ \n]{0,2}"), 0..5).prop_map(|members| {
        let members = members.iter().map(|(name, value, space)| {
            let name = Value::from(name.as_str());
            let value = serde_json::to_string_pretty(value).unwrap();
            format!("{space}{name}{space}:{space}{value}{space}")
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    })
}

fn any_path() -> impl Strategy<Value = Path> {
    let step = prop::sample::select(vec![".a", ".b", ".c", ".*", "[0]", "[1]", "[*]"]);
    let first = prop::sample::select(vec!["a", "b", "c"]);
    (first, prop::collection::vec(step, 0..3))
        .prop_map(|(first, steps)| Path::parse(&format!("{first}{}", steps.concat())).unwrap())
}

fn any_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any_path(), any_value()).prop_map(|(path, value)| Edit::Set(path, value.to_string())),
        any_path().prop_map(Edit::Remove),
        (any_path(), any_name()).prop_map(|(path, name)| Edit::Rename(path, name)),
        (any_path(), prop::sample::select(vec![None, Some("x+"), Some("4")])).prop_map(
            |(path, pattern)| Edit::Redact(Redaction {
                paths: vec![path],
                patterns: pattern.iter().map(|it| Pattern::compile(it).unwrap()).collect(),
                with: "[\"]".into(),
            })
        ),
    ]
}

fn root_of(edit: &Edit) -> &str {
    let path = match edit {
        Edit::Set(path, _) | Edit::Remove(path) | Edit::Rename(path, _) => path,
        Edit::Redact(redaction) => &redaction.paths[0],
    };
    path.root().unwrap()
}

/// The members that an edit does not name, to the letter.
fn others(payload: &str, edit: &Edit) -> Vec<(String, String)> {
    let members = Members::of(payload).unwrap();
    let members = members.map(|(key, value)| (key.into_owned(), value.to_owned()));
    let new_name = match edit {
        Edit::Rename(_, name) => name,
        _ => "",
    };
    members.filter(|(key, _)| key != root_of(edit) && key != new_name).collect()
}

/// Whether an edit is about what is at these steps, or above or below it.
fn concerns(edit: &Edit, at: &[&str]) -> bool {
    let (path, new_name) = match edit {
        Edit::Set(path, _) | Edit::Remove(path) => (path, None),
        Edit::Rename(path, name) => (path, Some(name.as_str())),
        Edit::Redact(redaction) => (&redaction.paths[0], None),
    };
    let last = path.steps().len() - 1;
    path.steps().iter().zip(at).enumerate().all(|(place, (step, at))| match step {
        Step::Member(name) => {
            name == at || place == last && new_name.is_some_and(|name| name == *at)
        }
        // Items behind one that goes away have another place then.
        Step::AnyMember | Step::Item(_) | Step::AnyItem => true,
    })
}

/// The texts of all values below an object that an edit is not about, with the steps that lead there.
/// Items of lists are met together with their lists.
fn untouched(payload: &str, edit: &Edit) -> Vec<(Vec<String>, String)> {
    let (mut found, mut open) = (Vec::new(), vec![(Vec::new(), payload.to_owned())]);
    while let Some((at, text)) = open.pop() {
        for (key, value) in Members::of(&text).into_iter().flatten() {
            let at: Vec<String> = [&at[..], &[key.into_owned()]].concat();
            let steps: Vec<&str> = at.iter().map(String::as_str).collect();
            if !concerns(edit, &steps) {
                found.push((at.clone(), value.to_owned()));
            }
            open.push((at, value.to_owned()));
        }
    }
    found.sort();
    found
}

/// Rules with some of the things that the index looks at.
fn any_rules() -> impl Strategy<Value = String> {
    let names = ["a", "b", "ab", "a*", "*b", "ab*", "[ab]c", "?", "*"];
    let one = (
        prop::sample::subsequence(names.to_vec(), 0..3),
        prop::sample::select(vec![
            "",
            "method: tools/call",
            "method: 'tools/*'",
            "method: [prompts/get, tools/call]",
            "method: 'x/*'",
            "method: x/y",
            "phase: response",
            "arguments: {a: 1}",
            "arguments: {a: {not: {gt: 1}}}",
            "principal: ann",
        ]),
        prop::sample::select(vec!["allow: true", "deny: true", "tag: t", "ask: 'Yes?'"]),
    );
    prop::collection::vec(one, 0..12).prop_map(|rules| {
        let mut text = String::from("rules:\n  - {name: first, mode: audit, tag: t}\n");
        for (number, (names, other, action)) in rules.iter().enumerate() {
            let names: Vec<_> = names.iter().map(|it| format!("'{it}'")).collect();
            let has_tool = !names.is_empty() && !other.contains("x/");
            let tool = match has_tool {
                true => format!("tool: [{}]", names.join(", ")),
                false => String::new(),
            };
            let comma = if tool.is_empty() || other.is_empty() { "" } else { ", " };
            let block = format!("{{{tool}{comma}{other}}}");
            let block = if block == "{}" { String::new() } else { format!(", match: {block}") };
            // Without conditions nothing behind it would be reached.
            let is_open = tool.is_empty() && matches!(*other, "" | "phase: response");
            let when = if is_open { ", when: item != 'q'" } else { "" };
            text.push_str(&format!("  - {{name: r{number}{block}{when}, {action}}}\n"));
        }
        text
    })
}

/// A tree of the words of files of rules, which are hardly ever where they belong.
fn any_tree() -> impl Strategy<Value = Value> {
    let words = "name match unless when tool prompt resource method arguments params result phase \
        annotations scopes eq in prefix glob regex gt lt exists size under not allow deny route ask \
        fault redact paths patterns with set remove rename rate_limit limit per key concurrency delay \
        call tag log level message code timeout sets rules tests given expect after answers";
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    let texts = "tools/call x* $a a.b[0] a..b [ ( \\\\d+ response request 1m principal admin /srv size(item)>1 \
        params.a.all(i,i==1) deny allow ~";
    let texts: Vec<String> = texts.split_whitespace().map(str::to_owned).collect();
    let leaf = prop_oneof![
        prop::sample::select(texts).prop_map(Value::from),
        (-3..9_i64).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let word = prop::sample::select(words.clone());
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::vec((word, inner), 0..6)
                .prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// The rules that are about a message, found without the index.
fn held_by_all(set: &RuleSet, subject: &Subject<'_>) -> Vec<u32> {
    let item = View::item_of(subject);
    let subject = Subject { item: item.as_deref(), ..*subject };
    let view = View::new(&subject, subject.payload);
    let held = set
        .rules
        .iter()
        .zip(0..)
        .filter(|(rule, _)| rule.phase == subject.phase && rule.holds(&view) == Ok(Truth::Yes));
    held.map(|(_, number)| number).collect()
}

/// The rules that are about a message, found with the index.
fn held_by_index(set: &RuleSet, subject: &Subject<'_>) -> Vec<u32> {
    let item = View::item_of(subject);
    let subject = Subject { item: item.as_deref(), ..*subject };
    let view = View::new(&subject, subject.payload);
    let candidates = set.index.candidates(subject.phase, subject.method);
    let numbers = std::iter::successors(candidates.next(0, subject.item), |it| {
        candidates.next(it + 1, subject.item)
    });
    numbers.filter(|it| set.rule(*it).unwrap().holds(&view) == Ok(Truth::Yes)).collect()
}

proptest! {
    #[test]
    fn edits_leave_all_else_to_the_letter(payload in any_payload(), edit in any_edit()) {
        let before = others(&payload, &edit);
        let after = edit.apply(&payload, Phase::Response);
        let after = after.unwrap_or_default().unwrap_or(payload);
        prop_assert!(Json::parse(&after).is_some(), "{}", after);
        prop_assert_eq!(others(&after, &edit), before);
    }

    #[test]
    fn members_that_no_edit_names_survive_all_of_them_at_every_depth(
        payload in any_payload(),
        edits in prop::collection::vec(any_edit(), 1..5),
    ) {
        let mut payload = payload;
        for edit in &edits {
            let before = untouched(&payload, edit);
            let edited = edit.apply(&payload, Phase::Request);
            payload = edited.unwrap_or_default().unwrap_or(payload);
            prop_assert!(Json::parse(&payload).is_some(), "{}", payload);
            prop_assert_eq!(untouched(&payload, edit), before, "{:?} made {}", edit, payload);
        }
    }

    #[test]
    fn no_spelling_of_a_denied_name_is_allowed(
        name in "[a-cé_/. 😀]{1,8}",
        escaped in prop::collection::vec(any::<bool>(), 8),
        extra in any_payload(),
    ) {
        let rules = format!("rules: [{{name: no, match: {{tool: {}}}, deny: true}}]", Value::from(name.as_str()));
        let set = compile(&rules);
        let mut spelt = String::new();
        for (one, is_escaped) in name.chars().zip(escaped) {
            match is_escaped {
                true => one.encode_utf16(&mut [0; 2]).iter().for_each(|it| spelt.push_str(&format!("\\u{it:04X}"))),
                false => spelt.push(one),
            }
        }
        let params = format!("{{\"arguments\":{extra},\"name\" : \"{spelt}\"}}");
        prop_assert_eq!(run(&set, &call(&params), &[]).decision.as_str(), "deny", "{}", params);
        let named = Subject { item: Some(&name), ..call("") };
        prop_assert!(set.hides(&named));
        let listed = format!("{{\"tools\":[{{\"name\":\"{spelt}\"}},{{\"name\":\"other\"}}]}}");
        let list = Subject { method: "tools/list", ..Subject::default() };
        prop_assert_eq!(set.visible(&list, &listed).unwrap(), r#"{"tools":[{"name":"other"}]}"#);
    }

    #[test]
    fn edits_do_what_they_say(payload in any_payload(), edit in any_edit()) {
        let Ok(after) = edit.apply(&payload, Phase::Response) else { return Ok(()) };
        let after = after.unwrap_or(payload);
        match &edit {
            Edit::Set(path, value) => {
                let found = path.values(&after, Twice::All).unwrap();
                let are_names = path.steps().iter().all(|it| matches!(it, Step::Member(_)));
                prop_assert!(!are_names || !found.is_empty(), "{path} in {after}");
                prop_assert!(found.iter().all(|it| it == value), "{path} in {after}");
            }
            Edit::Remove(path) if !matches!(path.steps().last(), Some(Step::Item(_) | Step::AnyItem)) => {
                prop_assert_eq!(path.values(&after, Twice::All).unwrap(), Vec::<&str>::new());
            }
            Edit::Redact(redaction) if redaction.patterns.is_empty() => {
                let found = redaction.paths[0].values(&after, Twice::All).unwrap();
                prop_assert!(found.iter().all(|it| *it == r#""[\"]""#), "{after}");
            }
            _ => {}
        }
    }

    #[test]
    fn redaction_of_everything_leaves_nothing_that_matches(payload in any_payload()) {
        let patterns = vec![Pattern::compile("x+").unwrap()];
        let edit = Edit::Redact(Redaction { paths: Vec::new(), patterns, with: "-".into() });
        let after = edit.apply(&payload, Phase::Request).unwrap().unwrap_or(payload);
        prop_assert!(Json::parse(&after).is_some());
        prop_assert!(!after.contains('x'), "{}", after);
    }

    #[test]
    fn index_finds_what_a_look_at_all_rules_finds(
        rules in any_rules(),
        name in "[abcd]{1,3}",
        method in prop::sample::select(vec!["tools/call", "prompts/get", "x/y", "x/z", "y", "tools/list"]),
        is_response in any::<bool>(),
        a in 0..3,
    ) {
        let set = compile(&rules);
        let params = format!(r#"{{"name":"{name}","arguments":{{"a":{a}}}}}"#);
        let subject = Subject { method, principal: Some("ann"), ..call(&params) };
        let subject = match is_response {
            true => Subject { phase: Phase::Response, request: Some(&params), ..subject },
            false => subject,
        };
        prop_assert_eq!(held_by_index(&set, &subject), held_by_all(&set, &subject));
    }

    #[test]
    fn nothing_becomes_of_messages_that_are_of_no_concern(
        rules in any_rules(),
        name in "[abcd]{1,3}",
        method in prop::sample::select(vec![
            "tools/call", "prompts/get", "x/y", "x/z", "tools/list", "prompts/list", "completion/complete",
            "notifications/message", "ping",
        ]),
        is_response in any::<bool>(),
        is_denied_by_default in any::<bool>(),
    ) {
        let default = if is_denied_by_default { "deny" } else { "allow" };
        let text = format!("version: 1\ndefault: {default}\n{rules}");
        let set = RuleSet::compile("r.yaml", &text).unwrap();
        let phase = if is_response { Phase::Response } else { Phase::Request };
        if set.concerns(method, phase) {
            return Ok(());
        }
        let text = format!(
            r#"{{"name":"{name}","arguments":{{"a":1}},"ref":{{"type":"ref/prompt","name":"{name}"}},"tools":[{{"name":"{name}"}}],"prompts":[{{"name":"{name}"}}]}}"#
        );
        let subject = Subject { method, phase, principal: Some("ann"), request: Some(&text), ..call(&text) };
        prop_assert_eq!(run(&set, &subject, &[]), crate::Verdict::default());
        prop_assert!(!is_response || set.visible(&subject, &text).is_none());
    }

    #[test]
    fn arguments_that_are_known_are_judged_as_those_that_are_read(
        rules in any_rules(),
        name in "[abcd]{1,3}",
        a in 0..3,
    ) {
        let set = compile(&rules);
        let arguments = format!(r#"{{"a":{a}}}"#);
        let params = format!(r#"{{"name":"{name}","arguments":{arguments}}}"#);
        let read = call(&params);
        let known = Subject { item: Some(&name), arguments: Some(&arguments), ..read };
        let pass = vec![crate::Answer::Pass; 16];
        prop_assert_eq!(run(&set, &known, &pass), run(&set, &read, &pass));
    }

    #[test]
    fn what_is_hidden_is_denied_with_any_arguments(
        rules in any_rules(),
        name in "[abcd]{1,3}",
        a in 0..3,
        is_denied_by_default in any::<bool>(),
    ) {
        let default = if is_denied_by_default { "deny" } else { "allow" };
        let text = format!("version: 1\ndefault: {default}\n{rules}");
        let set = RuleSet::compile("r.yaml", &text).unwrap();
        let subject = Subject { item: Some(&name), ..call("") };
        let params = format!(r#"{{"name":"{name}","arguments":{{"a":{a}}}}}"#);
        let pass = vec![crate::Answer::Pass; 16];
        let decision = run(&set, &call(&params), &pass).decision;
        if set.hides(&subject) {
            prop_assert_eq!(decision.as_str(), "deny");
        }
    }

    #[test]
    fn any_tree_is_rules_or_problems(rules in prop::collection::vec(any_tree(), 0..4), rest in any_tree()) {
        let mut root = rest.as_object().cloned().unwrap_or_default();
        root.extend([
            ("version".to_owned(), 1.into()),
            ("default".to_owned(), "deny".into()),
            ("rules".to_owned(), rules.into()),
        ]);
        let text = Value::from(root).to_string();
        match RuleSet::compile("r.json", &text) {
            Ok(set) => drop((set.run_tests(), run(&set, &call("{\"name\":\"x\"}"), &vec![crate::Answer::Pass; 40]))),
            Err(problems) => prop_assert!(!problems.as_slice().is_empty()),
        }
    }

    #[test]
    fn any_text_is_rules_or_problems(text in "\\PC{0,200}") {
        drop(RuleSet::compile("r.yaml", &text));
        drop(RuleSet::compile("r.yaml", &format!("version: 1\ndefault: allow\nrules:\n  - {text}")));
    }
}
