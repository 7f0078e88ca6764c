//! The HTTP policy of `--policy`, and what it makes of one request.

use std::path::PathBuf;
use std::time::Instant;

use eyot::policy::{Finding, Origin, parse_head};
use eyot_interception::PolicyFile;
use serde_json::{Value, json};

use crate::args::Explained;
use crate::failure::{Code, Failure};
use crate::{input, writer};

/// The policy of the file that a flag names; `None`: it names none.
///
/// # Errors
/// All that is wrong with it, and where.
pub(crate) fn open(path: Option<&PathBuf>) -> anyhow::Result<Option<PolicyFile>> {
    let opened = path.map(|it| PolicyFile::open(it)).transpose();
    Ok(opened.map_err(|it| Failure::usage(it.to_string()))?)
}

/// Says which part of a policy refuses a request, and why.
pub(crate) fn explain(explained: &Explained, is_json: bool) -> anyhow::Result<()> {
    let Explained { request: Some(request), policy: Some(policy), from } = explained else {
        return Err(Failure::usage("--request and --policy belong together").into());
    };
    let compiled = PolicyFile::compile(policy).map_err(|it| Failure::usage(it.to_string()))?;
    let is_stdin = request.as_os_str() == "-";
    let text = if is_stdin { input::read_stdin() } else { input::read(request) };
    let shown = if is_stdin { "stdin".to_owned() } else { request.display().to_string() };
    let text = text.map_err(|it| Failure::usage(format!("cannot read {shown}: {it}")))?;
    let head = parse_head(&text).map_err(|it| Failure::usage(format!("{shown}: {it}")))?;
    let origin = Origin { peer: *from, is_tls: false };
    let findings = compiled.explain(&head, origin, Instant::now());
    match is_json {
        true => {
            writer::print_json(&json!({ "parts": findings.iter().map(told).collect::<Value>() }))?
        }
        false => findings.iter().try_for_each(|it| writer::print(&line(it)))?,
    }
    match findings.iter().find_map(|it| it.outcome.as_ref().err()) {
        None => Ok(()),
        Some(refusal) => {
            let (part, status) = (refusal.part, refusal.status.as_u16());
            let message = format!("the request is refused by `{part}` with {status}");
            Err(Failure::new(Code::Failure, message).into())
        }
    }
}

fn line(finding: &Finding) -> String {
    let part = finding.part.as_str();
    match &finding.outcome {
        Ok(why) => format!("{part:<11}  passes   {why}"),
        Err(refusal) => format!("{part:<11}  refuses  {} {refusal}", refusal.status.as_u16()),
    }
}

fn told(finding: &Finding) -> Value {
    let part = finding.part.as_str();
    match &finding.outcome {
        Ok(why) => json!({ "part": part, "passes": true, "why": why }),
        Err(refusal) => json!({ "part": part, "passes": false, "why": refusal.error.message,
            "rule": refusal.rule, "status": refusal.status.as_u16(), "error": refusal.error,
            "retryAfter": refusal.retry_after_secs() }),
    }
}
