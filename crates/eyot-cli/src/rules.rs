//! `eyot rules`: checks, tests and explains rules.

use std::path::Path;

use anyhow::Context as _;
use eyot::Message;
use eyot::jsonrpc::ScanLimits;
use eyot::rules::{Answer, Direction, Explanation, Phase, RuleSet, Subject};
use eyot_interception::ServerRules;
use eyot_terminal::escaped;
use serde_json::json;

use crate::args::{ExplainRules, RuleFiles, Rules, SpokenEra};
use crate::failure::{Code, Failure};
use crate::{input, writer};

/// Runs the command.
pub(crate) fn run(rules: &Rules, is_json: bool) -> anyhow::Result<()> {
    match rules {
        Rules::Check(files) => check(files, is_json),
        Rules::Test(files) => test(files, is_json),
        Rules::Explain(asked) => explain(asked),
    }
}

/// The rules of a file, or the sets of rules that a file of servers has or names: those for all servers, and
/// those for one.
fn compile(file: &Path) -> anyhow::Result<ServerRules> {
    let name = file.display().to_string();
    let text =
        input::read(file).map_err(|it| Failure::usage(format!("cannot read {name}: {it}")))?;
    if let Some(sets) = eyot_interception::rule_sets_of(&name, text.as_bytes()) {
        return Ok(sets.map_err(|it| Failure::usage(it.to_string()))?);
    }
    let set = RuleSet::compile(&name, &text);
    Ok(vec![(None, set.map_err(|it| Failure::usage(it.to_string()))?)])
}

fn check(RuleFiles { files }: &RuleFiles, is_json: bool) -> anyhow::Result<()> {
    for file in files {
        for (server, set) in compile(file)? {
            let (name, rules) = (set.file(), set.rule_names().count());
            match (is_json, server) {
                (true, None) => writer::print_json(&json!({ "file": name, "rules": rules }))?,
                (true, server) => {
                    writer::print_json(&json!({ "file": name, "rules": rules, "server": server }))?;
                }
                (false, None) => writer::print(&format!("{name}: {rules} rules"))?,
                (false, Some(server)) => {
                    let server = escaped(&server);
                    writer::print(&format!("{name}: {rules} rules for {server}"))?;
                }
            }
        }
    }
    Ok(())
}

fn test(RuleFiles { files }: &RuleFiles, is_json: bool) -> anyhow::Result<()> {
    let (mut count, mut failed) = (0, 0);
    let sets = files.iter().map(|it| compile(it)).collect::<anyhow::Result<Vec<_>>>()?;
    for (_, set) in sets.iter().flatten() {
        for outcome in set.run_tests() {
            count += 1;
            failed += usize::from(!outcome.has_passed());
            let (name, line, failures) = (&outcome.name, outcome.line, &outcome.failures);
            if is_json {
                let passed = outcome.has_passed();
                writer::print_json(&json!({ "file": set.file(), "line": line, "test": name,
                    "passed": passed, "failures": failures }))?;
                continue;
            }
            for failure in failures {
                writer::print(&format!("{}:{line}: `{name}`: {failure}", set.file()))?;
            }
        }
    }
    match failed {
        0 if is_json => Ok(()),
        0 => Ok(writer::print(&format!("{count} tests passed"))?),
        _ => Err(Failure::new(Code::Failure, format!("{failed} of {count} tests failed")).into()),
    }
}

fn explain(asked: &ExplainRules) -> anyhow::Result<()> {
    let sets = compile(&asked.file)?;
    if let Some(name) = &asked.test {
        let file = asked.file.display();
        let missing = || Failure::usage(format!("{file} has no test `{name}`"));
        let explained = sets.iter().find_map(|(_, it)| it.explain_test(name));
        return told(&explained.ok_or_else(missing)?);
    }
    let sent = message(asked.message.as_deref().unwrap_or_else(|| Path::new("-")))?;
    let request = asked.request.as_deref().map(message).transpose()?;
    let method = request.as_ref().unwrap_or(&sent).method();
    let needs_request = "a result does not say what it answers: name the --request";
    let method = method.ok_or_else(|| Failure::usage(needs_request))?;
    let is_answer = sent.is_response();
    let subject = Subject {
        method: &method,
        phase: if is_answer { Phase::Response } else { Phase::Request },
        direction: if is_answer { Direction::ToClient } else { Direction::ToServer },
        payload: Some(sent.params().or_else(|| sent.result()).unwrap_or("{}")),
        request: request.as_ref().and_then(|it| it.params()),
        server: asked.server.as_deref(),
        principal: asked.principal.as_deref(),
        scopes: (!asked.scope.is_empty()).then_some(asked.scope.as_slice()),
        client: asked.client.as_deref(),
        client_version: asked.client_version.as_deref(),
        era: match asked.era {
            Some(SpokenEra::Legacy) => Some(eyot::types::Era::Legacy),
            Some(SpokenEra::Modern) => Some(eyot::types::Era::Modern),
            _ => None,
        },
        ..Subject::default()
    };
    // Those for one server are behind those for all.
    let mut concerned = sets.iter().filter(|it| it.0.is_none() || it.0 == asked.server);
    concerned.try_for_each(|it| told(&it.1.explain(&subject, |_| Answer::Pass)))
}

/// Reads a message; `-` is standard input.
fn message(file: &Path) -> anyhow::Result<Message> {
    let is_stdin = file.as_os_str() == "-";
    let text = if is_stdin { input::read_stdin() } else { input::read(file) };
    let shown = file.display();
    let text = text.map_err(|it| Failure::usage(format!("cannot read {shown}: {it}")))?;
    let parsed = Message::parse(text.into(), &ScanLimits::default());
    Ok(parsed.map_err(|it| Failure::usage(format!("{shown}: {it}")))?)
}

fn told(explanation: &Explanation<'_>) -> anyhow::Result<()> {
    writer::print_text(&explanation.to_string()).context("write")?;
    match explanation.verdict.decision.error() {
        None => Ok(()),
        Some(error) => {
            Err(Failure::new(Code::Failure, format!("the message is denied: {}", error.message))
                .into())
        }
    }
}
