//! `eyot doctor`.

use std::time::Duration;

use eyot_doctor::{Ailment, News, Patient, Report, ToolCall, Verdict};
use serde_json::json;

use super::arguments;
use super::connection::{Home, Words, limits};
use crate::args::{Doctor, Server};
use crate::config;
use crate::failure::{Code, Failure};
use crate::transport::with_credentials;
use crate::writer;

/// A server, by its name in a file or by a word.
struct Named {
    /// `None`: it comes from no file.
    name: Option<String>,
    server: Server,
    words: Vec<String>,
}

/// Runs the command.
pub(super) async fn run(doctor: Doctor, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Doctor { words, call, args, mut server } = doctor;
    let arguments = arguments::object(args.as_deref())?;
    let call = call.map(|tool| ToolCall { tool, arguments });
    server.timeout.get_or_insert(STEP_TIMEOUT);
    let mut reports = Vec::new();
    for named in servers(server, words)? {
        let name = named.name.clone();
        let report = match (named.patient(call.clone()), name) {
            (Ok(patient), name) => {
                let title = Report::title(&patient.place, name.as_deref());
                heading(&title, reports.is_empty(), is_json);
                let mut hear = |news: News<'_>| tell(news, is_json);
                eyot_doctor::examine(&patient, home.runtime(), &mut hear).await
            }
            // One server of a file does not keep the others from being looked at.
            (Err(error), Some(name)) => {
                let report = Report::misconfigured(&name, format!("{error:#}"));
                heading(&name, reports.is_empty(), is_json);
                report.steps.iter().for_each(|it| tell(News::Done(it), is_json));
                report
            }
            (Err(error), None) => return Err(error),
        };
        reports.push(report);
    }
    if is_json {
        let targets: Vec<_> = reports.iter().map(Report::document).collect();
        writer::print_json(&json!({ "targets": targets }))?;
    }
    outcome(&reports)
}

/// The servers that the flags and words name.
fn servers(server: Server, words: Vec<String>) -> anyhow::Result<Vec<Named>> {
    if server.from.wants_all() {
        let names = config::enabled(&server.from)?;
        let named = names.into_iter().map(|name| {
            let mut server = server.clone();
            server.from.server = Some(name.clone());
            Named { name: Some(name), server, words: words.clone() }
        });
        let named: Vec<_> = named.collect();
        if !named.is_empty() {
            return Ok(named);
        }
    }
    if server.from.config.is_empty() && words.len() > 1 && server.command.is_empty() {
        let one = |word| Named { name: None, server: server.clone(), words: vec![word] };
        return Ok(words.into_iter().map(one).collect());
    }
    let name = server.from.server.clone();
    Ok(vec![Named { name, server, words }])
}

impl Named {
    fn patient(self, call: Option<ToolCall>) -> anyhow::Result<Patient> {
        let Self { name, mut server, words: given } = self;
        let mut words = given;
        config::fill_client(&mut server, &mut words)?;
        let mut words = Words::new(&server, words)?;
        words.end()?;
        let place = words.place();
        let headers = ("--header", &*server.header);
        let target =
            with_credentials(words.into_target(), headers, ("--token", server.token.as_ref()));
        Ok(Patient {
            target: target.map_err(|error| Failure::usage(format!("{error:#}")))?,
            place,
            server: name,
            era: server.era.unwrap_or_default().into(),
            limits: limits(&server),
            patience: server.timeout.unwrap_or(STEP_TIMEOUT),
            has_credentials: server.token.is_some() || !server.header.is_empty(),
            is_unverified: server.transport.insecure_skip_verify,
            call,
        })
    }
}

fn heading(title: &str, is_first: bool, is_json: bool) {
    if !is_json {
        let lines = if is_first { &[][..] } else { &[""][..] };
        lines.iter().chain([&title]).for_each(|it| drop(writer::print(it)));
    }
}

/// Shows a step to people as soon as it is done.
fn tell(news: News<'_>, is_json: bool) {
    match news {
        News::Waiting(step) if writer::is_stderr_terminal() => {
            writer::say(&format!("… {}", step.label()));
        }
        News::Done(step) if !is_json => {
            // When stdout is gone, the exit code is still wanted.
            drop(writer::print(&step.to_string()));
            if let Some(advice) = &step.advice {
                drop(writer::print(&format!("      → {advice}")));
            }
        }
        _ => {}
    }
}

/// The failure of the command, if a server is not well.
fn outcome(reports: &[Report]) -> anyhow::Result<()> {
    let mut ailments: Vec<Ailment> = reports.iter().filter_map(|it| it.ailment).collect();
    let (ill, all) = (ailments.len(), reports.len());
    ailments.dedup();
    let code = match ailments.as_slice() {
        [] => return Ok(()),
        [Ailment::Unauthorized] => Code::Unauthorized,
        [Ailment::Unreachable] => Code::Unreachable,
        _ => Code::Failure,
    };
    let last = reports.iter().flat_map(|it| &it.steps).rfind(|it| it.verdict == Verdict::Failed);
    let message = match (all, last) {
        (1, Some(step)) => format!("the way to the server ends at: {}", step.name.label()),
        _ => format!("{ill} of {all} servers are not well"),
    };
    Err(Failure::new(code, message).into())
}

/// How long each step may take, unless a flag says another time.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);
