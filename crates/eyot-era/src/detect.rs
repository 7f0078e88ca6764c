//! Finding the era of a server: what it is asked, what its answers prove, how long that holds.
//!
//! "The era determination is a property of the server, not of an individual request" (2026-07-28,
//! basic/versioning, Backward Compatibility with Initialization-Based Versions). A [`Detector`]
//! says what to ask next and when it knows enough; its driver asks and tells it what came. An
//! [`EraCache`] keeps what was found of an upstream for a bounded time, unless its era is pinned.
//!
//! | asked | what comes | what follows |
//! |---|---|---|
//! | `server/discover` | a result that offers our modern revision | *settled*: modern |
//! | | −32022 that offers our modern revision | the question once more, on the same connection |
//! | | a result or −32022 that offers a legacy revision | as of a legacy server |
//! | | a result or −32022 that offers neither, or another modern error | modern, but no handshake |
//! | | 401, 403, 408, 429 or 5xx; over HTTP also silence and a broken connection | *given up* |
//! | | anything else: of a legacy server | `initialize` |
//! | `initialize` | a result with a legacy revision | *settled*: legacy |
//! | | a refusal, when it was asked first because the server was known to be legacy | `server/discover` |
//! | | a modern error, after `server/discover` | `server/discover` with more patience |
//! | | anything else | *given up* |
//!
//! A driver that needs no handshake ([`Goal::Era`]) asks for no `initialize`: it is settled where
//! this would be asked, and where a modern server refuses the handshake. A pinned era is never
//! looked into: only its own handshake is asked for, if one is needed.

mod cache;
mod evidence;
mod known;
mod mode;
mod refutation;
mod request;
mod step;

use std::time::Duration;

use eyot_types::{Era, Method, Revision};

pub use self::cache::{ERA_TTL, EraCache, RECHECK_PAUSE};
use self::evidence::Evidence;
pub use self::evidence::{Carrier, is_legacy_refusal, may_be_modern};
pub use self::known::KnownEra;
pub use self::mode::EraMode;
pub use self::refutation::{Asked, is_legacy_answer, is_legacy_fault};
pub use self::request::{discover, proxy_meta};
pub use self::step::{EraAnswer, EraStep};

/// Finds the era of one server.
///
/// It asks at most six questions. Answers that come when it has settled or given up change nothing.
#[derive(Debug)]
pub struct Detector {
    config: DetectConfig,
    action: Action,
    /// How often `server/discover` was asked on a new connection.
    probes: u8,
    step: Option<EraStep>,
}

/// How an era is found.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a driver must say all of it")]
pub struct DetectConfig {
    /// The era that the server is pinned to, if it is.
    pub mode: EraMode,
    /// What is needed.
    pub goal: Goal,
    /// What carries the questions.
    pub carrier: Carrier,
    /// How long the first answer to `server/discover` may take.
    pub patience: Duration,
    /// How long `initialize` may take, and `server/discover` at a server that is slow to start.
    pub long_patience: Duration,
}

/// What is needed of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know which it has")]
pub enum Goal {
    /// To know whether it speaks the modern era; clients open their legacy sessions themselves.
    Era,
    /// A connection that is ready for calls.
    Handshake {
        /// What was found before: it is tried first. A handshake proves it or refutes it, so that
        /// its age does no harm.
        known: Option<Era>,
        /// Whether a refused connection can be followed by another one.
        can_reconnect: bool,
    },
}

/// What the driver does next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must do each of them")]
pub enum Action {
    /// Ask with `server/discover` on a new connection, and wait for so long.
    Discover(Duration),
    /// Ask the same once more on the same connection, and wait for so long.
    Retry(Duration),
    /// Send `initialize`, and wait for so long.
    Initialize(Duration),
    /// Nothing: the server speaks this era. `None`: no handshake has agreed on a revision.
    Settled(Era, Option<Revision>),
    /// Nothing: there is no era, or no handshake.
    GaveUp(GiveUp),
}

/// Why no era was found, or no handshake made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must say each of them")]
pub enum GiveUp {
    /// What came last is the reason: it is no evidence, or refuses the handshake.
    Refused,
    /// The server is modern, and speaks only these revisions.
    NoCommonRevision(Vec<String>),
    /// The server is legacy, and pinned to the modern era.
    Pinned,
    /// The server refuses the handshakes of both eras: the refusal of `initialize` is the reason.
    Neither,
}

impl Detector {
    /// A detector that has asked nothing yet.
    #[must_use]
    pub fn new(config: DetectConfig) -> Self {
        let action = Action::Initialize(config.long_patience);
        let mut detector = Self { config, action, probes: 0, step: None };
        detector.action = detector.first();
        detector
    }

    /// What to do now. A question stays the same until it is answered.
    #[must_use]
    pub fn poll_action(&self) -> Action {
        self.action.clone()
    }

    /// What came of the last question, for those who want to hear how the era is found.
    pub fn poll_step(&mut self) -> Option<EraStep> {
        self.step.take()
    }

    /// The server has answered.
    pub fn handle_answer(&mut self, answer: EraAnswer) {
        self.handle(answer, false);
    }

    /// There is no answer, for this reason. `is_refusal`: the server has refused the request below
    /// JSON-RPC ([`is_legacy_refusal`]).
    pub fn handle_fault(&mut self, reason: String, is_refusal: bool) {
        self.handle(EraAnswer::Failed(reason), is_refusal);
    }

