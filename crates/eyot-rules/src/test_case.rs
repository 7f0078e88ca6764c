//! A test that a file of rules carries.

use eyot_types::Era;

use crate::check::Wanted;
use crate::demand::{Answer, Demand};
use crate::path::Path;
use crate::subject::{Direction, Phase, Subject, Transport};

/// A test.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) given: Given,
    pub(crate) expected: Expected,
}

/// A message, and the answers to demands about it.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) method: String,
    pub(crate) phase: Phase,
    pub(crate) direction: Direction,
    pub(crate) item: Option<String>,
    pub(crate) payload: Option<String>,
    pub(crate) request: Option<String>,
    pub(crate) server: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) principal: Option<String>,
    pub(crate) scopes: Option<Vec<Box<str>>>,
    pub(crate) client: Option<String>,
    pub(crate) client_version: Option<String>,
    pub(crate) era: Option<Era>,
    pub(crate) transport: Option<Transport>,
    pub(crate) remote: Option<String>,
    pub(crate) annotations: Option<String>,
    /// By the rule that asks. All other demands pass.
    pub(crate) answers: Vec<(String, Answer)>,
}

/// What a test expects. `None`: nothing is said.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) decision: Option<String>,
    /// `Some(None)`: no rule decides.
    pub(crate) rule: Option<Option<String>>,
    pub(crate) code: Option<i64>,
    pub(crate) message: Option<String>,
    pub(crate) route: Option<String>,
    /// What places of the payload are afterwards.
    pub(crate) after: Vec<(Path, Wanted)>,
    pub(crate) changed: Option<bool>,
    pub(crate) tags: Option<Vec<String>>,
    /// The actions that were asked of the driver.
    pub(crate) demands: Option<Vec<String>>,
    /// What rules have counted for the message, in the order of the file.
    pub(crate) costs: Option<Vec<(String, String)>>,
    /// Whether the item is seen nowhere.
    pub(crate) hidden: Option<bool>,
    /// The rules that would have done something.
    pub(crate) audits: Option<Vec<String>>,
    /// The rules that could not be applied.
    pub(crate) failures: Option<Vec<String>>,
}

impl Given {
    /// The message.
    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            method: &self.method,
            phase: self.phase,
            direction: self.direction,
            item: self.item.as_deref(),
            payload: self.payload.as_deref(),
            request: self.request.as_deref(),
            arguments: None,
            server: self.server.as_deref(),
            session: self.session.as_deref(),
            principal: self.principal.as_deref(),
            scopes: self.scopes.as_deref(),
            client: self.client.as_deref(),
            client_version: self.client_version.as_deref(),
            era: self.era,
            transport: self.transport,
            remote: self.remote.as_deref(),
            annotations: self.annotations.as_deref(),
        }
    }

    /// The answer to a demand.
    pub(crate) fn answer(&self, demand: &Demand<'_>) -> Answer {
        let answer = self.answers.iter().find(|(rule, _)| rule == demand.rule);
        answer.map_or(Answer::Pass, |(_, answer)| answer.clone())
    }
}
