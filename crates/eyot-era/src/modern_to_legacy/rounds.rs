//! A call that its server asks questions in the middle, in rounds of a modern client.
//!
//! A legacy server waits for the answers to its questions; a modern client is told to come again
//! with them. Between two rounds the call is *parked*. This machine knows which questions are open
//! and in which round they were asked, and turns what a round brings into the server's answers:
//! every question is answered at most once, whatever the client repeats, forgets or invents.

use crate::revision::{self, Losses};
use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, INVALID_PARAMS, Id, Message};
use eyot_types::{
    ElicitAction, ElicitResult, InputRequest, InputRequests, JsonObject, Method, Question, Revision,
};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

/// The questions of one call.
#[derive(Debug, Default)]
pub struct Rounds {
    /// Counts the rounds; the first is 1.
    round: u32,
    stage: Stage,
    open: Vec<Open>,
    losses: RoundLosses,
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// The server works.
    #[default]
    Running,
    /// The client has the word.
    Parked,
    /// Nothing is answered any more.
    Over,
}

#[derive(Debug)]
struct Open {
    /// `None` until it is asked.
    key: Option<String>,
    /// The server's id of it.
    id: Id,
    method: String,
    /// As the client gets it, written: people take their time, and text is a tenth of what it says
    /// when it is decoded.
    request: Box<RawValue>,
    /// Where the server looks for a sign that its question is alive.
    progress_token: Option<Id>,
    beats: u64,
    /// The client has answered something that is no answer to it.
    was_misread: bool,
}

/// An open question, for whoever goes on with the call.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "whoever keeps it keeps all of it")]
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

/// There are as many open questions as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a call has at most {QUESTIONS_MAX} open questions")]
pub struct TooManyQuestions;

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

impl Rounds {
    /// A call that nobody has asked anything in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A call that is parked in this round, and that `owners` had before.
    #[must_use]
    pub fn restore(round: u32, open: Vec<OpenQuestion>, owners: u64) -> Self {
        // Progress must rise, and how often the others have said that they live is not known.
        let beats = owners.saturating_mul(BEATS_OF_AN_OWNER);
        let open = open.into_iter().filter_map(|open| {
            let OpenQuestion { key, id, request, progress_token } = open;
            let method = decoded(&request)?.question.method().as_str().to_owned();
            let (key, was_misread) = (Some(key), false);
            Some(Open { key, id, method, request, progress_token, beats, was_misread })
        });
        Self { round, stage: Stage::Parked, open: open.collect(), losses: RoundLosses::default() }
    }

    /// The server asks.
    ///
    /// # Errors
    /// The error that answers the server, when its question cannot be asked.
    pub fn ask(&mut self, request: &Message) -> Result<(), ErrorObject> {
        let method = request.method().unwrap_or_default();
        if self.open.len() >= QUESTIONS_MAX || self.stage == Stage::Over {
            return Err(ErrorObject::new(INTERNAL_ERROR, TooManyQuestions.to_string()));
        }
        let invalid =
            |reason: String| ErrorObject::new(INVALID_PARAMS, format!("Invalid params: {reason}"));
        let Some(id) = request.id() else { return Err(invalid("no id".to_owned())) };
        if self.open.iter().any(|it| it.id == id) {
            // Heard once more, because a stream was taken up where it may have been cut.
            return Ok(());
        }
        let question = Question::decode_text(&method, request.params());
        let question = question.map_err(|error| invalid(error.to_string()))?;
        // Whoever is asked in a round needs neither our id nor a token to say that it is alive.
        let (question, losses) = revision::to(Revision::MODERN, question);
        if let Some(feature) = losses.refused() {
            return Err(invalid(format!("the client has no {feature}")));
        }
        let request_text = to_raw_value(&InputRequest::from(question));
        let request_text = request_text.map_err(|error| invalid(error.to_string()))?;
        self.losses.asked.extend(losses);
        self.open.push(Open {
            key: None,
            id: id.detached(),
            method: method.into_owned(),
            request: request_text,
            progress_token: request.progress_token().map(|it| it.detached()),
            beats: 0,
            was_misread: false,
        });
        Ok(())
    }

    /// The server takes a question back, or has no use for it any more.
    pub fn withdraw(&mut self, id: &Id) -> bool {
        let count = self.open.len();
        self.open.retain(|it| it.id != *id);
        self.open.len() < count
    }

