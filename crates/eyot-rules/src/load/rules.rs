//! `rules`: each with what it is about and what it does.

use std::collections::HashMap;

use eyot_document::{Node, Position, shown_name};

use super::Inherited;
use super::actions::{self, Actions};
use super::matching::{self, Matching};
use super::named::Definitions;
use super::reader::{Fields, Reader};
use super::routes::{self, Route};
use crate::action::Terminal;
use crate::cel::Program;
use crate::condition::Condition;
use crate::rule::Rule;
use crate::subject::Phase;
use crate::view::Source;

/// Reads the list of rules.
pub(super) fn read(
    reader: &mut Reader,
    node: &Node,
    definitions: &Definitions,
    inherited: Inherited,
) -> Vec<Rule> {
    let Some(nodes) = reader.list("`rules`", node) else { return Vec::new() };
    if nodes.len() > RULES_MAX {
        reader.error(node.at, format!("there are more than {RULES_MAX} rules"));
        return Vec::new();
    }
    let mut rules = Vec::new();
    let mut routes = Vec::new();
    let mut names: HashMap<&str, Position> = HashMap::new();
    for node in nodes {
        let Some(mut fields) = reader.fields("a rule", node) else { continue };
        let name = name(reader, &mut fields, node);
        if let Some((name, at)) = name
            && let Some(first) = names.insert(name, at)
        {
            let name = shown_name(name);
            reader.error(at, format!("another rule has the name `{name}`, at {first}"));
        }
        let name = name.map_or("", |it| it.0);
        rules.extend(rule(reader, definitions, (name, node, fields), (inherited, &mut routes)));
    }
    routes::check(reader, &routes);
    if reader.problems.is_empty() {
        check_reach(reader, &rules);
    }
    rules
}

fn name<'n>(
    reader: &mut Reader,
    fields: &mut Fields<'n>,
    node: &Node,
) -> Option<(&'n str, Position)> {
    let Some(node) = fields.value("name") else {
        reader.error(node.at, "the rule has no `name`: logs and tests call it by one");
        return None;
    };
    let name = reader.text("`name`", node)?;
    if name.trim().is_empty() {
        reader.error(node.at, "the name of the rule is empty");
        return None;
    }
    Some((name, node.at))
}

fn rule(
    reader: &mut Reader,
    definitions: &Definitions,
    (name, node, mut fields): (&str, &Node, Fields<'_>),
    (inherited, routes): (Inherited, &mut Vec<Route>),
) -> Option<Rule> {
    if let Some(node) = fields.value("description") {
        reader.text("`description`", node);
    }
    let matching = fields.value("match").map(|it| matching::read(reader, definitions, it));
    let unless = fields.value("unless").map(|it| matching::read(reader, definitions, it));
    let Matching { concern, mut conditions, phase, servers } = matching.unwrap_or_default();
    let when = fields.value("when").and_then(|it| when(reader, definitions, it));
    let needs_result = when.as_ref().is_some_and(|(it, _)| it.reads(Source::Result));
    let phase =
        phase_of(reader, phase, unless.as_ref(), when.as_ref().map(|it| it.1), needs_result);
    let mode = fields.value("mode").and_then(|it| reader.mode(it)).unwrap_or(inherited.mode);
    let on_error =
        fields.value("on_error").and_then(|it| reader.on_error(it)).unwrap_or(inherited.on_error);
    let actions = actions::read(reader, definitions, &mut fields, (node, phase));
    fields.finish(reader, "a rule");
    let Actions { terminal, steps, tags, log } = actions;
    if let Some(Terminal::Route { to, .. }) = &terminal {
        if phase == Phase::Response {
            reader.error(node.at, "a result cannot be routed: it comes from a server already");
        }
        let (methods, items) = (concern.methods.clone(), concern.items.clone());
        routes.push(Route {
            at: node.at,
            name: name.into(),
            servers,
            methods,
            items,
            to: to.clone(),
        });
    }
    conditions.extend(when.map(|(program, _)| Condition::When(program)));
    Some(Rule {
        name: name.into(),
        line: node.at.line,
        phase,
        concern,
        conditions,
        unless: unless.map(|it| it.conditions).unwrap_or_default(),
        mode,
        on_error,
        terminal,
        steps,
        tags,
        log,
    })
}

fn when(
    reader: &mut Reader,
    definitions: &Definitions,
    node: &Node,
) -> Option<(Program, Position)> {
    let text = reader.text("`when`", node)?;
    let compiled = Program::compile(text, &definitions.named).map_err(|it| format!("`when`: {it}"));
    reader.ok(node.at, compiled).map(|it| (it, node.at))
}

/// The phase that a rule is about.
fn phase_of(
    reader: &mut Reader,
    said: Option<Phase>,
    unless: Option<&Matching>,
    when: Option<Position>,
    when_needs_result: bool,
) -> Phase {
    let unless_needs = unless.and_then(|it| it.phase) == Some(Phase::Response);
    let needs_result = when_needs_result || unless_needs;
    match said {
        Some(Phase::Request) if needs_result => {
            let at = when.unwrap_or(Position { line: 1, column: 1 });
            reader.error(at, "a request has no `result`: say `phase: response` in `match`");
            Phase::Request
        }
        Some(phase) => phase,
        None if needs_result => Phase::Response,
        None => Phase::Request,
    }
}

/// Rules behind one that ends every evaluation are never reached.
fn check_reach(reader: &mut Reader, rules: &[Rule]) {
    for phase in [Phase::Request, Phase::Response] {
        let mut of_phase = rules.iter().filter(|it| it.phase == phase);
        let last = of_phase.by_ref().find(|it| {
            let ends = !matches!(it.terminal, None | Some(Terminal::Route { .. }));
            ends && it.conditions.is_empty()
                && it.unless.is_empty()
                && it.mode == Default::default()
        });
        if let (Some(last), Some(next)) = (last, of_phase.next()) {
            let at = Position { line: next.line, column: 1 };
            let (next, last) = (shown_name(&next.name), shown_name(&last.name));
            reader.error(
                at,
                format!(
                    "`{next}` is never reached: `{last}` decides about every {}",
                    phase.as_str()
                ),
            );
        }
    }
}

/// Rules of a file.
const RULES_MAX: usize = 20_000;
