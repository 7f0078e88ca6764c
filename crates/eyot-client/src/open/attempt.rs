//! One opening: asks the questions of the detector of eras, and tells it the answers.

use std::time::Duration;

use eyot_era::detect::{self, Action, DetectConfig, Goal};
use eyot_types::{Era, Method};
use eyot_upstream::ModernConnection;
use tokio::time::timeout;

use super::finding::{Finding, unanswered};
use super::{LineTask, Lines, Opened, Opener, drive, session};
use crate::error::ClientError;
use crate::session::Connection;
use crate::state::Shared;

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
        let Shared { config, target, .. } = &*opener.shared;
        let known = opener.shared.known_era.lock().map(|it| it.era());
        let finding = Finding::new(DetectConfig {
            mode: target.era_mode(config.era),
            goal: Goal::Handshake { known, can_reconnect: target.can_reconnect() },
            carrier: target.carrier(),
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
                    let probe = Self::connect(self.opener).await?;
                    self.discover(probe, patience).await;
                }
                Action::Retry(patience) => {
                    let probe = match self.probe.take() {
                        Some(probe) => probe,
                        None => Self::connect(self.opener).await?,
                    };
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

    // It holds the opener alone, so that the future can be sent.
    async fn connect(opener: &Opener) -> Result<Probe, ClientError> {
        let Opener { shared, runtime } = opener;
        let (connection, lines) = match shared.target.http_link() {
            Some(link) => (ModernConnection::over_http(link.clone(), runtime), None),
            None => {
                let lines = opener.lines(Era::Modern).await?;
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
        // used any more. What cannot be connected to again has to be.
        let is_used_again = !self.opener.shared.target.can_reconnect();
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
