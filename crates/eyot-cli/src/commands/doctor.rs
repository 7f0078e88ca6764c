//! `eyot doctor`.

use eyot_doctor::{Ailment, Line, Patient, Rounds, STEP_TIMEOUT, ToolCall};

use super::arguments;
use super::connection::{Home, Words, limits};
use crate::args::{Doctor, Server};
use crate::failure::{Code, Failure};
use crate::transport::with_credentials;
use crate::{config, writer};

/// Runs the command.
pub(super) async fn run(doctor: Doctor, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Doctor { words, call, args, mut server } = doctor;
    let arguments = arguments::object(args.as_deref())?;
    let call = call.map(|tool| ToolCall { tool, arguments });
    server.timeout.get_or_insert(STEP_TIMEOUT);
    let mut rounds = Rounds::new(|line: Line<'_>| match line {
        // When stdout is gone, the exit code is still wanted.
        Line::Out(line) if !is_json => drop(writer::print(line)),
        Line::Waiting(line) if writer::is_stderr_terminal() => writer::say(line),
        Line::Out(_) | Line::Waiting(_) => {}
    });
    let servers = servers(server, words)?;
    let is_alone = servers.len() == 1;
    for (server, words) in servers {
        let name = server.from.server.clone();
        match (patient(server, words, call.clone()), name) {
            (Ok(patient), _) => rounds.examine(&patient, home.0.clone()).await,
            // One server of a file does not keep the others from being looked at.
            (Err(error), Some(name)) if !is_alone => {
                rounds.misconfigured(&name, &format!("{error:#}"));
            }
            (Err(error), _) => return Err(error),
        }
    }
    if is_json {
        writer::print_json(&rounds.document())?;
    }
    let Some((ailment, message)) = rounds.outcome() else { return Ok(()) };
    let code = match ailment {
        Ailment::Unauthorized => Code::Unauthorized,
        Ailment::Unreachable => Code::Unreachable,
        Ailment::Failed => Code::Failure,
    };
    Err(Failure::new(code, message).into())
}

/// The servers that are named, each by its own flags and words.
fn servers(server: Server, words: Vec<String>) -> anyhow::Result<Vec<(Server, Vec<String>)>> {
    let mut servers = Vec::new();
    if server.from.wants_all() {
        for name in config::enabled(&server.from)? {
            let mut one = server.clone();
            one.from.server = Some(name);
            servers.push((one, words.clone()));
        }
    } else if server.from.config.is_empty() && server.command.is_empty() {
        servers = words.iter().map(|it| (server.clone(), vec![it.clone()])).collect();
    }
    Ok(if servers.is_empty() { vec![(server, words)] } else { servers })
}

fn patient(
    mut server: Server,
    mut words: Vec<String>,
    call: Option<ToolCall>,
) -> anyhow::Result<Patient> {
    config::check_settings(&server.from)?;
    config::fill_client(&mut server, &mut words)?;
    let mut words = Words::new(&server, words)?;
    words.end()?;
    let (place, headers) = (words.place(), ("--header", &*server.header));
    let target = with_credentials(words.target, headers, ("--token", server.token.as_ref()));
    Ok(Patient {
        target: target.map_err(|error| Failure::usage(format!("{error:#}")))?,
        place,
        server: server.from.server.clone(),
        era: server.era.unwrap_or_default().into(),
        limits: limits(&server),
        patience: server.timeout.unwrap_or(STEP_TIMEOUT),
        has_credentials: server.token.is_some() || !server.header.is_empty(),
        is_unverified: server.transport.insecure_skip_verify,
        call,
    })
}
