//! `tests`: what is given, and what is expected.

use eyot_document::{Member, Node, Position, Value, shown_name};
use eyot_types::Era;

use super::named::Definitions;
use super::reader::{Fields, Reader, one_or_many};
use super::wanted;
use crate::demand::Answer;
use crate::json;
use crate::path::Path;
use crate::rule::Rule;
use crate::subject::{Direction, Phase, Transport};
use crate::suggestion::did_you_mean;
use crate::test_case::{Expected, Given, Test};
use crate::view::ItemKind;

/// Reads the list of tests.
pub(super) fn read(reader: &mut Reader, node: &Node, rules: &[Rule]) -> Vec<Test> {
    let nodes = reader.list("`tests`", node).unwrap_or_default();
    let mut tests: Vec<Test> = Vec::new();
    for node in nodes {
        let Some(test) = test(reader, node, rules) else { continue };
        if let Some(first) = tests.iter().find(|it| it.name == test.name) {
            let (name, line) = (shown_name(&test.name), first.line);
            reader.error(node.at, format!("another test has the name `{name}`, in line {line}"));
        }
        tests.push(test);
    }
    tests
}

fn test(reader: &mut Reader, node: &Node, rules: &[Rule]) -> Option<Test> {
    let mut fields = reader.fields("a test", node)?;
    let name = fields.value("name").and_then(|it| reader.text("`name`", it));
    let (given, expect) = (fields.value("given"), fields.value("expect"));
    fields.finish(reader, "a test");
    let (Some(name), Some(given), Some(expect)) = (name, given, expect) else {
        reader.error(node.at, "a test has a `name`, what is `given`, and what to `expect`");
        return None;
    };
    let given = self::given(reader, given, rules)?;
    let expected = expected(reader, expect, rules)?;
    Some(Test { name: name.to_owned(), line: node.at.line, given, expected })
}

fn given(reader: &mut Reader, node: &Node, rules: &[Rule]) -> Option<Given> {
    let mut fields = reader.fields("`given`", node)?;
    let mut given = Given::default();
    let item = item(reader, &mut fields);
    let method = fields.value("method").and_then(|it| reader.text("`method`", it));
    given.method = match (method, &item) {
        (Some(method), _) => method.to_owned(),
        (None, Some((kind, _))) => kind.methods().first().copied().unwrap_or_default().to_owned(),
        (None, None) => {
            reader.error(node.at, "`given` has no `method`, `tool`, `prompt` or `resource`");
            return None;
        }
    };
    let params = params(reader, &mut fields, item.as_ref());
    let result = fields.value("result").and_then(|it| json(reader, it));
    given.item = item.map(|it| it.1);
    if let Some(result) = result {
        given.phase = Phase::Response;
        given.payload = Some(result);
        given.request = params;
    } else {
        given.payload = params;
    }
    texts(reader, &mut fields, &mut given);
    words(reader, &mut fields, &mut given);
    if let Some(node) = fields.value("answers") {
        answers(reader, node, rules, &mut given.answers);
    }
    fields.finish(reader, "`given`");
    Some(given)
}

fn item(reader: &mut Reader, fields: &mut Fields<'_>) -> Option<(ItemKind, String)> {
    let mut item = None;
    for (key, kind) in
        [("tool", ItemKind::Tool), ("prompt", ItemKind::Prompt), ("resource", ItemKind::Resource)]
    {
        if let Some(node) = fields.value(key) {
            item = reader.text(&format!("`{key}`"), node).map(|it| (kind, it.to_owned()));
        }
    }
    item
}

/// The parameters: written out, or made of the item and its arguments.
fn params(
    reader: &mut Reader,
    fields: &mut Fields<'_>,
    item: Option<&(ItemKind, String)>,
) -> Option<String> {
    let arguments = fields.value("arguments").and_then(|it| json(reader, it));
    if let Some(member) = fields.take("params") {
        if arguments.is_some() {
            reader.error(member.at, "`params` has the arguments in it: leave `arguments` out");
        }
        return json(reader, &member.node);
    }
    let (kind, name) = item?;
    let mut params = format!("{{\"{}\":{}", kind.member(), json::quoted(name));
    if let Some(arguments) = arguments {
        params.push_str(",\"arguments\":");
        params.push_str(&arguments);
    }
    params.push('}');
    Some(params)
}

fn json(reader: &mut Reader, node: &Node) -> Option<String> {
    json::of_node(node).map_err(|(at, message)| reader.error(at, message)).ok()
}

fn texts(reader: &mut Reader, fields: &mut Fields<'_>, given: &mut Given) {
    let mut text = |key: &'static str| {
        let node = fields.value(key)?;
        reader.text(&format!("`{key}`"), node).map(str::to_owned)
    };
    given.server = text("server");
    given.session = text("session");
    given.principal = text("principal");
    given.client = text("client");
    given.client_version = text("client_version");
    given.remote = text("remote");
    if let Some(node) = fields.value("scopes") {
        let scopes = one_or_many(node).iter().filter_map(|it| reader.text("`scopes`", it));
        given.scopes = Some(scopes.map(Into::into).collect());
    }
    given.annotations = fields.value("annotations").and_then(|it| json(reader, it));
}

fn words(reader: &mut Reader, fields: &mut Fields<'_>, given: &mut Given) {
    let directions = [Direction::ToServer, Direction::ToClient].map(|it| (it.as_str(), it));
    if let Some(node) = fields.value("direction") {
        given.direction = reader.word("`direction`", node, &directions).unwrap_or_default();
    }
    let eras = [Era::Legacy, Era::Modern].map(|it| (it.as_str(), it));
    given.era = fields.value("era").and_then(|it| reader.word("`era`", it, &eras));
    let transports =
        [Transport::Stdio, Transport::Http, Transport::Sse, Transport::WebSocket, Transport::Pipe]
            .map(|it| (it.as_str(), it));
    given.transport =
        fields.value("transport").and_then(|it| reader.word("`transport`", it, &transports));
}

