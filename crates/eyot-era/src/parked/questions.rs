//! The open questions of one call: what its server asked and its client has not yet answered.

use std::fmt;

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, INVALID_PARAMS, Id, Message, Request};
use eyot_types::{
    ElicitAction, ElicitResult, InputRequest, InputRequests, JsonObject, Method, Question, Revision,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::revision::{self, Losses};

/// The questions of a legacy server to a modern client.
///
/// A question keeps its key for as long as it is open, no key is used for another question, and a
/// question is answered at most once, whatever the client repeats, forgets or invents.
#[derive(Debug, Default)]
pub struct Questions {
    /// Counts the rounds in which the client was asked; the first is 1.
    round: u32,
    open: Vec<Open>,
    /// Answered in this round, until the answers may be sent.
    answered: Vec<Open>,
    losses: RoundLosses,
    is_closed: bool,
}

/// What was lost on the way between the server and the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "there are two ways")]
pub struct RoundLosses {
    /// Of the questions.
    pub asked: Losses,
    /// Of the answers.
    pub answered: Losses,
}

/// A question as it is stored, for the process that goes on with the call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "a process that stores one stores all of it")]
pub struct OpenQuestion {
    /// The key under which the client answers.
    pub key: String,
    /// The server's id of it.
    pub id: Id,
    /// What was asked: an [`InputRequest`], written.
    pub request: Box<RawValue>,
    /// Where the server looks for a sign that its question is alive.
    pub progress_token: Option<Id>,
}

/// Why a round is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoundError {
    /// It was answered before, or is of another call.
    #[error("this round has been answered already")]
    AnsweredAlready,
    /// What came for this key is no answer to its question, and this is not the first time.
    #[error("inputResponses[{key:?}] is no answer to {method}: {reason}")]
    Misread {
        /// The key.
        key: String,
        /// The method of the question.
        method: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl RoundError {
    /// The error for the client.
    #[must_use]
    pub fn to_error(&self) -> ErrorObject {
        ErrorObject::new(INVALID_PARAMS, format!("Invalid params: {self}"))
    }
}

#[derive(Debug)]
struct Open {
    /// `None` until the question is asked or stored.
    key: Option<Key>,
    /// The server's id of it.
    id: Id,
    method: String,
    /// As the client gets it, written: people take their time, and text is a tenth of what it says
    /// when it is decoded.
    request: Box<RawValue>,
    progress_token: Option<Id>,
    beats: u64,
    /// The client has answered something that is no answer to it.
    was_misread: bool,
}

/// The key of a question: the round in which it is asked first, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    round: u32,
    number: u32,
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        let (round, number) = text.split_once('.')?;
        Some(Self { round: round.parse().ok()?, number: number.parse().ok()? })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round, self.number)
    }
}

impl Questions {
    /// Goes on with what an earlier process has stored; `owners` processes had the call before.
    #[must_use]
    pub fn resume(round: u32, stored: Vec<OpenQuestion>, owners: u64) -> Self {
        // Progress must rise, and how often the others have said that they live is not known.
        let beats = owners.saturating_mul(BEATS_OF_AN_OWNER);
        let open = stored.into_iter().filter_map(|it| Open::resume(it, beats)).collect();
        Self { round, open, ..Self::default() }
    }

    /// The number of the round that was asked last; 0 before the first.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Whether the server waits for an answer.
    #[must_use]
    pub fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// The server's ids of the questions that are open.
    pub fn open_ids(&self) -> impl Iterator<Item = &Id> {
        self.open.iter().map(|it| &it.id)
    }

