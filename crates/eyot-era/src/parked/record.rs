//! What is stored of a parked call: enough for another process to go on with it.

use eyot_jsonrpc::Response;
use eyot_types::JsonObject;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::questions::OpenQuestion;

/// How far a call has come, for the process that goes on with it.
///
/// `P` is where it waits: the machine itself knows its open questions only, a driver adds the
/// place at its upstream.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a process that stores one stores all of it")]
pub struct Record<P = Vec<OpenQuestion>> {
    /// The round that was asked last.
    pub round: u32,
    /// What was stored last.
    pub stage: RecordStage<P>,
}

/// The last step of a call that was stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_enums, reason = "a process that goes on must know them all")]
pub enum RecordStage<P = Vec<OpenQuestion>> {
    /// Its client has been asked, after it had given these answers in the round before.
    #[serde(rename = "asked")]
    Asked(Option<AnswersDigest>, P),
    /// The upstream gets these answers, or has got them.
    #[serde(rename = "answered")]
    Answered(AnswersDigest, P),
    /// This is the last word, after these answers.
    #[serde(rename = "done")]
    Done(AnswersDigest, #[serde(with = "as_raw")] Response),
    /// It has ended without one.
    #[serde(rename = "over")]
    Over,
}

impl<P> Record<P> {
    /// The step with another description of where the call waits.
    pub fn map<Q>(self, place: impl FnOnce(P) -> Q) -> Record<Q> {
        let stage = match self.stage {
            RecordStage::Asked(before, it) => RecordStage::Asked(before, place(it)),
            RecordStage::Answered(given, it) => RecordStage::Answered(given, place(it)),
            RecordStage::Done(given, word) => RecordStage::Done(given, word),
            RecordStage::Over => RecordStage::Over,
        };
        Record { round: self.round, stage }
    }
}

/// Stands for what a client has answered, and says nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AnswersDigest([u8; 32]);

impl AnswersDigest {
    /// Of these answers, in whatever order they were written.
    #[must_use]
    pub fn of(responses: &JsonObject) -> Self {
        let text = serde_json::to_vec(responses).unwrap_or_default();
        Self(Sha256::digest(&text).into())
    }
}

/// An answer as its own text.
mod as_raw {
    use eyot_jsonrpc::{Message, Response, ScanLimits};
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use serde_json::value::RawValue;

    pub(super) fn serialize<S: Serializer>(it: &Response, to: S) -> Result<S::Ok, S::Error> {
        let bytes = it.to_bytes();
        let raw: &RawValue = serde_json::from_slice(&bytes).map_err(S::Error::custom)?;
        raw.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Response, D::Error> {
        let raw: Box<str> = Box::<RawValue>::deserialize(from)?.into();
        let text = String::from(raw).into();
        let limits = ScanLimits::default();
        let message = Message::parse_from_upstream(text, &limits).map_err(D::Error::custom)?;
        message.into_response().map_err(|_| D::Error::custom("the last word is no answer"))
    }
}
