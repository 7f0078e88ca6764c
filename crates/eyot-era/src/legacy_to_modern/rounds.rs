//! The rounds of one call: a modern server asks in its answer, a legacy client is asked with
//! requests.
//!
//! **Invariants:** an answer of the client goes under the key of the question that was asked, and
//! under no other; what the server wants back comes back as the very bytes that it gave; there are
//! no more rounds and no more questions than the limits say.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::revision::{self, Losses};
use eyot_jsonrpc::{
    Changes, ErrorObject, INTERNAL_ERROR, Id, Json, Keeps, Kind, Message, Request, Response,
};
use eyot_types::{
    Answer, CallToolResult, ClientCapabilities, ContentBlock, ElicitMode, InputRequest, Method,
    Question, ResultType, Revision,
};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// Bounds of one call.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "plain options")]
pub struct RoundLimits {
    /// Answers of the server that may ask for another round.
    pub rounds_max: u32,
    /// Questions of one round.
    pub questions_max: usize,
    /// How long to wait before another round that was asked for without a question; doubles with
    /// every such round in a row.
    pub pause: Duration,
    /// The longest of these.
    pub pause_max: Duration,
}

impl Default for RoundLimits {
    fn default() -> Self {
        Self {
            rounds_max: 8,
            questions_max: 32,
            pause: Duration::from_millis(250),
            pause_max: Duration::from_secs(5),
        }
    }
}

/// What to do with an answer of the server.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "whoever drives the rounds must do each of them")]
pub enum Step {
    /// Convert it for the client: the call is done.
    Complete,
    /// Ask the client all of these, and ask the server again when all are answered.
    Ask(Vec<Leg>),
    /// Ask the server again after this time.
    Pause(Duration),
}

/// One question to the client.
#[derive(Debug)]
#[non_exhaustive]
pub struct Leg {
    /// What the server calls it.
    pub key: String,
    /// The method that asks.
    pub method: String,
    /// The raw parameters, in the revision of the client.
    pub params: Option<Box<RawValue>>,
    /// What of the question was lost.
    pub losses: Losses,
}

/// Why a call got stuck between two rounds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RoundError {
    /// The server's answer is none of the protocol.
    Malformed(String),
    /// The server asks again and again.
    TooManyRounds(u32),
    /// The server asks too much at once.
    TooManyQuestions(usize),
    /// The client has not declared that it can be asked this.
    NotDeclared(String),
    /// The client's revision has no such question.
    NotInRevision(&'static str),
    /// The client answered with an error.
    Refused {
        /// The method that asked.
        method: String,
        /// What the client said.
        error: ErrorObject,
    },
    /// The client's answer is none to the question.
    Unreadable {
        /// The method that asked.
        method: String,
        /// Why.
        reason: String,
    },
    /// The client did not answer.
    TimedOut(Duration),
}

impl fmt::Display for RoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(reason) => write!(f, "the server's answer is invalid: {reason}"),
            Self::TooManyRounds(max) => {
                write!(f, "the server asked for input more than {max} times")
            }
            Self::TooManyQuestions(max) => {
                write!(f, "the server asked more than {max} questions at once")
            }
            Self::NotDeclared(name) => {
                write!(f, "the server needs input that the client has not declared: {name}")
            }
            Self::NotInRevision(feature) => {
                write!(f, "the server needs input that the session's revision has not: {feature}")
            }
            Self::Refused { method, error } => {
                write!(f, "the client refused {method}: {} ({})", error.message, error.code)
            }
            Self::Unreadable { method, reason } => {
                write!(f, "the client's answer to {method} is invalid: {reason}")
            }
            Self::TimedOut(waited) => {
                write!(f, "the client did not answer within {} s", waited.as_secs())
            }
        }
    }
}

impl std::error::Error for RoundError {}

impl RoundError {
    /// The answer to the call. A tool's failure is told to the model, which can go on from there; the
    /// other methods have no result that says so.
    #[must_use]
    pub fn answer(&self, id: Id, method: Method<'_>) -> Message {
        let text = self.to_string();
        if method == Method::ToolsCall && !matches!(self, Self::Malformed(_)) {
            let mut result = CallToolResult::new(vec![ContentBlock::text(text)]);
            result.result_type = None;
            result.is_error = Some(true);
            return Message::response(id, &result);
        }
        Message::error_response(Some(id), &ErrorObject::new(INTERNAL_ERROR, text))
    }
}

