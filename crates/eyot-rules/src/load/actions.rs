//! What rules do.

use eyot_document::{Member, Node, Position, Value, shown_name};
use eyot_types::codes::{DENIED, INTERNAL_ERROR, is_json_rpc_reserved, is_spec_reserved};

use super::named::Definitions;
use super::price;
use super::reader::{Fields, Reader, one_or_many};
use crate::action::{Edit, KeyPart, LogAction, LogLevel, Redaction, Refusal, Step, Terminal};
use crate::edit::is_protocol;
use crate::json;
use crate::path::{self, Path};
use crate::price::Price;
use crate::principals::Principals;
use crate::subject::Phase;
use crate::verdict::NOT_ALLOWED;

/// What a rule does.
#[derive(Default)]
pub(super) struct Actions {
    pub(super) terminal: Option<Terminal>,
    pub(super) steps: Vec<Step>,
    pub(super) tags: Vec<Box<str>>,
    pub(super) log: Option<LogAction>,
}

/// Reads the actions of a rule.
pub(super) fn read(
    reader: &mut Reader,
    definitions: &Definitions,
    fields: &mut Fields<'_>,
    (node, phase): (&Node, Phase),
) -> Actions {
    let terminals: Vec<_> = TERMINALS.into_iter().filter_map(|it| fields.take(it)).collect();
    let mut steps: Vec<_> = STEPS.into_iter().filter_map(|it| fields.take(it)).collect();
    // What is done is done in the order of the file.
    steps.sort_by_key(|it| it.at);
    let tags = fields.value("tag").map(|it| reader.texts("`tag`", it)).unwrap_or_default();
    let log = fields.value("log").and_then(|it| log(reader, it));
    if let [one, other, ..] = terminals.as_slice() {
        let (one, key) = (&one.key, &other.key);
        reader.error(other.at, format!("a rule decides once: `{one}` or `{key}`"));
    }
    if let (Some(terminal), Some(step)) = (terminals.first(), steps.first()) {
        let (terminal, key) = (&terminal.key, &step.key);
        let message = format!("`{key}` does not go with `{terminal}`: make a rule before it");
        reader.error(step.at, message);
    }
    if terminals.is_empty() && steps.is_empty() && tags.is_empty() && log.is_none() {
        reader.error(node.at, "the rule does nothing: say `allow`, `deny` or another action");
    }
    let mut actions = Actions {
        terminal: None,
        steps: Vec::new(),
        tags: tags.into_iter().map(|(text, _)| text.into()).collect(),
        log,
    };
    for member in terminals {
        actions.terminal = terminal(reader, definitions, member);
    }
    for member in steps {
        step(reader, definitions, (member, phase), &mut actions.steps);
    }
    actions
}

fn terminal(reader: &mut Reader, definitions: &Definitions, member: &Member) -> Option<Terminal> {
    let node = &member.node;
    match member.key.as_str() {
        "allow" => {
            let is_plain = match &node.value {
                Value::Bool(is_true) => *is_true,
                Value::Map(members) => members.is_empty(),
                _ => false,
            };
            if !is_plain {
                reader.error(node.at, "write `allow: true`");
            }
            Some(Terminal::Allow)
        }
        "deny" => Some(Terminal::Deny(refusal(reader, node, (DENIED, NOT_ALLOWED)))),
        "fault" => {
            Some(Terminal::Fault(refusal(reader, node, (INTERNAL_ERROR, "a fault, as asked for"))))
        }
        "route" => {
            let to = reader.text("`route`", node)?;
            Some(Terminal::Route { to: to.into(), at: node.at })
        }
        _ => ask(reader, definitions, node),
    }
}

/// An error for the peer: `true`, a message, or a map.
fn refusal(reader: &mut Reader, node: &Node, (code, message): (i64, &str)) -> Refusal {
    let mut refusal = Refusal { code, message: message.into() };
    match &node.value {
        Value::Bool(true) => {}
        Value::Text(text) => refusal.message = text.as_str().into(),
        _ => {
            let Some(mut fields) = reader.fields("an error", node) else { return refusal };
            if let Some(node) = fields.value("message")
                && let Some(text) = reader.text("`message`", node)
            {
                refusal.message = text.into();
            }
            if let Some(node) = fields.value("code") {
                refusal.code = error_code(reader, node).unwrap_or(code);
            }
            fields.finish(reader, "an error");
        }
    }
    refusal
}

