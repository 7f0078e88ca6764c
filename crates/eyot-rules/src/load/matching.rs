//! `match` and `unless`: which messages a rule is about.

use eyot_document::{Node, Position, shown_name};
use eyot_types::{Era, Method};

use super::named::Definitions;
use super::reader::{Fields, Reader, one_or_many};
use super::wanted;
use crate::condition::{Condition, Field};
use crate::glob::{Glob, Globs};
use crate::path::Path;
use crate::rule::Concern;
use crate::rule_set::is_of_the_protocol;
use crate::subject::{Direction, Phase, Transport};
use crate::suggestion::did_you_mean;
use crate::view::{ItemKind, Source};

/// What a block says.
#[derive(Default)]
pub(super) struct Matching {
    pub(super) concern: Concern,
    pub(super) conditions: Vec<Condition>,
    /// The phase that it says or needs.
    pub(super) phase: Option<Phase>,
    /// The servers that it names.
    pub(super) servers: Option<Globs>,
}

/// Reads a block.
pub(super) fn read(reader: &mut Reader, definitions: &Definitions, node: &Node) -> Matching {
    let mut matching = Matching::default();
    let Some(mut fields) = reader.fields("`match`", node) else { return matching };
    methods_and_items(reader, definitions, &mut fields, &mut matching);
    known_texts(reader, definitions, &mut fields, &mut matching);
    words(reader, &mut fields, &mut matching);
    phase(reader, &mut fields, &mut matching);
    for (key, source) in [
        ("annotations", Source::Annotations),
        ("params", Source::Params),
        ("arguments", Source::Params),
        ("result", Source::Result),
    ] {
        if let Some(member) = fields.take(key) {
            values(reader, definitions, (key, source, &member.node), &mut matching);
        }
    }
    fields.finish(reader, "what rules match");
    restrict(reader, node, &mut matching);
    matching
}

fn methods_and_items(
    reader: &mut Reader,
    definitions: &Definitions,
    fields: &mut Fields<'_>,
    matching: &mut Matching,
) {
    if let Some(node) = fields.value("method") {
        let globs = definitions.globs(reader, "`method`", node);
        for glob in globs.iter() {
            check_method(reader, glob, node.at);
        }
        matching.concern.methods = Some(globs);
    }
    let mut kinds = Vec::new();
    for (key, kind) in
        [("tool", ItemKind::Tool), ("prompt", ItemKind::Prompt), ("resource", ItemKind::Resource)]
    {
        if let Some(member) = fields.take(key) {
            let globs = definitions.globs(reader, &format!("`{key}`"), &member.node);
            kinds.push((kind, globs, member.at));
        }
    }
    if let [_, (kind, _, at), ..] = kinds.as_slice() {
        let kind = kind.as_str();
        reader.error(*at, format!("it can never hold: no message is about a {kind} and another"));
    }
    if let Some((kind, globs, at)) = kinds.into_iter().next() {
        narrow(reader, matching, kind.methods(), (kind.as_str(), at));
        matching.conditions.push(Condition::Text(Field::Item(kind.as_str()), globs.clone()));
        matching.concern.items = Some(globs);
    }
}

/// Lets only these methods be matched, because only they have what is asked for.
fn narrow(
    reader: &mut Reader,
    matching: &mut Matching,
    methods: &[&str],
    (what, at): (&str, Position),
) {
    let before = matching.concern.methods.take();
    let is_matched = |method: &str| before.as_ref().is_none_or(|it| it.matches(method));
    let kept = methods.iter().filter(|it| is_matched(it));
    let kept: Globs = kept.filter_map(|it| Glob::parse(it).ok()).collect();
    if kept.iter().next().is_none() {
        let methods = methods.join(", ");
        reader.error(at, format!("it can never hold: only {methods} have `{what}`"));
    }
    matching.concern.methods = Some(kept);
}

/// What blocks that read a part of a message need of its method.
fn restrict(reader: &mut Reader, node: &Node, matching: &mut Matching) {
    if let Some(member) = node.members().iter().find(|it| it.key == "arguments") {
        narrow(reader, matching, &["tools/call", "prompts/get"], ("arguments", member.at));
    }
    if let Some(member) = node.members().iter().find(|it| it.key == "annotations") {
        narrow(reader, matching, &["tools/call"], ("annotations", member.at));
    }
    let methods = matching.concern.methods.iter().flat_map(Globs::iter);
    let mut methods = methods.map(Glob::as_str).peekable();
    if matching.phase == Some(Phase::Response)
        && methods.peek().is_some()
        && methods.all(|it| it.starts_with("notifications/"))
    {
        reader.error(node.at, "it can never hold: a notification has no result");
    }
    if let Some(globs) = &matching.concern.methods {
        matching.conditions.insert(0, Condition::Text(Field::Method, globs.clone()));
    }
}

