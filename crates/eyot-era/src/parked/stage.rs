//! How far a call has come.

use std::time::Instant;

use eyot_jsonrpc::Message;

use super::record::AnswersDigest;

/// See the table in [`super`].
#[derive(Debug)]
pub(super) enum Stage {
    Running,
    Collecting { until: Instant },
    Asking,
    Asked(Asked),
    Answering(Vec<Message>),
    Abandoned { until: Instant },
    Ending(Message),
    Ended { word: Message, until: Instant },
    Over,
}

/// How the client is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) expires: Instant,
    /// Set when nobody was here to be told: a client that has gone for good is not waited for.
    pub(super) return_by: Option<Instant>,
    /// What the upstream may have got from an earlier process.
    pub(super) given: Option<AnswersDigest>,
}

impl Asked {
    pub(super) fn until(&self) -> Instant {
        self.return_by.map_or(self.expires, |it| it.min(self.expires))
    }
}

/// How far the record of this stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storing {
    Idle,
    Due,
    InFlight,
}