    /// Whether the server waits for an answer.
    #[must_use]
    pub fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether the client has the word.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        self.stage == Stage::Parked
    }

    /// The client is given the word: the number of the round and everything that is open.
    ///
    /// A question keeps its key for as long as it is open, and no key is used for another one.
    pub fn park(&mut self) -> (u32, InputRequests) {
        self.round = self.round.saturating_add(1);
        self.stage = Stage::Parked;
        // It may rest for long, and seldom has more than one.
        self.open.shrink_to_fit();
        let mut number = 0_u32;
        for open in &mut self.open {
            if open.key.is_none() {
                number = number.saturating_add(1);
                open.key = Some(format!("{}.{number}", self.round));
            }
        }
        (self.round, self.questions())
    }

    /// What the client is asked in this round.
    #[must_use]
    pub fn questions(&self) -> InputRequests {
        let asked = self.open.iter();
        asked.filter_map(|it| Some((it.key.clone()?, decoded(&it.request)?))).collect()
    }

    /// The open questions that were asked, for whoever must be able to go on without us.
    #[must_use]
    pub fn asked(&self) -> Vec<OpenQuestion> {
        let asked = self.open.iter().filter_map(|it| {
            let (id, request) = (it.id.clone(), it.request.clone());
            let progress_token = it.progress_token.clone();
            Some(OpenQuestion { key: it.key.clone()?, id, request, progress_token })
        });
        asked.collect()
    }

    /// The client comes with its answers to `round`: what the server gets, as it has it in
    /// `revision`.
    ///
    /// Answers that nobody asked for are not read. A question without an answer, or with one that
    /// is none, stays open and is asked again.
    ///
    /// # Errors
    /// [`RoundError`]; then nothing has changed.
    pub fn answer(
        &mut self,
        round: u32,
        responses: &JsonObject,
        revision: Revision,
    ) -> Result<Vec<Message>, RoundError> {
        if self.stage != Stage::Parked || self.round != round {
            return Err(RoundError::AnsweredAlready);
        }
        let read = |open: &Open| {
            let value = responses.get(open.key.as_deref()?)?;
            Some(answer_text(open, value, revision))
        };
        let answers: Vec<_> = self.open.iter().map(read).collect();
        for (open, answer) in self.open.iter().zip(&answers) {
            if let (Some(Err(reason)), true) = (answer, open.was_misread) {
                return Err(RoundError::Misread {
                    key: open.key.clone().unwrap_or_default(),
                    method: open.method.clone(),
                    reason: reason.clone(),
                });
            }
        }
        self.stage = Stage::Running;
        let mut messages = Vec::new();
        let open = std::mem::take(&mut self.open).into_iter().zip(answers);
        for (mut open, answer) in open {
            match answer {
                Some(Ok((answer, losses))) => {
                    self.losses.answered.extend(losses);
                    messages.push(Message::response(open.id, &answer));
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

    /// What was lost since this was last asked.
    pub fn take_losses(&mut self) -> RoundLosses {
        std::mem::take(&mut self.losses)
    }

    /// Nobody will come: what the server gets instead of answers.
    ///
    /// "Cancel: User dismissed without making an explicit choice" (2025-11-25,
    /// client/elicitation, Response Actions); the other questions have no such answer.
    pub fn give_up(&mut self) -> Vec<Message> {
        self.stage = Stage::Over;
        std::mem::take(&mut self.open).into_iter().map(|open| refusal(&open)).collect()
    }

    /// Whether the server asked for signs that its questions are alive.
    #[must_use]
    pub fn wants_beats(&self) -> bool {
        self.open.iter().any(|it| it.progress_token.is_some())
    }

    /// Signs that the open questions are alive, for a server that asked for them: one that counts
    /// the time of its own requests may begin anew with each ("MAY choose to reset the timeout
    /// clock when receiving a progress notification", 2025-11-25, basic/lifecycle, Timeouts).
    pub fn beat(&mut self) -> Vec<Message> {
        let beat = |open: &mut Open| {
            let token = open.progress_token.clone()?;
            open.beats = open.beats.saturating_add(1);
            let params = json!({ "progressToken": token, "progress": open.beats });
            Some(Message::notification(Method::Progress.as_str(), &params))
        };
        self.open.iter_mut().filter_map(beat).collect()
    }
}

/// An answer of the client as the server has it.
fn answer_text(
    open: &Open,
    value: &serde_json::Value,
    revision: Revision,
) -> Result<(Box<RawValue>, Losses), String> {
    let carried = revision::result(revision, Method::parse(&open.method), &value.to_string());
    let (text, losses) = carried.map_err(|error| error.to_string())?;
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
/// Questions of one call that are open at once.
const QUESTIONS_MAX: usize = 32;
/// "code: -1, message: User rejected sampling request" (2025-11-25, client/sampling, Error
/// Handling).
const USER_REJECTED: i64 = -1;

#[cfg(test)]
mod tests;
