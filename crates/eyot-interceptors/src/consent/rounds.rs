//! What a modern client keeps for us between the rounds of a call: what was consented to, and what its
//! server has given it to keep.
//!
//! **Invariant:** a round is ours or the server's, never both. When we ask, what the client has brought for
//! the server is sealed into our state, and goes on once the answer is there. When the server asks, its state
//! is sealed into ours, together with what was consented to. The server sees its own state and answers only.

use std::time::Duration;

use eyot_jsonrpc::{Changes, ErrorObject, Json, Keeps, Members, Request, Response};
use eyot_service::{Peer, SealedState, too_long};
use eyot_stdx::SealKeys;
use eyot_types::{ElicitAction, InputRequests, InputRequiredResult, Question};
use serde::{Deserialize, Serialize};

use super::question::Consent;
use crate::rounds::ResultKind;

/// Seals and opens the states of one client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsentRounds<'a> {
    pub(crate) keys: &'a SealKeys,
    pub(crate) peer: &'a Peer,
}

/// A request that has brought a state of ours.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The request as it would be if we had not asked.
    pub(crate) request: Request,
    /// What was consented to in this call so far.
    pub(crate) given: Vec<Consent>,
    /// What the person has refused now.
    pub(crate) refused: Option<Consent>,
}

/// What is sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    #[serde(rename = "g")]
    given: Vec<Consent>,
    /// What we ask in this round. `None`: the round is the server's.
    #[serde(rename = "a")]
    asked: Option<Consent>,
    /// The server's state, as JSON.
    #[serde(rename = "s")]
    state: Option<String>,
    /// What the client has answered to the server before we asked, as JSON.
    #[serde(rename = "r")]
    answers: Option<String>,
}

impl ConsentRounds<'_> {
    /// Opens the state that a request brings. `None`: it brings none of ours.
    ///
    /// # Errors
    ///
    /// It is ours, and for another client or request, or its time is over.
    pub(crate) fn open(&self, request: &Request) -> Result<Option<Opened>, ErrorObject> {
        let Some(state) = member(request.params(), STATE) else { return Ok(None) };
        let Ok(state) = serde_json::from_str::<String>(state) else { return Ok(None) };
        let Some(body) = self.body_of(&state) else { return Ok(None) };
        let sealed: Sealed = self.sealed_state(request).open(body)?;
        let Sealed { mut given, asked, state, answers } = sealed;
        let (state, answers) = (json(state)?, json(answers)?);
        let is_ours = asked.is_some();
        let keeps = |name: &str| name != STATE && (name != ANSWERS || !is_ours);
        let adds = [state.as_ref().map(|it| (STATE, it)), answers.as_ref().map(|it| (ANSWERS, it))];
        let changes = Changes { keeps: Keeps::If(&keeps), adds: &adds };
        let restored = request.rewritten(&changes, &Changes::NONE);
        let restored = restored.ok_or_else(SealedState::refused)?;
        let mut refused = None;
        if let Some(asked) = asked {
            match action(request) {
                Some(ElicitAction::Accept) => given.push(asked),
                Some(_) => refused = Some(asked),
                // It has brought no answer: it is asked again.
                None => {}
            }
        }
        Ok(Some(Opened { request: restored, given, refused }))
    }

    /// The answer to a request that asks for a consent, after those that were given.
    pub(crate) fn ask(&self, request: &Request, given: &[Consent], asked: Consent) -> Response {
        let question = Question::Elicitation(Box::new(asked.form()));
        let questions = InputRequests::from([(KEY.to_owned(), question.into())]);
        let timeout = asked.timeout();
        let own = |name| member(request.params(), name).map(str::to_owned);
        let sealed = Sealed {
            given: given.to_vec(),
            asked: Some(asked),
            state: own(STATE),
            answers: own(ANSWERS),
        };
        match self.seal(request, &sealed, timeout) {
            Ok(state) => {
                request.answer(&InputRequiredResult::new(questions).with_request_state(state))
            }
            Err(error) => request.refuse(&error),
        }
    }

    /// The answer of the server; if it waits for input, with what was given for this request in its state.
    pub(crate) fn keep(&self, request: &Request, given: &[Consent], answer: Response) -> Response {
        let is_over = answer.is_known_complete() || answer.is_error();
        if is_over || ResultKind::of(&answer, false) != ResultKind::InputRequired {
            return answer;
        }
        let state = member(answer.result(), STATE).map(str::to_owned);
        let sealed = Sealed { given: given.to_vec(), asked: None, state, answers: None };
        let state = match self.seal(request, &sealed, HELD) {
            Ok(state) => Json::of(&state),
            Err(error) => return request.refuse(&error),
        };
        let adds = [state.as_ref().map(|it| (STATE, it))];
        let changes = Changes { keeps: Keeps::All, adds: &adds };
        answer.rewritten(&changes, &Changes::NONE).unwrap_or(answer)
    }

    fn seal(
        &self,
        request: &Request,
        sealed: &Sealed,
        ttl: Duration,
    ) -> Result<String, ErrorObject> {
        let body = self.sealed_state(request).seal(sealed, ttl);
        if body.len() > SealedState::BYTES_MAX {
            return Err(too_long("requestState", SealedState::BYTES_MAX));
        }
        Ok(format!("{}.{body}", self.keys.seal(HEAD, b"")))
    }

    /// What is sealed in a state of ours. Its head is sealed, too, and tells our states from those of the
    /// server, and of another installation that stands before it.
    fn body_of<'s>(&self, state: &'s str) -> Option<&'s str> {
        let (head, body) = state.split_once('.')?;
        self.keys.open(HEAD, head).map(|_| body)
    }

    fn sealed_state<'a>(&'a self, request: &'a Request) -> SealedState<'a> {
        SealedState { keys: self.keys, maker: "consent", peer: self.peer, request }
    }
}

/// What the person has done, as the client says.
fn action(request: &Request) -> Option<ElicitAction> {
    #[derive(Deserialize)]
    struct Done {
        action: ElicitAction,
    }
    let answer = member(member(request.params(), ANSWERS), KEY)?;
    serde_json::from_str(answer).ok().map(|it: Done| it.action)
}

/// A member as it was written. Of several, the last one is what readers take.
fn member<'a>(object: Option<&'a str>, name: &str) -> Option<&'a str> {
    let (_, value) = Members::of(object?)?.filter(|(it, _)| it == name).last()?;
    (value != "null").then_some(value)
}

fn json(text: Option<String>) -> Result<Option<Json>, ErrorObject> {
    text.map(|it| Json::parse(&it).ok_or_else(SealedState::refused)).transpose()
}

const STATE: &str = "requestState";
const ANSWERS: &str = "inputResponses";

/// The name of our question in a round, which has no other.
const KEY: &str = "consent";

/// What the heads of our states are sealed for.
const HEAD: &[u8] = b"consent head";

/// What was consented to holds so long in the rounds of its server.
const HELD: Duration = Duration::from_secs(3_600);