/// The rounds of one call (2026-07-28, basic/patterns/mrtr).
#[derive(Debug)]
pub struct Rounds {
    revision: Revision,
    limits: RoundLimits,
    /// Rounds that the server has asked for.
    asked: u32,
    /// Of these, the ones in a row that asked nothing.
    idle: u32,
    /// Questions without an answer.
    open: BTreeMap<String, Question>,
    answered: BTreeMap<String, Box<RawValue>>,
    /// What the server wants back: "the client MUST echo back the exact value of that field when
    /// retrying the original request" (2026-07-28, basic/patterns/mrtr).
    state: Option<Box<RawValue>>,
    /// What the client's answers have lost.
    losses: Losses,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Interim {
    input_requests: Option<BTreeMap<String, InputRequest>>,
    request_state: Option<Box<RawValue>>,
}

impl Rounds {
    /// The first round of a call of a client of `revision`.
    #[must_use]
    pub fn new(revision: Revision, limits: RoundLimits) -> Self {
        Self {
            revision,
            limits,
            asked: 0,
            idle: 0,
            open: BTreeMap::new(),
            answered: BTreeMap::new(),
            state: None,
            losses: Losses::default(),
        }
    }

    /// What the client's answers have lost since this was last asked.
    pub fn take_losses(&mut self) -> Losses {
        std::mem::take(&mut self.losses)
    }

    /// The next request to the server: the first, with what the round before has brought.
    #[must_use]
    pub fn request(&self, first: &Request) -> Request {
        let answers = Some(&self.answered).filter(|it| !it.is_empty()).and_then(Json::of);
        let state = self.state.as_ref().and_then(|it| Json::parse(it.get()));
        let brought = [
            answers.as_ref().map(|it| ("inputResponses", it)),
            state.as_ref().map(|it| ("requestState", it)),
        ];
        let changes = Changes { keeps: Keeps::All, adds: &brought };
        first.rewritten(&changes, &Changes::NONE).unwrap_or_else(|| first.clone())
    }

    /// Takes the result of a request to the server. `name` gives a new name for a question that
    /// needs one in the client's revision.
    ///
    /// # Errors
    /// [`RoundError`] when the call cannot go on.
    pub fn handle_result(
        &mut self,
        method: Method<'_>,
        answer: &Response,
        client: &ClientCapabilities,
        name: impl Fn() -> String,
    ) -> Result<Step, RoundError> {
        let malformed = |error: serde_json::Error| RoundError::Malformed(error.to_string());
        if answer.is_known_complete() {
            return Ok(Step::Complete);
        }
        let Some(mut members) = answer.members().filter(|_| !answer.is_error()) else {
            return Err(RoundError::Malformed("it is no object".to_owned()));
        };
        let kind = members.find(|(name, _)| name == "resultType").map(|(_, kind)| kind);
        let kind: Option<Option<ResultType>> =
            kind.map(serde_json::from_str).transpose().map_err(malformed)?;
        match kind.flatten() {
            // "the client MUST treat the absent field as `complete`" (2026-07-28, schema, Result).
            None | Some(ResultType::Complete) => return Ok(Step::Complete),
            Some(ResultType::InputRequired) if has_rounds(method) => {}
            // "Servers MUST NOT send `InputRequiredResult` responses on any other client requests"
            // (2026-07-28, basic/patterns/mrtr); of other values "any value unrecognized by the
            // client MUST be considered invalid" (basic/index, ResultType).
            Some(other) => {
                let reason = format!("{} has resultType {:?}", method.as_str(), other.as_str());
                return Err(RoundError::Malformed(reason));
            }
        }
        let Interim { input_requests, request_state } =
            answer.decode_result().map_err(malformed)?;
        let requests = input_requests.unwrap_or_default();
        if requests.is_empty() && request_state.is_none() {
            return Err(RoundError::Malformed("it asks for input and names none".to_owned()));
        }
        if self.asked >= self.limits.rounds_max {
            return Err(RoundError::TooManyRounds(self.limits.rounds_max));
        }
        if requests.len() > self.limits.questions_max {
            return Err(RoundError::TooManyQuestions(self.limits.questions_max));
        }
        self.asked += 1;
        self.state = request_state;
        self.answered.clear();
        self.open.clear();
        if requests.is_empty() {
            let factor = 1_u32.checked_shl(self.idle).unwrap_or(u32::MAX);
            self.idle = self.idle.saturating_add(1);
            let pause = self.limits.pause.saturating_mul(factor).min(self.limits.pause_max);
            return Ok(Step::Pause(pause));
        }
        self.idle = 0;
        let legs = requests.into_iter().map(|(key, InputRequest { question, .. })| {
            let leg = self.leg(key.clone(), question.clone(), client, &name)?;
            self.open.insert(key, question);
            Ok(leg)
        });
        legs.collect::<Result<_, _>>().map(Step::Ask)
    }

