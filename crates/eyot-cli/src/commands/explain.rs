//! `eyot explain`: the era of a server, and what the bridge makes of it.

mod across;
mod print;

use std::sync::{Arc, Mutex, PoisonError};

use eyot::era::BridgeReport;
use eyot::types::{Era, Implementation, Revision, ServerCapabilities};
use eyot::{Client, EraAnswer, EraMode, EraStep};
use serde_json::{Value, json};

use self::across::Across;
use super::answers::{Answers, Source};
use super::connection::{Connection, Home, Words};
use crate::args::{Explain, ServedEras, Server, SpokenEra};
use crate::failure::Failure;
use crate::writer;

/// The facts about a server.
struct Explanation {
    steps: Vec<EraStep>,
    info: Option<Implementation>,
    has_instructions: bool,
    capabilities: ServerCapabilities,
    /// The revisions that it speaks, one of each era.
    revisions: Vec<Revision>,
    clients: ServedEras,
    /// What clients of the other era get. `None`: there are none, or the user does not ask for it.
    across: Option<Across>,
}

/// Records the steps of finding the era.
#[derive(Clone, Default)]
struct Steps(Arc<Mutex<Vec<EraStep>>>);

/// Runs the command.
pub(super) async fn run(explain: Explain, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Explain { words, client, server, .. } = explain;
    let steps = Steps::default();
    let connection =
        connect(home, &server, server.era.unwrap_or_default().into(), &words, &steps).await?;
    let mut revisions = vec![connection.client.revision()];
    if server.era.unwrap_or_default() == SpokenEra::Auto && connection.client.era() == Era::Modern {
        // A server of both eras needs no bridge.
        let legacy = connect(home, &server, EraMode::Legacy, &words, &steps).await;
        if let Ok(legacy) = legacy {
            revisions.push(legacy.client.revision());
            legacy.client.close().await;
        }
    }
    let across = match wants_bridge(client, &revisions) {
        Some(report) => {
            let is_http = server.command.is_empty();
            let across = Across::look(&connection.client, report, is_http).await;
            Some(across.map_err(|it| connection.failure(it))?)
        }
        None => None,
    };
    let explanation = Explanation::of(&connection.client, steps.all(), revisions, client, across);
    match is_json {
        true => writer::print_json(&explanation.document()),
        false => print::explanation(&explanation),
    }
}

async fn connect(
    home: &Home,
    server: &Server,
    era: EraMode,
    words: &[String],
    steps: &Steps,
) -> anyhow::Result<Connection> {
    let mut words = Words::new(server, words.to_vec())?;
    words.end()?;
    let hearing = steps.clone();
    let answers = Arc::new(Answers::new(&words.place(), Source::Unattended));
    let builder = Connection::builder(home, server, &answers)?
        .era(era)
        .on_era_step(move |step| hearing.hear(step));
    let connected = Connection::connect(builder, words).await;
    Ok(connected.map_err(|failure| unknown(failure, era, &steps.all()))?)
}

/// Which clients need the bridge, if the user asks for it.
fn wants_bridge(clients: ServedEras, revisions: &[Revision]) -> Option<BridgeReport> {
    let [revision] = revisions else { return None };
    let is_wanted = match clients {
        ServedEras::Both => true,
        ServedEras::Legacy => revision.era() == Era::Modern,
        ServedEras::Modern => revision.era() == Era::Legacy,
    };
    is_wanted.then(|| BridgeReport::of(*revision))
}

/// The failure of a server that could not be spoken to in the wanted era.
fn unknown(failure: Failure, wanted: EraMode, steps: &[EraStep]) -> Failure {
    let why = failure.message().to_owned();
    let told = if steps.is_empty() { why.clone() } else { story(steps) };
    let message = match (steps.last().and_then(|it| it.taken_for), wanted) {
        (None, _) => format!("{told}; this is no evidence of an era"),
        (Some(_), EraMode::Auto) => format!("{told}; {why}"),
        (Some(era), _) => format!("{told}: the server is {era}, which is not what --era says"),
    };
    let found = steps.iter().map(step).collect();
    failure.found(message, found)
}

/// How the era was found, in one line.
fn story(steps: &[EraStep]) -> String {
    steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then ")
}

fn step(step: &EraStep) -> Value {
    let (code, status) = match &step.answer {
        EraAnswer::Refused { error, status } => (Some(error.code), *status),
        _ => (None, None),
    };
    json!({
        "asked": step.asked,
        "answer": step.answer.to_string(),
        "code": code,
        "status": status,
        "takenFor": step.taken_for.map(Era::as_str),
    })
}

impl Steps {
    fn hear(&self, step: EraStep) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    fn all(&self) -> Vec<EraStep> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Explanation {
    fn of(
        client: &Client,
        steps: Vec<EraStep>,
        revisions: Vec<Revision>,
        clients: ServedEras,
        across: Option<Across>,
    ) -> Self {
        Self {
            steps,
            info: client.server_info(),
            has_instructions: client.instructions().is_some(),
            capabilities: client.capabilities(),
            revisions,
            clients,
            across,
        }
    }

    /// The eras of the clients that the explanation is for.
    fn eras(&self) -> impl Iterator<Item = Era> {
        let clients = self.clients;
        [Era::Legacy, Era::Modern].into_iter().filter(move |era| match clients {
            ServedEras::Both => true,
            ServedEras::Legacy => *era == Era::Legacy,
            ServedEras::Modern => *era == Era::Modern,
        })
    }

    /// The revision that clients of this era speak with the server, if they need no bridge.
    fn own(&self, era: Era) -> Option<Revision> {
        self.revisions.iter().copied().find(|it| it.era() == era)
    }

    fn document(&self) -> Value {
        let clients = self.eras().filter_map(|era| {
            let own = self.own(era).map(|revision| {
                json!({ "revision": revision, "bridged": false, "lost": [], "inCalls": [] })
            });
            let across = || self.across.as_ref().map(Across::document);
            Some((era.as_str().to_owned(), own.or_else(across)?))
        });
        let eras: Vec<_> = self.revisions.iter().map(|it| it.era().as_str()).collect();
        json!({
            "server": self.info,
            "eras": eras,
            "revisions": self.revisions,
            "found": self.steps.iter().map(step).collect::<Vec<_>>(),
            "instructions": self.has_instructions,
            "capabilities": self.capabilities,
            "clients": clients.collect::<serde_json::Map<_, _>>(),
        })
    }
}