    /// There is no answer within the time of the question.
    pub fn handle_silence(&mut self) {
        let (Action::Discover(waited) | Action::Retry(waited) | Action::Initialize(waited)) =
            self.action
        else {
            return;
        };
        self.handle(EraAnswer::Silent(waited), false);
    }

    fn handle(&mut self, answer: EraAnswer, is_refusal: bool) {
        let (asked, (action, taken_for)) = match self.action {
            // "The client SHOULD select a mutually supported version from the `supported` list and
            // retry the request" (2026-07-28, basic/versioning, Protocol Version Negotiation).
            // Behind one address there may be servers of several ages.
            Action::Discover(patience) if answer.refuses_and_offers(Revision::MODERN) => {
                self.action = Action::Retry(patience);
                return;
            }
            Action::Discover(_) | Action::Retry(_) => {
                (Method::ServerDiscover, self.discovered(&answer, is_refusal))
            }
            Action::Initialize(_) => (Method::Initialize, self.initialized(&answer, is_refusal)),
            Action::Settled(..) | Action::GaveUp(_) => return,
        };
        self.action = action;
        self.step = Some(EraStep { asked: asked.as_str(), answer, taken_for });
    }

    fn first(&mut self) -> Action {
        let known = match self.config.goal {
            Goal::Handshake { known, .. } => known,
            Goal::Era => None,
        };
        match (self.config.mode.pinned(), self.config.goal) {
            (Some(era), Goal::Era) => Action::Settled(era, None),
            (pinned, _) if pinned.or(known) == Some(Era::Legacy) => self.initialize(),
            _ => self.probe(self.config.patience),
        }
    }

    /// What follows the answer to `server/discover`, and what the server is taken for.
    fn discovered(&self, answer: &EraAnswer, is_refusal: bool) -> (Action, Option<Era>) {
        let modern = Some(Era::Modern);
        match answer.evidence(is_refusal, self.config.carrier) {
            Evidence::Nothing => (Action::GaveUp(GiveUp::Refused), None),
            Evidence::Legacy => (self.found_legacy(), Some(Era::Legacy)),
            Evidence::Modern => match (answer, answer.offered()) {
                (EraAnswer::Accepted(it), _) => (Action::Settled(Era::Modern, Some(*it)), modern),
                // A server of both eras that lacks our modern revision.
                (_, Some(offered)) if has_legacy(&offered) => {
                    (self.found_legacy(), Some(Era::Legacy))
                }
                _ if self.config.goal == Goal::Era => (Action::Settled(Era::Modern, None), modern),
                (_, Some(offered)) => (Action::GaveUp(GiveUp::NoCommonRevision(offered)), modern),
                (_, None) => (Action::GaveUp(GiveUp::Refused), modern),
            },
        }
    }

    fn found_legacy(&self) -> Action {
        match self.config.goal {
            Goal::Era => Action::Settled(Era::Legacy, None),
            Goal::Handshake { .. } if self.config.mode.pinned().is_some() => {
                Action::GaveUp(GiveUp::Pinned)
            }
            Goal::Handshake { .. } if self.probes >= PROBES_MAX => Action::GaveUp(GiveUp::Neither),
            Goal::Handshake { .. } => self.initialize(),
        }
    }

    /// What follows the answer to `initialize`, and what the server is taken for.
    fn initialized(&mut self, answer: &EraAnswer, is_refusal: bool) -> (Action, Option<Era>) {
        if let EraAnswer::Accepted(revision) = answer
            && revision.era() == Era::Legacy
        {
            return (Action::Settled(Era::Legacy, Some(*revision)), Some(Era::Legacy));
        }
        let is_modern = answer.is_modern_error();
        let is_refusal = is_refusal || matches!(answer, EraAnswer::Refused { .. });
        let action = match self.probes {
            _ if !self.may_probe() => Action::GaveUp(GiveUp::Refused),
            // "Re-probing if the cached assumption later fails" (2026-07-28, basic/versioning).
            // Our own `initialize` is right, so that each refusal counts.
            0 if is_refusal => self.probe(self.config.patience),
            // It was only slow to answer: a program that is started for the first time may be.
            1 if is_modern => self.probe(self.config.long_patience),
            _ => Action::GaveUp(GiveUp::Refused),
        };
        (action, is_modern.then_some(Era::Modern))
    }

    fn may_probe(&self) -> bool {
        let can_reconnect = matches!(self.config.goal, Goal::Handshake { can_reconnect: true, .. });
        can_reconnect && self.config.mode.pinned().is_none()
    }

    fn probe(&mut self, patience: Duration) -> Action {
        self.probes += 1;
        Action::Discover(patience)
    }

    fn initialize(&self) -> Action {
        Action::Initialize(self.config.long_patience)
    }
}

/// "Select a mutually supported version": one of the legacy era may be among them.
fn has_legacy(offered: &[String]) -> bool {
    let mut known = offered.iter().filter_map(|it| Revision::parse(it));
    known.any(|it| it.era() == Era::Legacy)
}

/// How often a server is asked on a new connection: at first, and with more patience.
const PROBES_MAX: u8 = 2;

#[cfg(test)]
mod tests;