fn error_code(reader: &mut Reader, node: &Node) -> Option<i64> {
    let code = match &node.value {
        Value::Number(text) => text.parse::<i32>().ok().map(i64::from),
        _ => None,
    };
    let Some(code) = code else {
        reader.error(node.at, "`code` is a whole number, such as 1403");
        return None;
    };
    let is_standard = matches!(code, -32603..=-32600 | -32700);
    if is_spec_reserved(code) || is_json_rpc_reserved(code) && !is_standard {
        reader.error(node.at, "`code` is reserved: take one above 0, such as 1403");
        return None;
    }
    Some(code)
}

fn ask(reader: &mut Reader, definitions: &Definitions, node: &Node) -> Option<Terminal> {
    if let Value::Text(text) = &node.value {
        let message = text.as_str().into();
        return Some(Terminal::Ask { message, timeout: None, of: None, at: node.at });
    }
    let mut fields = reader.fields("`ask`", node)?;
    let message = match fields.value("message") {
        Some(node) => reader.text("`message`", node),
        None => {
            reader.error(node.at, "`ask` has no `message` for the person who is asked");
            None
        }
    };
    let timeout = fields.value("timeout").and_then(|it| reader.duration("`timeout`", it));
    let of = fields.value("principal").map(|it| definitions.globs(reader, "`principal`", it));
    fields.finish(reader, "`ask`");
    let of = of.map(Principals::new);
    Some(Terminal::Ask { message: message?.into(), timeout, of, at: node.at })
}

fn log(reader: &mut Reader, node: &Node) -> Option<LogAction> {
    if let Value::Text(text) = &node.value {
        return Some(LogAction { level: LogLevel::Info, message: text.as_str().into() });
    }
    let mut fields = reader.fields("`log`", node)?;
    let words = [("debug", LogLevel::Debug), ("info", LogLevel::Info), ("warn", LogLevel::Warn)];
    let level = fields.value("level").and_then(|it| reader.word("`level`", it, &words));
    let message = match fields.value("message") {
        Some(node) => reader.text("`message`", node),
        None => {
            reader.error(node.at, "`log` has no `message`");
            None
        }
    };
    fields.finish(reader, "`log`");
    Some(LogAction { level: level.unwrap_or_default(), message: message?.into() })
}

fn step(
    reader: &mut Reader,
    definitions: &Definitions,
    (member, phase): (&Member, Phase),
    steps: &mut Vec<Step>,
) {
    let node = &member.node;
    match member.key.as_str() {
        "rate_limit" => steps.extend(rate_limit(reader, definitions, (node, phase))),
        "concurrency" => steps.extend(concurrency(reader, node)),
        "delay" => steps.extend(reader.duration("`delay`", node).map(Step::Delay)),
        "call" => steps.extend(call(reader, node)),
        "redact" => steps.extend(redact(reader, definitions, (node, phase))),
        "remove" => {
            for (text, at) in reader.texts("`remove`", node) {
                let Some(path) = edited_path(reader, text, (at, phase)) else { continue };
                if matches!(path.steps().last(), Some(path::Step::Item(_) | path::Step::AnyItem)) {
                    reader.error(at, "an item of a list cannot be removed, only a member");
                } else {
                    steps.push(Step::Edit(Edit::Remove(path)));
                }
            }
        }
        key => edits(reader, (key, node, phase), steps),
    }
}

/// `set` and `rename`: a map from places to what becomes of them.
fn edits(reader: &mut Reader, (key, node, phase): (&str, &Node, Phase), steps: &mut Vec<Step>) {
    if reader.fields(&format!("`{key}`"), node).is_none() {
        return;
    }
    for member in node.members() {
        let Some(path) = edited_path(reader, &member.key, (member.at, phase)) else { continue };
        if key == "set" {
            match json::of_node(&member.node) {
                Ok(value) => steps.push(Step::Edit(Edit::Set(path, value))),
                Err((at, message)) => reader.error(at, message),
            }
        } else if let Some(name) = reader.text("a new name", &member.node) {
            if !matches!(path.steps().last(), Some(path::Step::Member(_))) {
                reader.error(member.at, "only a member that has a name can be renamed");
            } else if path.steps().len() == 1 && is_protocol(name, phase) {
                let message = format!("`{name}` belongs to the protocol: no member can become it");
                reader.error(member.node.at, message);
            } else {
                steps.push(Step::Edit(Edit::Rename(path, name.to_owned())));
            }
        }
    }
}

/// A path that may be changed.
fn edited_path(reader: &mut Reader, text: &str, (at, phase): (Position, Phase)) -> Option<Path> {
    let path = reader.ok(at, Path::parse(text).map_err(|it| format!("in a path: {it}")))?;
    match path.root() {
        Some(root) if is_protocol(root, phase) => {
            let root = shown_name(root);
            reader.error(at, format!("`{root}` belongs to the protocol: no rule can change it"));
            None
        }
        None => {
            reader.error(at, "a path begins with the name of a member, not with `*` or `[`");
            None
        }
        Some(_) => Some(path),
    }
}

