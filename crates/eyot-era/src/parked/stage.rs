//! How far a call has come.

use std::time::{Duration, Instant};

use eyot_jsonrpc::{Message, Response};

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
    Ending(Response),
    Ended { word: Response, until: Instant },
    Over,
}

/// How the client is waited for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) expires: Instant,
    /// Set when no client was there to be told: one that has gone for good is not waited for.
    pub(super) return_by: Option<Instant>,
    /// What the upstream may have got from an earlier process.
    pub(super) given: Option<Box<AnswersDigest>>,
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

/// How long further questions are waited for when one was asked.
pub(super) const COLLECTING: Duration = Duration::from_millis(10);
/// How long a call goes on for a client that went away in the middle of a round.
pub(super) const RETURN: Duration = Duration::from_secs(2);
/// Between two signs of life. Servers count seconds, and some count few.
pub(super) const BEAT: Duration = Duration::from_secs(1);
/// How long a client can come back for a last word that it has not heard.
pub(super) const LAST_WORD_TTL: Duration = Duration::from_secs(60);
/// Bytes of a last word that is kept.
pub(super) const LAST_WORD_BYTES_MAX: usize = 256 << 10;
