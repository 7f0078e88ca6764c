//! The HTTP policy of `--policy`, read again when its file changes, and explained for one request.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eyot::policy::{Finding, Origin, PolicyProblems, parse_head};
use eyot::{LivePolicy, Policy};
use eyot_config::{Document, Problem};
use eyot_files::Stamp;
use serde_json::{Value, json};

use crate::args::Explained;
use crate::config::read_bytes;
use crate::failure::{Code, Failure};
use crate::{input, writer};

/// A policy, and the file that it comes from.
#[derive(Debug)]
pub(crate) struct PolicyFile {
    path: PathBuf,
    live: LivePolicy,
}

impl PolicyFile {
    /// Reads the file that a flag names; `None`: it names none.
    ///
    /// # Errors
    /// All that is wrong with it, and where.
    pub(crate) fn open(path: Option<&PathBuf>) -> anyhow::Result<Option<Self>> {
        let Some(path) = path else { return Ok(None) };
        let (document, policy) = read(path)?;
        let compiled = policy.compile().map_err(|it| placed(&document, &it))?;
        Ok(Some(Self { path: path.clone(), live: LivePolicy::new(compiled) }))
    }

    /// What the proxy needs.
    pub(crate) fn live(&self) -> LivePolicy {
        self.live.clone()
    }

    /// Reads the file again. If it cannot be used, what it was holds on.
    pub(crate) fn reload(&self) {
        let read = read(&self.path);
        let replaced = read.and_then(|(document, policy)| {
            self.live.replace(&policy).map_err(|it| placed(&document, &it).into())
        });
        let path = self.path.display();
        match replaced {
            Ok(()) => tracing::info!(%path, "policy is read again"),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "the new policy cannot be used; the old one holds on");
            }
        }
    }

    /// Reads the file again whenever it has changed. Never ready.
    ///
    /// # Cancel safety
    /// Dropping the future stops looking.
    pub(crate) async fn keep_fresh(&self) {
        let mut known = Stamp::of(&self.path);
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            let now = Stamp::of(&self.path);
            if now != known {
                known = now;
                self.reload();
            }
        }
    }
}

/// Says which part of a policy refuses a request, and why.
pub(crate) fn explain(explained: &Explained, is_json: bool) -> anyhow::Result<()> {
    let Explained { request: Some(request), policy: Some(policy), from } = explained else {
        return Err(Failure::usage("--request and --policy belong together").into());
    };
    let (document, policy) = read(policy)?;
    let compiled = policy.compile().map_err(|it| placed(&document, &it))?;
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

fn read(path: &Path) -> anyhow::Result<(Document, Policy)> {
    let text = read_bytes(path)?;
    let document = Document::read(&path.display().to_string(), &text).map_err(|it| refuse(&it))?;
    let document = document.section("policy");
    let policy = document.decode().map_err(|it| refuse(&[it]))?;
    Ok((document, policy))
}

fn placed(document: &Document, problems: &PolicyProblems) -> Failure {
    let placed = problems.iter().map(|it| document.problem(&it.member, &it.to_string()));
    refuse(&placed.collect::<Vec<_>>())
}

fn refuse(problems: &[Problem]) -> Failure {
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    Failure::usage(lines.join("\n"))
}

/// A file that is being written is read again when it is whole.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