    /// Takes the client's answer to a question; says whether it was the last.
    ///
    /// # Errors
    /// [`RoundError`] when it answers nothing: then the call fails.
    pub fn handle_answer(&mut self, key: &str, answer: &Message) -> Result<bool, RoundError> {
        let Some(question) = self.open.remove(key) else { return Ok(self.open.is_empty()) };
        let method = question.method().as_str().to_owned();
        if answer.kind() == Kind::Error {
            let error = answer.decode_error();
            let error = error.unwrap_or_else(|_| ErrorObject::new(INTERNAL_ERROR, "no reason"));
            return Err(RoundError::Refused { method, error });
        }
        let unreadable = |reason: String| RoundError::Unreadable { method: method.clone(), reason };
        let value = answer.decode_result::<Value>();
        let value = value.and_then(|it| question.decode_answer(it));
        let value = value.map_err(|error| unreadable(error.to_string()))?;
        let (value, losses) = modern(value);
        self.losses.extend(losses);
        let value = to_raw_value(&value).map_err(|error| unreadable(error.to_string()))?;
        self.answered.insert(key.to_owned(), value);
        Ok(self.open.is_empty())
    }

    fn leg(
        &self,
        key: String,
        question: Question,
        client: &ClientCapabilities,
        name: impl Fn() -> String,
    ) -> Result<Leg, RoundError> {
        check_declared(&question, client)?;
        let (mut question, losses) = revision::to(self.revision, question);
        if let Some(feature) = losses.refused() {
            return Err(RoundError::NotInRevision(feature.as_str()));
        }
        if let Question::Elicitation(params) = &mut question
            && params.mode == Some(ElicitMode::Url)
        {
            // "A unique identifier for the elicitation", required in the only legacy revision that
            // has this mode (2025-11-25, client/elicitation).
            params.elicitation_id.get_or_insert_with(name);
        }
        let method = question.method().as_str().to_owned();
        let params = match &question {
            Question::Elicitation(params) => to_raw_value(params).map(Some),
            Question::Sampling(params) => to_raw_value(params).map(Some),
            Question::Roots(params) => params.as_ref().map(to_raw_value).transpose(),
            _ => return Err(RoundError::NotDeclared(method)),
        };
        let params = params.map_err(|error| RoundError::Malformed(error.to_string()))?;
        Ok(Leg { key, method, params, losses })
    }
}

/// A client is not asked what it has not declared.
fn check_declared(question: &Question, client: &ClientCapabilities) -> Result<(), RoundError> {
    let (is_declared, name) = match question {
        Question::Elicitation(params) if params.mode == Some(ElicitMode::Url) => {
            (client.has_elicitation_url(), "elicitation.url")
        }
        Question::Elicitation(_) => (client.has_elicitation_form(), "elicitation"),
        Question::Sampling(params) if params.tools.is_some() || params.tool_choice.is_some() => {
            (client.has_sampling_tools(), "sampling.tools")
        }
        Question::Sampling(_) => (declares(client, question), "sampling"),
        Question::Roots(_) => (declares(client, question), "roots"),
        other => (false, other.method().as_str()),
    };
    if is_declared { Ok(()) } else { Err(RoundError::NotDeclared(name.to_owned())) }
}

fn declares(client: &ClientCapabilities, question: &Question) -> bool {
    question.method().client_capability().is_some_and(|it| client.has(it))
}

fn modern(answer: Answer) -> (Value, Losses) {
    fn converted<T: revision::Convert + Into<Answer>>(answer: T) -> (Value, Losses) {
        let (answer, losses) = revision::to(Revision::MODERN, answer);
        (answer.into().into_value(), losses)
    }
    match answer {
        Answer::Elicitation(it) => converted(it),
        Answer::Sampling(it) => converted(*it),
        Answer::Roots(it) => converted(it),
        other => (other.into_value(), Losses::default()),
    }
}

/// The requests that may have more than one round.
fn has_rounds(method: Method<'_>) -> bool {
    matches!(method, Method::ToolsCall | Method::PromptsGet | Method::ResourcesRead)
}

#[cfg(test)]
mod tests;