    /// Takes a question of the server.
    ///
    /// # Errors
    /// The error that answers the server, when its question cannot be asked.
    pub fn ask(&mut self, request: &Request, open_max: usize) -> Result<(), ErrorObject> {
        if self.open.len() >= open_max || self.is_closed {
            let reason = format!("a call has at most {open_max} open questions");
            return Err(ErrorObject::new(INTERNAL_ERROR, reason));
        }
        let invalid =
            |reason: String| ErrorObject::new(INVALID_PARAMS, format!("Invalid params: {reason}"));
        let id = request.id();
        if self.open.iter().chain(&self.answered).any(|it| it.id == id) {
            // Heard once more, because a stream was taken up where it may have been cut.
            return Ok(());
        }
        let question = Question::decode_text(request.method(), request.params());
        let question = question.map_err(|error| invalid(error.to_string()))?;
        // A client that is asked in a round needs neither our id nor a token to say that it lives.
        let (question, losses) = revision::to(Revision::MODERN, question);
        if let Some(feature) = losses.refused() {
            return Err(invalid(format!("the client has no {feature}")));
        }
        let written = to_raw_value(&InputRequest::from(question));
        let written = written.map_err(|error| invalid(error.to_string()))?;
        self.losses.asked.extend(losses);
        // Most calls ask one question, and wait with it for long.
        self.open.reserve_exact(1);
        self.open.push(Open {
            key: None,
            id: id.detached(),
            method: request.method().to_owned(),
            request: written,
            progress_token: request.progress_token().map(|it| it.detached()),
            beats: 0,
            was_misread: false,
        });
        Ok(())
    }

    /// The server takes a question back, or has no use for it any more; `false` when it is not
    /// open.
    pub fn withdraw(&mut self, id: &Id) -> bool {
        let count = self.open.len();
        self.open.retain(|it| it.id != *id);
        self.open.len() < count
    }

    /// Begins the next round: all that is open is asked in it.
    pub fn begin_round(&mut self) -> u32 {
        self.round = self.round.saturating_add(1);
        // They may rest for long, and there is seldom more than one.
        self.open.shrink_to_fit();
        self.name_new(self.round);
        self.round
    }

    /// What the client is asked in this round.
    #[must_use]
    pub fn requests(&self) -> InputRequests {
        let asked = self.open.iter().filter(|it| it.is_asked(self.round));
        asked.filter_map(|it| Some((it.key?.to_string(), decoded(&it.request)?))).collect()
    }

    /// What the next process needs to know. Answers that have not been sent are not part of it:
    /// the client brings them again.
    #[must_use]
    pub fn to_stored(&mut self) -> Vec<OpenQuestion> {
        self.name_new(self.round.saturating_add(1));
        self.answered.iter().chain(&self.open).filter_map(Open::to_stored).collect()
    }

    /// Takes the client's answers to this round: what the server gets, as it has it in `revision`.
    ///
    /// Answers to no open question are not read. A question without an answer, or with an invalid
    /// one, stays open and is asked again.
    ///
    /// # Errors
    /// [`RoundError::Misread`]; then nothing has changed.
    pub fn answer(
        &mut self,
        responses: &JsonObject,
        revision: Revision,
    ) -> Result<Vec<Message>, RoundError> {
        let read = |open: &Open| {
            let key = open.key.filter(|_| open.is_asked(self.round))?;
            Some(answer_text(open, responses.get(&key.to_string())?, revision))
        };
        let answers: Vec<_> = self.open.iter().map(read).collect();
        for (open, answer) in self.open.iter().zip(&answers) {
            if let (Some(Err(reason)), true) = (answer, open.was_misread) {
                let key = open.key.map(|it| it.to_string()).unwrap_or_default();
                let (method, reason) = (open.method.clone(), reason.clone());
                return Err(RoundError::Misread { key, method, reason });
            }
        }
        let mut messages = Vec::new();
        for (mut open, answer) in std::mem::take(&mut self.open).into_iter().zip(answers) {
            match answer {
                Some(Ok((answer, losses))) => {
                    self.losses.answered.extend(losses);
                    messages.push(Message::response(open.id.clone(), &answer));
                    self.answered.push(open);
                }
                Some(Err(_)) => {
                    open.was_misread = true;
                    self.open.push(open);
                }
                None => self.open.push(open),
            }
        }
        Ok(messages)
    }

    /// The answers may be sent: what they answer is not needed any more.
    pub fn forget_answered(&mut self) {
        self.answered = Vec::new();
    }

