//! What an upstream sent that is no message: one verdict for every carrier.

use eyot_frame::{Excerpt, FrameError};
use eyot_jsonrpc::{ParseError, Remnant, UpstreamId};
use eyot_service::{BadMessage, Fault};
use eyot_types::codes::{self, Outcome};

/// A text of an upstream that is no message, with the reason.
///
/// If it was an answer, the call has run; nothing is known of its result, and asking again would
/// most likely bring the same. So the call ends at once, and is not retried.
#[derive(Clone, Debug)]
pub(crate) struct Unreadable {
    reason: String,
    remnant: Remnant,
}

impl Unreadable {
    /// Whether the text was an answer that does not say whose.
    pub(crate) fn is_unnamed_answer(&self) -> bool {
        self.remnant.is_answer() && self.remnant.answered().next().is_none()
    }

    /// Whether the text says that its sender does not know whose answer it is, as servers do that
    /// answer a notification.
    pub(crate) fn names_no_request(&self) -> bool {
        self.remnant.names_no_request()
    }

    /// Our requests that the text answers, if it says so.
    pub(crate) fn answered(&self) -> impl Iterator<Item = UpstreamId> {
        self.remnant.answered().filter_map(UpstreamId::repeated_by)
    }

    /// Whether the text can be the answer to one call, on a channel of its own. `None`: our id of
    /// the call is not known.
    pub(crate) fn may_answer(&self, ours: Option<UpstreamId>) -> bool {
        let mut ids = self.remnant.answered().map(UpstreamId::repeated_by);
        self.is_unnamed_answer() || ids.any(|id| ours.is_none() || id == ours)
    }

    /// The fault of a call that the text answers.
    pub(crate) fn fault(&self) -> Fault {
        let reason = format!("upstream's answer is invalid: {}", self.reason);
        Fault::upstream(codes::upstream_lost(&reason, Outcome::Unknown, false))
    }

    /// Notes that the text goes nowhere.
    pub(crate) fn drop_unused(&self) {
        tracing::warn!(reason = self.reason, "upstream sent what is no message");
        eyot_metrics::messages_dropped("message_unreadable");
    }
}

/// The fault of a call whose stream has ended before its answer. What came in the place of a message
/// was most likely that answer.
pub(crate) fn ended_unanswered(unreadable: Option<&Unreadable>) -> Fault {
    unreadable.map_or_else(
        || {
            let reason = "upstream's stream ended before the answer";
            Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, true))
        },
        Unreadable::fault,
    )
}

impl From<ParseError> for Unreadable {
    fn from(error: ParseError) -> Self {
        Self { reason: error.to_string(), remnant: error.remnant().clone() }
    }
}

impl From<BadMessage> for Unreadable {
    fn from(error: BadMessage) -> Self {
        Self { reason: error.to_string(), remnant: error.into_remnant() }
    }
}

impl From<FrameError> for Unreadable {
    fn from(error: FrameError) -> Self {
        Self::from(match error {
            FrameError::TooLong(Excerpt { len_bytes, limit_bytes, head, tail, .. }) => {
                let remnant = Remnant::of_ends(len_bytes, &head, &tail);
                BadMessage::TooLong { len_bytes, limit_bytes, remnant }
            }
            _ => BadMessage::Unreadable,
        })
    }
}

#[cfg(test)]
mod tests;