fn redact(
    reader: &mut Reader,
    definitions: &Definitions,
    (node, phase): (&Node, Phase),
) -> Option<Step> {
    let mut fields = reader.fields("`redact`", node)?;
    let mut paths = Vec::new();
    if let Some(node) = fields.value("paths") {
        for (text, at) in reader.texts("`paths`", node) {
            paths.extend(edited_path(reader, text, (at, phase)));
        }
    }
    let mut patterns = Vec::new();
    if let Some(node) = fields.value("patterns") {
        patterns = definitions.patterns(reader, "`patterns`", node);
        if let Some(pattern) = patterns.iter().find(|it| it.is_in_all()) {
            let pattern = shown_name(pattern.as_str());
            let message =
                format!("`{pattern}` matches the empty text, so there is nothing to cover");
            reader.error(node.at, message);
        }
    }
    let with = fields.value("with").and_then(|it| reader.text("`with`", it));
    fields.finish(reader, "`redact`");
    if paths.is_empty() && patterns.is_empty() {
        reader.error(node.at, "`redact` has no `paths` and no `patterns`: say what is covered");
        return None;
    }
    let with = with.unwrap_or("[redacted]").into();
    Some(Step::Edit(Edit::Redact(Redaction { paths, patterns, with })))
}

fn rate_limit(
    reader: &mut Reader,
    definitions: &Definitions,
    (node, phase): (&Node, Phase),
) -> Option<Step> {
    let (mut fields, limit, key) = quota(reader, "`rate_limit`", node)?;
    let per = fields.value("per").map(|it| reader.duration("`per`", it));
    let cost = fields.value("cost");
    fields.finish(reader, "`rate_limit`");
    if per.is_none() {
        reader.error(node.at, "`rate_limit` has no `per`: say in which time, such as `1m`");
    }
    let (limit, per) = (limit?, per??);
    let price = cost.map(|it| price::read(reader, definitions, it, (limit, phase)));
    Some(Step::RateLimit { key, limit, per, price: price.unwrap_or(Some(Price::Units(1)))? })
}

fn concurrency(reader: &mut Reader, node: &Node) -> Option<Step> {
    let (fields, limit, key) = quota(reader, "`concurrency`", node)?;
    fields.finish(reader, "`concurrency`");
    Some(Step::Concurrency { key, limit: limit? })
}

/// What all quotas have: a limit, and a key.
fn quota<'n>(
    reader: &mut Reader,
    what: &str,
    node: &'n Node,
) -> Option<(Fields<'n>, Option<u64>, Vec<KeyPart>)> {
    let mut fields = reader.fields(what, node)?;
    let limit = match fields.value("limit") {
        Some(node) => {
            let limit = reader.count("`limit`", node);
            if limit == Some(0) {
                reader.error(node.at, "`limit` is 0, so all is refused: say `deny`");
            }
            limit
        }
        None => {
            reader.error(node.at, format!("{what} has no `limit`"));
            None
        }
    };
    let key = fields.value("key").map(|it| key(reader, it));
    Some((fields, limit, key.unwrap_or_else(|| vec![KeyPart::Principal])))
}

fn key(reader: &mut Reader, node: &Node) -> Vec<KeyPart> {
    let words = [
        ("principal", KeyPart::Principal),
        ("session", KeyPart::Session),
        ("client", KeyPart::Client),
        ("server", KeyPart::Server),
        ("method", KeyPart::Method),
        ("item", KeyPart::Item),
        ("remote", KeyPart::Remote),
    ];
    one_or_many(node).iter().filter_map(|it| reader.word("`key`", it, &words)).collect()
}

fn call(reader: &mut Reader, node: &Node) -> Option<Step> {
    if let Value::Text(text) = &node.value {
        return Some(Step::Call { interceptor: text.as_str().into(), timeout: None, at: node.at });
    }
    let mut fields = reader.fields("`call`", node)?;
    let interceptor = match fields.value("interceptor") {
        Some(node) => reader.text("`interceptor`", node).map(|it| (it, node.at)),
        None => {
            reader.error(node.at, "`call` has no `interceptor`");
            None
        }
    };
    let timeout = fields.value("timeout").and_then(|it| reader.duration("`timeout`", it));
    fields.finish(reader, "`call`");
    let (interceptor, at) = interceptor?;
    Some(Step::Call { interceptor: interceptor.into(), timeout, at })
}

const TERMINALS: [&str; 5] = ["allow", "deny", "route", "ask", "fault"];

const STEPS: [&str; 8] =
    ["redact", "set", "remove", "rename", "rate_limit", "concurrency", "delay", "call"];