    /// No answer will come: what the server gets instead. Nothing is asked any more.
    ///
    /// "Cancel: User dismissed without making an explicit choice" (2025-11-25,
    /// client/elicitation, Response Actions); the other questions have no such answer.
    pub fn close(&mut self) -> Vec<Message> {
        self.is_closed = true;
        self.answered = Vec::new();
        std::mem::take(&mut self.open).iter().map(refusal).collect()
    }

    /// Whether the server asked for signs that its questions are alive.
    #[must_use]
    pub fn wants_beats(&self) -> bool {
        self.open.iter().any(|it| it.progress_token.is_some())
    }

    /// Signs that the open questions are alive, for a server that asked for them: one that counts
    /// the time of its own requests may begin anew with each ("MAY choose to reset the timeout
    /// clock when receiving a progress notification", 2025-11-25, basic/lifecycle, Timeouts).
    pub fn beats(&mut self) -> Vec<Message> {
        let beat = |open: &mut Open| {
            let token = open.progress_token.clone()?;
            open.beats = open.beats.saturating_add(1);
            let params = json!({ "progressToken": token, "progress": open.beats });
            Some(Message::notification(Method::Progress.as_str(), &params))
        };
        self.open.iter_mut().filter_map(beat).collect()
    }

    /// What was lost since this was last asked.
    pub fn take_losses(&mut self) -> RoundLosses {
        std::mem::take(&mut self.losses)
    }

    /// Gives keys of this round to the questions that have none.
    fn name_new(&mut self, round: u32) {
        let keys = self.open.iter().filter_map(|it| it.key);
        let mut number = keys.filter(|it| it.round == round).map(|it| it.number).max().unwrap_or(0);
        for open in self.open.iter_mut().filter(|it| it.key.is_none()) {
            number = number.saturating_add(1);
            open.key = Some(Key { round, number });
        }
    }
}

impl Open {
    fn resume(stored: OpenQuestion, beats: u64) -> Option<Self> {
        let OpenQuestion { key, id, request, progress_token } = stored;
        let method = decoded(&request)?.question.method().as_str().to_owned();
        let key = Some(Key::parse(&key)?);
        Some(Self { key, id, method, request, progress_token, beats, was_misread: false })
    }

    fn to_stored(&self) -> Option<OpenQuestion> {
        let (id, request) = (self.id.clone(), self.request.clone());
        let progress_token = self.progress_token.clone();
        Some(OpenQuestion { key: self.key?.to_string(), id, request, progress_token })
    }

    /// Whether the client has been asked by this round.
    fn is_asked(&self, round: u32) -> bool {
        self.key.is_some_and(|it| it.round <= round)
    }
}

/// An answer of the client as the server has it.
fn answer_text(
    open: &Open,
    value: &serde_json::Value,
    revision: Revision,
) -> Result<(Box<RawValue>, Losses), String> {
    let converted = revision::result(revision, Method::parse(&open.method), &value.to_string());
    let (text, losses) = converted.map_err(|error| error.to_string())?;
    if let Some(feature) = losses.refused() {
        return Err(format!("the server has no {feature}"));
    }
    let text = RawValue::from_string(text).map_err(|error| error.to_string())?;
    Ok((text, losses))
}

/// What was asked, read again.
fn decoded(request: &RawValue) -> Option<InputRequest> {
    serde_json::from_str(request.get()).ok()
}

fn refusal(open: &Open) -> Message {
    let id = open.id.clone();
    match Method::parse(&open.method) {
        Method::ElicitationCreate => {
            Message::response(id, &ElicitResult::new(ElicitAction::Cancel))
        }
        Method::SamplingCreateMessage => {
            let error = ErrorObject::new(USER_REJECTED, "User rejected sampling request");
            Message::error_response(Some(id), &error)
        }
        _ => {
            let error = ErrorObject::new(INTERNAL_ERROR, "the client did not answer in time");
            Message::error_response(Some(id), &error)
        }
    }
}

/// More signs of life than any owner of a call gives.
const BEATS_OF_AN_OWNER: u64 = 1 << 24;
/// "code: -1, message: User rejected sampling request" (2025-11-25, client/sampling, Error
/// Handling).
const USER_REJECTED: i64 = -1;

#[cfg(test)]
mod tests;
