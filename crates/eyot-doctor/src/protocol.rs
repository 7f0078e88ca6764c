//! The steps of the protocol: era, server, lists, a call.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyot_client::{Client, ClientError, Pages};
use eyot_era::detect::{EraMode, EraStep};
use eyot_types::Oddities;
use eyot_upstream::Runtime;
use http::StatusCode;

use crate::chart::Chart;
use crate::finding::Finding;
use crate::http_answer::{Doubt, wanted};
use crate::patient::{Patient, ToolCall};
use crate::report::{Ailment, StepName};
use crate::words;

/// Finds the era, and opens the session if the era has such a thing. What was doubtful before is
/// settled by that.
pub(crate) async fn connect(
    patient: &Patient,
    runtime: Runtime,
    doubt: Option<Doubt>,
    chart: &mut Chart<'_>,
) -> Result<Client, Ailment> {
    let steps: Arc<Mutex<Vec<EraStep>>> = Arc::default();
    let hearing = Arc::clone(&steps);
    let builder = Client::builder("eyot", env!("CARGO_PKG_VERSION"))
        .era(patient.era)
        .limits(patient.limits)
        .max_total(patient.patience)
        .runtime(runtime)
        .on_era_step(move |step| {
            hearing.lock().unwrap_or_else(PoisonError::into_inner).push(step);
        });
    // Boxed, because it is large.
    let connecting = Box::pin(builder.connect(patient.target.clone()));
    // Two questions, and one of them in vain.
    let (connected, time) = chart.wait(StepName::Era, chart.patience * 3, connecting).await;
    let connected = connected
        .unwrap_or_else(|| Err(ClientError::Unreachable { reason: "no answer".to_owned() }));
    let steps = steps.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let story = steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then ");
    match (connected, doubt) {
        (Ok(client), doubt) => {
            if let Some(Doubt { time, finding }) = doubt {
                let detail = format!("{}; but it takes `initialize`", finding.detail);
                chart.note(StepName::Http, time, Finding::ok(detail));
            }
            let detail = format!("{} {}: {story}", client.era(), client.revision());
            chart.note(StepName::Era, time, Finding::ok(detail));
            Ok(client)
        }
        (Err(error), Some(Doubt { time, finding })) if ailment(&error) != Ailment::Unauthorized => {
            chart.end(StepName::Http, time, (unconnected(&error), finding))
        }
        (Err(error), _) => {
            let finding = refusal(&error, &story, patient);
            chart.end(StepName::Era, time, (unconnected(&error), finding))
        }
    }
}

/// Asks for all that the server offers, and calls the tool that is to be called.
pub(crate) async fn examine(
    client: &Client,
    patient: &Patient,
    chart: &mut Chart<'_>,
) -> Result<(), Ailment> {
    chart.note(StepName::Server, Duration::ZERO, server(client));
    let capabilities = client.capabilities();
    let is_declared = |name: StepName| capabilities.has(name.as_str());
    list(StepName::Tools, is_declared, client.tools(), |it| it.name, chart).await?;
    list(StepName::Prompts, is_declared, client.prompts(), |it| it.name, chart).await?;
    list(StepName::Resources, is_declared, client.resources(), |it| it.uri, chart).await?;
    match &patient.call {
        Some(tool_call) => call(client, tool_call, chart).await,
        None => Ok(()),
    }
}

fn server(client: &Client) -> Finding {
    let info = client.server_info();
    let name = info.map(|it| format!("{} {}", it.name, it.version));
    let name = name.unwrap_or_else(|| "it does not say its name".to_owned());
    let capabilities: Vec<_> = client.capabilities().0.keys().cloned().collect();
    let can = match capabilities.is_empty() {
        true => "no capabilities".to_owned(),
        false => capabilities.join(", "),
    };
    Finding::ok(format!("{}; {can}", words::shortened(&name)))
}

