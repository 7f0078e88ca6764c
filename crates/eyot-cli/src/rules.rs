//! `eyot rules`: checks, tests and explains files of rules.

use std::path::Path;

use anyhow::Context as _;
use eyot::Message;
use eyot::jsonrpc::ScanLimits;
use eyot::rules::{Answer, Direction, Explanation, Phase, RuleSet, Subject};
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

fn compile(file: &Path) -> anyhow::Result<RuleSet> {
    let name = file.display().to_string();
    let text =
        input::read(file).map_err(|it| Failure::usage(format!("cannot read {name}: {it}")))?;
    Ok(RuleSet::compile(&name, &text).map_err(|it| Failure::usage(it.to_string()))?)
}

fn check(RuleFiles { files }: &RuleFiles, is_json: bool) -> anyhow::Result<()> {
    for file in files {
        let set = compile(file)?;
        let (name, rules) = (set.file(), set.rule_names().count());
        match is_json {
            true => writer::print_json(&json!({ "file": name, "rules": rules }))?,
            false => writer::print(&format!("{name}: {rules} rules"))?,
        }
    }
    Ok(())
}

fn test(RuleFiles { files }: &RuleFiles, is_json: bool) -> anyhow::Result<()> {
    let (mut count, mut failed) = (0, 0);
    for file in files {
        let set = compile(file)?;
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
    let set = compile(&asked.file)?;
    if let Some(name) = &asked.test {
        let missing = || Failure::usage(format!("{} has no test `{name}`", set.file()));
        return told(&set.explain_test(name).ok_or_else(missing)?);
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
    told(&set.explain(&subject, |_| Answer::Pass))
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