fn answers(reader: &mut Reader, node: &Node, rules: &[Rule], answers: &mut Vec<(String, Answer)>) {
    if reader.fields("`answers`", node).is_none() {
        return;
    }
    for member in node.members() {
        check_rule(reader, &member.key, member.at, rules);
        let answer = match &member.node.value {
            Value::Map(_) => answer_with_more(reader, &member.node),
            _ => match reader.text("an answer", &member.node) {
                Some("pass") => Some(Answer::Pass),
                Some("refuse") => Some(Answer::Refuse(String::new())),
                Some("fail") => Some(Answer::Fail("the test says so".to_owned())),
                Some(_) => {
                    reader.error(member.node.at, ANSWERS);
                    None
                }
                None => None,
            },
        };
        answers.extend(answer.map(|it| (member.key.clone(), it)));
    }
}

/// An answer with a reason or a payload.
fn answer_with_more(reader: &mut Reader, node: &Node) -> Option<Answer> {
    let [Member { key, node: more, .. }] = node.members() else {
        reader.error(node.at, ANSWERS);
        return None;
    };
    match key.as_str() {
        "replace" => json(reader, more).map(Answer::Replace),
        "refuse" => reader.text("`refuse`", more).map(|it| Answer::Refuse(it.to_owned())),
        "fail" => reader.text("`fail`", more).map(|it| Answer::Fail(it.to_owned())),
        _ => {
            reader.error(node.at, ANSWERS);
            None
        }
    }
}

fn check_rule(reader: &mut Reader, name: &str, at: Position, rules: &[Rule]) {
    if !rules.iter().any(|it| &*it.name == name) {
        let hint = did_you_mean(name, rules.iter().map(|it| &*it.name));
        reader.error(at, format!("there is no rule `{}`{hint}", shown_name(name)));
    }
}

fn expected(reader: &mut Reader, node: &Node, rules: &[Rule]) -> Option<Expected> {
    let mut fields = reader.fields("`expect`", node)?;
    let mut expected = Expected::default();
    let decisions = ["allow", "deny", "route", "fault"].map(|it| (it, it));
    if let Some(node) = fields.value("decision") {
        expected.decision = reader.word("`decision`", node, &decisions).map(str::to_owned);
    }
    if let Some(node) = fields.value("rule") {
        expected.rule = match &node.value {
            Value::Null => Some(None),
            _ => reader.text("`rule`", node).map(|it| Some(it.to_owned())),
        };
        if let Some(Some(rule)) = &expected.rule {
            check_rule(reader, rule, node.at, rules);
        }
    }
    if let Some(node) = fields.value("code") {
        expected.code = reader.text("`code`", node).and_then(|it| it.parse().ok());
    }
    let mut text = |key: &'static str| {
        let node = fields.value(key)?;
        reader.text(&format!("`{key}`"), node).map(str::to_owned)
    };
    expected.message = text("message");
    expected.route = text("route");
    expected.changed = fields.value("changed").and_then(|it| reader.bool("`changed`", it));
    expected.hidden = fields.value("hidden").and_then(|it| reader.bool("`hidden`", it));
    lists(reader, &mut fields, rules, &mut expected);
    if let Some(node) = fields.value("costs") {
        expected.costs = costs(reader, node, rules);
    }
    if let Some(node) = fields.value("after") {
        after(reader, node, &mut expected.after);
    }
    fields.finish(reader, "`expect`");
    Some(expected)
}

fn lists(reader: &mut Reader, fields: &mut Fields<'_>, rules: &[Rule], expected: &mut Expected) {
    let mut list = |reader: &mut Reader, key: &'static str, are_rules: bool| {
        let nodes = one_or_many(fields.value(key)?);
        let mut texts = Vec::new();
        for node in nodes {
            let Some(text) = reader.text(&format!("`{key}`"), node) else { continue };
            if are_rules && text != "default" {
                check_rule(reader, text, node.at, rules);
            }
            texts.push(text.to_owned());
        }
        Some(texts)
    };
    expected.tags = list(reader, "tags", false);
    expected.demands = list(reader, "demands", false);
    expected.audits = list(reader, "audit", true);
    expected.failures = list(reader, "failed", true);
}

/// What rules count, by their names.
fn costs(reader: &mut Reader, node: &Node, rules: &[Rule]) -> Option<Vec<(String, String)>> {
    reader.fields("`costs`", node)?;
    let mut costs = Vec::new();
    for member in node.members() {
        check_rule(reader, &member.key, member.at, rules);
        let cost = reader.text("a cost", &member.node)?;
        costs.push((member.key.clone(), cost.to_owned()));
    }
    Some(costs)
}

fn after(reader: &mut Reader, node: &Node, after: &mut Vec<(Path, wanted::Wanted)>) {
    if reader.fields("`after`", node).is_none() {
        return;
    }
    for member in node.members() {
        let path = Path::parse(&member.key).map_err(|it| format!("in a path: {it}"));
        let Some(path) = reader.ok(member.at, path) else { continue };
        let wanted = wanted::read(reader, &Definitions::default(), &member.node);
        after.push((path, wanted));
    }
}

const ANSWERS: &str =
    "an answer is `pass`, `refuse`, `fail`, `refuse: reason`, `fail: reason` or `replace: {…}`";
