//! One opening: asks the questions of the detector of eras, and tells it the answers.

use std::time::Duration;

use eyot_era::detect::{self, Action, Carrier, DetectConfig, Goal};
use eyot_types::{Era, Method};
use eyot_upstream::ModernConnection;
use tokio::time::timeout;

use super::finding::{Finding, unanswered};
use super::{Dial, LineTask, Lines, Opened, Opener, drive, session};
use crate::error::ClientError;
use crate::session::Connection;

/// One opening of a connection to a server of either era.
pub(super) struct Attempt<'a> {
    opener: &'a Opener,
    number: u64,
    finding: Finding,
    probe: Option<Probe>,
    /// The legacy session.
    opened: Option<Opened>,
    /// A process that was asked for its era and only has to end now.
    leftover: Option<LineTask>,
}

/// A connection that was asked with `server/discover`.
struct Probe {
    connection: ModernConnection,
    lines: Option<Lines>,
}

impl<'a> Attempt<'a> {
    /// An opening of session `number` that has not begun.
    pub(super) fn new(opener: &'a Opener, number: u64) -> Self {
        let config = &opener.shared.config;
        let known = opener.shared.known_era.lock().map(|it| it.era());
        // A stream is used up by the first connection.
        let can_reconnect = !matches!(opener.dial, Dial::Stream(_));
        let finding = Finding::new(DetectConfig {
            mode: config.era,
            goal: Goal::Handshake { known, can_reconnect },
            carrier: carrier(&opener.dial),
            patience: config.limits.upstream.connect_timeout,
            long_patience: config.limits.calls.timeout,
        });
        Self { opener, number, finding, probe: None, opened: None, leftover: None }
    }

    /// Opens the connection.
    pub(super) async fn run(mut self) -> Result<Opened, ClientError> {
        loop {
            match self.finding.action() {
                Action::Discover(patience) => {
                    let probe = self.connect()?;
                    self.discover(probe, patience).await;
                }
                Action::Retry(patience) => {
                    let probe = self.probe.take().map_or_else(|| self.connect(), Ok)?;
                    self.discover(probe, patience).await;
                }
                Action::Initialize(patience) => self.initialize(patience).await,
                Action::Settled(Era::Modern, _) => return self.modern(),
                Action::Settled(Era::Legacy, _) => return self.legacy(),
                Action::GaveUp(why) => return Err(self.finding.failure(why)),
            }
            self.tell();
        }
    }

    fn connect(&self) -> Result<Probe, ClientError> {
        let Opener { dial, runtime, .. } = self.opener;
        let (connection, lines) = match dial {
            Dial::Http(link) => (ModernConnection::over_http(link.clone(), runtime), None),
            Dial::Lines(_) | Dial::Stream(_) => {
                let lines = self.opener.lines(Era::Modern)?;
                (ModernConnection::over_lines(lines.connection.clone(), runtime), Some(lines))
            }
        };
        Ok(Probe { connection, lines })
    }

    async fn discover(&mut self, mut probe: Probe, patience: Duration) {
        let Probe { connection, lines } = &mut probe;
        let question = detect::discover(&self.opener.shared.modern_meta);
        let mut nothing = None;
        let task = lines.as_mut().map_or(&mut nothing, |it| &mut it.task);
        let asked = drive(task, timeout(patience, connection.ask(question))).await;
        self.finding.discovered(asked, patience);
        self.probe = Some(probe);
    }

    async fn initialize(&mut self, patience: Duration) {
        let asked = self.probe.take().and_then(|it| it.lines);
        // "Some stdio servers exit on any pre-initialize request": a child that was asked is not
        // used any more.
        let is_used_again = matches!(self.opener.dial, Dial::Stream(_));
        let (again, asked) = if is_used_again { (asked, None) } else { (None, asked) };
        if let Some(Lines { connection, task }) = asked {
            drop(connection);
            self.leftover = task;
        }
        let opened = self.opener.open_legacy(self.number, again, patience).await;
        self.finding.initialized(opened.as_ref().map(|it| it.session.facts.revision));
        self.opened = opened.ok();
    }

    /// Tells the caller's listener the outcome of the last question.
    fn tell(&mut self) {
        let listener = self.opener.shared.config.handlers.era_step.as_ref();
        if let (Some(step), Some(listener)) = (self.finding.step(), listener) {
            listener(step);
        }
    }

    fn modern(self) -> Result<Opened, ClientError> {
        let facts = self.finding.facts()?;
        let Some(Probe { connection, lines }) = self.probe else {
            return Err(unanswered(Method::ServerDiscover));
        };
        let session = session(self.number, Connection::Modern(connection), facts);
        let line = lines.and_then(|it| it.task);
        Ok(Opened { session, line, listening: None, leftover: self.leftover })
    }

    fn legacy(self) -> Result<Opened, ClientError> {
        let opened = self.opened.ok_or_else(|| unanswered(Method::Initialize))?;
        Ok(Opened { leftover: self.leftover, ..opened })
    }
}

fn carrier(dial: &Dial) -> Carrier {
    match dial {
        Dial::Http(_) => Carrier::Http,
        Dial::Lines(_) | Dial::Stream(_) => Carrier::Pipe,
    }
}