async fn list<T: Send + 'static>(
    step: StepName,
    is_declared: impl Fn(StepName) -> bool,
    mut pages: Pages<T>,
    key: impl Fn(T) -> String,
    chart: &mut Chart<'_>,
) -> Result<(), Ailment> {
    if !is_declared(step) {
        chart.note(step, Duration::ZERO, Finding::skipped("the server declares none"));
        return Ok(());
    }
    let reading = async {
        let mut keys = Vec::new();
        while let Some(item) = pages.next().await {
            if keys.len() == ITEMS_MAX {
                break;
            }
            keys.push(key(item?));
        }
        Ok::<_, ClientError>((keys, pages.oddities()))
    };
    let (read, time) = chart.wait(step, chart.patience, reading).await;
    match read {
        Some(Ok((keys, oddities))) => {
            chart.note(step, time, judge_list(&keys, &oddities));
            Ok(())
        }
        Some(Err(error)) => {
            let finding = Finding::failed(error.to_string(), LOG_ADVICE);
            chart.end(step, time, (ailment(&error), finding))
        }
        None => {
            let detail = format!("no list in {:?}", chart.patience);
            chart.end(step, time, (Ailment::Failed, Finding::failed(detail, LOG_ADVICE)))
        }
    }
}

/// What a list is like.
pub(crate) fn judge_list(keys: &[String], oddities: &Oddities) -> Finding {
    let count = match keys.len() {
        ITEMS_MAX => format!("{ITEMS_MAX} or more"),
        count => count.to_string(),
    };
    if let Some(oddity) = oddities.iter().next() {
        let advice = "the server breaks the protocol here: clients that are more strict take none of \
                      the list";
        return Finding::warning(format!("{count}; odd: {oddity}"), advice);
    }
    let mut seen = BTreeSet::new();
    match keys.iter().find(|it| !seen.insert(it.as_str())) {
        Some(twice) => {
            let twice = words::shortened(twice);
            let detail = format!("{count}; `{twice}` more than once");
            Finding::warning(detail, "names must differ: only one of them can be reached")
        }
        None => Finding::ok(count),
    }
}

async fn call(client: &Client, call: &ToolCall, chart: &mut Chart<'_>) -> Result<(), Ailment> {
    let ToolCall { tool, arguments } = call;
    let calling = client.call_tool(tool, arguments).into_future();
    let (called, time) = chart.wait(StepName::Call, chart.patience, calling).await;
    let (ailment, finding) = match called {
        Some(Ok(answer)) => {
            let said = words::shortened(&answer.text());
            if !answer.is_error() {
                let said = if said.is_empty() { String::new() } else { format!(": {said}") };
                chart.note(StepName::Call, time, Finding::ok(format!("`{tool}` answered{said}")));
                return Ok(());
            }
            let advice = "this is the tool's own word: are its arguments right (`--args JSON`)?";
            let detail = format!("`{tool}` failed: {said}");
            (Ailment::Failed, Finding::failed(detail, advice))
        }
        Some(Err(error)) => {
            let advice = "`eyot list` shows the tools, and `eyot call` says more of a failure";
            (ailment(&error), Finding::failed(format!("`{tool}`: {error}"), advice))
        }
        None => {
            let detail = format!("`{tool}` did not answer in {:?}", chart.patience);
            (Ailment::Failed, Finding::failed(detail, "`--timeout 60s` waits longer"))
        }
    };
    chart.end(StepName::Call, time, (ailment, finding))
}

fn refusal(error: &ClientError, story: &str, patient: &Patient) -> Finding {
    let told = if story.is_empty() { error.to_string() } else { format!("{story}; {error}") };
    let advice = match error {
        ClientError::Unauthorized { status, .. } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::UNAUTHORIZED);
            wanted(status, patient.has_credentials)
        }
        ClientError::Unreachable { .. } | ClientError::Timeout { .. } => {
            "it lives, but does not answer the handshake: is it a server of MCP? `--timeout 60s` \
             waits longer"
        }
        ClientError::Lost { .. } => "the server ends in the handshake: its own log may say why",
        _ if patient.era != EraMode::Auto => {
            "leave out --era: then the era of the server is found out"
        }
        _ => LOG_ADVICE,
    };
    Finding::failed(told, advice)
}

/// A server that is lost in the handshake was never reached.
fn unconnected(error: &ClientError) -> Ailment {
    match error {
        ClientError::Lost { .. } | ClientError::Timeout { .. } => Ailment::Unreachable,
        error => ailment(error),
    }
}

fn ailment(error: &ClientError) -> Ailment {
    match error {
        ClientError::Unauthorized { .. } => Ailment::Unauthorized,
        ClientError::Unreachable { .. } => Ailment::Unreachable,
        _ => Ailment::Failed,
    }
}

const LOG_ADVICE: &str =
    "look in the server's own log; `RUST_LOG=eyot=debug` shows what is said on this side";
/// Items of a list that are read.
const ITEMS_MAX: usize = 10_000;