fn check_method(reader: &mut Reader, glob: &Glob, at: Position) {
    let known = || Method::KNOWN.iter().map(|it| it.as_str());
    let name = glob.as_str();
    if known().any(|it| glob.matches(it) && !is_of_the_protocol(it)) {
        return;
    }
    if glob.exact().is_none() {
        let space = name.split('/').next().unwrap_or_default();
        let spaces = known().filter_map(|it| it.split('/').next());
        let hint = did_you_mean(space, spaces);
        if !hint.is_empty() {
            let name = shown_name(name);
            reader.error(at, format!("it can never hold: no method is like `{name}`{hint}"));
        }
        return;
    }
    if is_of_the_protocol(name) {
        let message = format!(
            "it can never hold: `{name}` is of the protocol itself, and no matter of rules"
        );
        reader.error(at, message);
        return;
    }
    // Methods of extensions are not known here.
    let hint = did_you_mean(name, known());
    if !hint.is_empty() {
        reader.error(at, format!("there is no method `{}`{hint}", shown_name(name)));
    }
}

fn known_texts(
    reader: &mut Reader,
    definitions: &Definitions,
    fields: &mut Fields<'_>,
    matching: &mut Matching,
) {
    for (key, field) in [
        ("server", Field::Server),
        ("session", Field::Session),
        ("principal", Field::Principal),
        ("scopes", Field::Scope),
        ("client", Field::Client),
        ("client_version", Field::ClientVersion),
        ("remote", Field::Remote),
    ] {
        let Some(node) = fields.value(key) else { continue };
        let globs = definitions.globs(reader, &format!("`{key}`"), node);
        if field == Field::Server {
            matching.servers = Some(globs.clone());
        }
        matching.conditions.push(Condition::Text(field, globs));
    }
}

fn words(reader: &mut Reader, fields: &mut Fields<'_>, matching: &mut Matching) {
    if let Some(node) = fields.value("direction") {
        let directions = [Direction::ToServer, Direction::ToClient].map(|it| (it.as_str(), it));
        let direction = reader.word("`direction`", node, &directions);
        matching.conditions.extend(direction.map(Condition::Direction));
    }
    if let Some(node) = fields.value("era") {
        let words = [Era::Legacy, Era::Modern].map(|it| (it.as_str(), it));
        let eras = one_or_many(node).iter().filter_map(|it| reader.word("`era`", it, &words));
        matching.conditions.push(Condition::Eras(eras.collect()));
    }
    if let Some(node) = fields.value("transport") {
        let words = [
            Transport::Stdio,
            Transport::Http,
            Transport::Sse,
            Transport::WebSocket,
            Transport::Pipe,
        ]
        .map(|it| (it.as_str(), it));
        let nodes = one_or_many(node).iter();
        let transports = nodes.filter_map(|it| reader.word("`transport`", it, &words));
        matching.conditions.push(Condition::Transports(transports.collect()));
    }
}

fn phase(reader: &mut Reader, fields: &mut Fields<'_>, matching: &mut Matching) {
    let words = [Phase::Request, Phase::Response].map(|it| (it.as_str(), it));
    let said = fields.value("phase").map(|it| (reader.word("`phase`", it, &words), it.at));
    let needs_result = fields.take("result").is_some();
    matching.phase = match said {
        Some((Some(Phase::Request), at)) if needs_result => {
            reader.error(at, "it can never hold: a request has no `result`");
            None
        }
        Some((phase, _)) => phase,
        None => needs_result.then_some(Phase::Response),
    };
}

fn values(
    reader: &mut Reader,
    definitions: &Definitions,
    (key, source, node): (&str, Source, &Node),
    matching: &mut Matching,
) {
    if reader.fields(&format!("`{key}`"), node).is_none() {
        return;
    }
    if node.members().is_empty() {
        reader.error(node.at, format!("`{key}` is empty: name a place in it, or leave it out"));
    }
    for member in node.members() {
        let path = Path::parse(&member.key).map_err(|it| format!("in a path: {it}"));
        let Some(path) = reader.ok(member.at, path) else { continue };
        let path = if key == "arguments" { path.below("arguments") } else { path };
        let wanted = wanted::read(reader, definitions, &member.node);
        matching.conditions.push(Condition::Value(source, path, wanted));
    }
}
