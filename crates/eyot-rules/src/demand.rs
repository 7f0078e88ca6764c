//! What an evaluation asks of its driver, and the answers.

use std::fmt;
use std::time::Duration;

use crate::action::KeyPart;
use crate::json;
use crate::price::Cost;
use crate::principals::Principals;
use crate::view::View;

/// Something that only the driver of an evaluation can do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Demand<'s> {
    /// The rule that asks for it, whose quotas are its own.
    pub rule: &'s str,
    /// What is asked for.
    pub kind: DemandKind<'s>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DemandKind<'s> {
    /// What a message takes of a quota; [`Answer::Refuse`] if there is not as much left.
    Charge {
        /// What the messages of one quota have in common.
        key: String,
        /// Units in a time.
        limit: u64,
        /// The time.
        per: Duration,
        /// What the message takes of them.
        cost: Cost,
    },
    /// A permit that is held until the request has its answer, or until the verdict is that it gets
    /// none of a server; [`Answer::Refuse`] if none is left.
    Permit {
        /// What the messages have in common that share the permits.
        key: String,
        /// Permits.
        limit: u64,
    },
    /// Time to pass.
    Delay(Duration),
    /// The consent of a person; [`Answer::Refuse`] if it is not given.
    Ask {
        /// The question.
        message: &'s str,
        /// How long to wait for the answer; then it is a refusal. `None`: the driver knows.
        timeout: Option<Duration>,
        /// The principals of whom one is to consent. `None`: the user of the client.
        of: Option<&'s Principals>,
    },
    /// The word of a remote interceptor about [`Evaluation::payload`](crate::Evaluation::payload).
    Call {
        /// The name of the interceptor, as the file has it.
        interceptor: &'s str,
        /// How long to wait for it. `None`: the driver knows.
        timeout: Option<Duration>,
    },
}

/// What the driver says to a demand.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// It is done, or consented to.
    Pass,
    /// It is refused, for this reason, which the peer is told. Empty: for a reason of ours.
    Refuse(String),
    /// It is done, and this JSON takes the place of the payload.
    Replace(String),
    /// It could not be done, for this reason, which the operator is told. What becomes of the
    /// message is said by the `on_error` of the rule.
    Fail(String),
}

/// The debug output has no payload, which may be secret.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("Pass"),
            Self::Refuse(reason) => f.debug_tuple("Refuse").field(reason).finish(),
            Self::Replace(payload) => write!(f, "Replace({} bytes)", payload.len()),
            Self::Fail(reason) => f.debug_tuple("Fail").field(reason).finish(),
        }
    }
}

/// What messages have in common, as a text that no others have.
pub(crate) fn key_of(parts: &[KeyPart], view: &View<'_>) -> String {
    let subject = view.subject;
    let mut key = String::new();
    for part in parts {
        let value = match part {
            KeyPart::Principal => subject.principal,
            KeyPart::Session => subject.session,
            KeyPart::Client => subject.client,
            KeyPart::Server => subject.server,
            KeyPart::Method => Some(subject.method),
            KeyPart::Item => view.item(),
            KeyPart::Remote => subject.remote,
        };
        key.push(if key.is_empty() { '[' } else { ',' });
        key.push_str(&value.map_or_else(|| "null".to_owned(), json::quoted));
    }
    key.push_str(if key.is_empty() { "[]" } else { "]" });
    key
}
