//! The steps of a server that is started: the program, the process, its first line.

use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{Message, ScanLimits};
use eyot_stdio::{Child, ChildEvent, ChildLimits, Command, ExitReport};
use eyot_types::Revision;
use serde_json::json;

use crate::chart::Chart;
use crate::finding::Finding;
use crate::patient::Patient;
use crate::program_file;
use crate::report::{Ailment, StepName};
use crate::words;

/// Goes the way up to the first message of the program.
pub(crate) async fn examine(
    command: &Command,
    patient: &Patient,
    chart: &mut Chart<'_>,
) -> Result<(), Ailment> {
    match program_file::find(command, std::env::var_os("PATH")) {
        Ok(file) => {
            let finding = Finding::ok(file.display().to_string());
            chart.note(StepName::Command, Duration::ZERO, finding);
        }
        Err(finding) => {
            return chart.end(StepName::Command, Duration::ZERO, (Ailment::Unreachable, finding));
        }
    }
    let limits =
        ChildLimits { exit_grace: GRACE, kill_grace: GRACE, ..ChildLimits::of(&patient.limits) };
    let mut child = match Child::spawn(command, limits) {
        Ok(child) => child,
        Err(error) => {
            let detail = error.operator_text().reveal_to_operator().to_owned();
            let advice = "a script begins with the line of its interpreter (`#!/bin/sh`), which must \
                          be there too";
            let finding = Finding::failed(detail, advice);
            return chart.end(StepName::Process, Duration::ZERO, (Ailment::Unreachable, finding));
        }
    };
    let mut heard = Heard::default();
    let listening = heard.listen(&mut child, &patient.limits.messages.scan);
    let (_, time) = chart.wait(StepName::FirstLine, chart.patience, listening).await;
    if heard.ended.is_none() {
        child.close().await;
    }
    let is_dead = heard.ended.is_some() && !heard.has_answered && heard.noise.is_none();
    if is_dead {
        let finding = heard.death(time);
        return chart.end(StepName::Process, time, (Ailment::Unreachable, finding));
    }
    chart.note(StepName::Process, Duration::ZERO, Finding::ok("it runs"));
    match heard.judge(chart.patience) {
        Ok(finding) => {
            chart.note(StepName::FirstLine, time, finding);
            Ok(())
        }
        Err(end) => chart.end(StepName::FirstLine, time, end),
    }
}

/// What a program has said until its first message.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) has_answered: bool,
    /// The first line that is no message.
    pub(crate) noise: Option<String>,
    /// How many of them there were.
    pub(crate) noise_count: usize,
    pub(crate) ended: Option<ExitReport>,
}

impl Heard {
    /// Asks for a session, and listens until there is a message or the end.
    async fn listen(&mut self, child: &mut Child, scan: &ScanLimits) {
        // A child that does not take a short line is about to end.
        child.queue([question()]).ok();
        while !self.has_answered && self.ended.is_none() && self.noise_count < LINES_MAX {
            match child.next().await {
                ChildEvent::Line(line) => self.hear(&line, scan),
                ChildEvent::BadLine(error) => self.noise(|| error.to_string()),
                ChildEvent::Exited(report) => self.ended = Some(report),
            }
        }
    }

    pub(crate) fn hear(&mut self, line: &Bytes, scan: &ScanLimits) {
        match Message::parse_from_upstream(line.clone(), scan) {
            Ok(_) => self.has_answered = true,
            Err(_) => self.noise(|| words::shortened(&String::from_utf8_lossy(line))),
        }
    }

    fn noise(&mut self, line: impl FnOnce() -> String) {
        self.noise_count += 1;
        self.noise.get_or_insert_with(line);
    }

    /// The end of a program that has said nothing.
    pub(crate) fn death(&self, time: Duration) -> Finding {
        let report = self.ended.clone().unwrap_or_default();
        let tail: Vec<_> = report.stderr_tail.iter().rev().take(TAIL_LINES).rev().collect();
        let words = if tail.is_empty() {
            ", without a word on stderr".to_owned()
        } else {
            let tail: Vec<_> = tail.into_iter().map(|it| words::shortened(it)).collect();
            format!("; its last words: {}", tail.join(" | "))
        };
        let detail = format!("it ended after {} ms ({report}){words}", time.as_millis());
        let advice = if report.status == Some(0) {
            "it took its work for done: does it serve on stdin and stdout, or does it want an argument \
             for that, such as `stdio`?"
        } else {
            "run the command by itself to see more. It gets only a small environment: name what it \
             needs, `--env API_KEY`"
        };
        Finding::failed(detail, advice)
    }

    /// What the lines mean.
    pub(crate) fn judge(&self, patience: Duration) -> Result<Finding, (Ailment, Finding)> {
        const ADVICE: &str = "stdout is for messages alone: let the server write its log to stderr, \
                              and its banner nowhere";
        let Some(noise) = &self.noise else {
            if self.has_answered {
                return Ok(Finding::ok("JSON-RPC"));
            }
            let advice = "does it serve on stdin and stdout, or does it want an argument for that, \
                          such as `stdio`? What is downloaded first takes its time: `--timeout 60s`";
            let finding = Finding::failed(format!("no line in {patience:?}"), advice);
            return Err((Ailment::Unreachable, finding));
        };
        let before = match self.noise_count {
            1 => "a line on stdout is no message".to_owned(),
            count => format!("{count} lines on stdout are no messages, the first"),
        };
        let detail = format!("{before}: `{noise}`");
        match (self.has_answered, &self.ended) {
            (true, _) => Ok(Finding::warning(detail, ADVICE)),
            (false, Some(report)) => {
                let detail = format!("{detail}; then it ended ({report})");
                let advice = match report.status {
                    Some(0) => ADVICE,
                    _ => {
                        "these lines may say why: run the command by itself to see all of them. Are its \
                         arguments right?"
                    }
                };
                Err((Ailment::Unreachable, Finding::failed(detail, advice)))
            }
            (false, None) => {
                let detail = format!("{detail}; and no message in {patience:?}");
                Err((Ailment::Failed, Finding::failed(detail, ADVICE)))
            }
        }
    }
}

/// What servers of every era answer in some way.
fn question() -> Bytes {
    let params = json!({
        "protocolVersion": Revision::LATEST_LEGACY,
        "capabilities": {},
        "clientInfo": { "name": "eyot", "version": env!("CARGO_PKG_VERSION") },
    });
    let question = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    question.to_string().into()
}

/// How long the program may take to leave: it has done nothing yet.
const GRACE: Duration = Duration::from_millis(500);
/// A program that writes so many lines before its first message is a log.
const LINES_MAX: usize = 1_000;
/// Lines of stderr that are shown.
const TAIL_LINES: usize = 4;
