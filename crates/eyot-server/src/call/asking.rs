//! Asks the client of a call: the user, the model, the roots.
//!
//! The same handler serves both eras. A legacy client gets a request on the call's own stream
//! and answers it while the call goes on. A modern client gets `input_required` as the answer;
//! the call is parked, at rest, until the client's next round brings what was asked. A task goes on
//! and shows its questions in its state.

use std::future::poll_fn;

use eyot_era::revision;
use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST};
use eyot_stdx::random_token;
use eyot_types::{
    Answer, ClientCapabilities, ClientCapability, ElicitMode, Era, Method, Question, codes,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::calls::Calls;
use super::state::CallState;
use crate::failure::{HandlerError, HandlerResult};

/// Puts the questions of one call to its client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'c> {
    pub(crate) call: &'c CallState,
    pub(crate) calls: &'c Calls,
}

impl Asking<'_> {
    /// Asks any question, under a key that modern clients see.
    pub(crate) async fn ask(&self, key: &str, question: Question) -> HandlerResult<Answer> {
        let answer = self.question(Some(key), question.clone()).await?;
        question.decode_answer(answer).map_err(|error| not_an_answer(question.method(), &error))
    }

    /// Asks a question whose answer is a `T`.
    pub(crate) async fn ask_for<T: DeserializeOwned>(
        &self,
        question: impl Into<Question>,
    ) -> HandlerResult<T> {
        let question = question.into();
        let method = question.method().as_str().to_owned();
        let answer = self.question(None, question).await?;
        let method = Method::parse(&method);
        serde_json::from_value(answer).map_err(|error| not_an_answer(method, &error))
    }

    /// Sends one question and waits for its answer.
    pub(crate) async fn question(
        &self,
        key: Option<&str>,
        question: Question,
    ) -> HandlerResult<Value> {
        let Self { call, calls } = self;
        let question = self.fitted(question, &call.client_capabilities().await?)?;
        let exchange = &call.exchange;
        let method = question.method().as_str().to_owned();
        let method = Method::parse(&method);
        let open_max = calls.questions_max;
        let asked = match call.era() {
            Era::Legacy => exchange.ask_request(calls.question_id(), question, open_max),
            Era::Modern => exchange.ask_input(key, question, open_max),
        };
        let too_many = |_| HandlerError::new("too many questions are open");
        let open = OpenQuestion { call, number: asked.map_err(too_many)? };
        call.show_questions();
        let answer = poll_fn(|cx| exchange.poll_answer(open.number, cx));
        let answer = match call.era() {
            // Parked calls and tasks have an end of their own.
            Era::Modern => answer.await,
            Era::Legacy => {
                let patience = calls.question_timeout;
                let late = |_| HandlerError::new(format!("no answer to {method} in {patience:?}"));
                tokio::time::timeout(patience, answer).await.map_err(late)?
            }
        };
        answer.map_err(|error| client_failed(method, &error))
    }

    /// Fits the question to what the client has declared. Fails the call if the client has not
    /// declared that it can be asked this.
    pub(crate) fn fitted(
        &self,
        question: Question,
        client: &ClientCapabilities,
    ) -> HandlerResult<Question> {
        if let Some(required) = question.unmet(client) {
            return Err(self.cannot_ask(question.method(), &required));
        }
        let mut question = question;
        if let Question::Elicitation(params) = &mut question
            && params.mode == Some(ElicitMode::Url)
            && self.call.era() == Era::Legacy
        {
            // 2025-11-25 has no page without "A unique identifier for the elicitation".
            params.elicitation_id.get_or_insert_with(|| random_token(16));
        }
        let (question, losses) = revision::to(self.call.revision(), question);
        match losses.refused() {
            None => Ok(question),
            Some(feature) => {
                let revision = self.call.revision();
                let error = format!("revision {revision} cannot ask this: {feature:?}");
                Err(HandlerError::new(error))
            }
        }
    }

    fn cannot_ask(&self, method: Method<'_>, required: &ClientCapabilities) -> HandlerError {
        match self.call.era() {
            Era::Legacy => {
                let capability = method.client_capability();
                let name = capability.unwrap_or(ClientCapability::Elicitation).as_str();
                HandlerError::new(format!("the client does not have the capability `{name}`"))
            }
            Era::Modern => HandlerError::protocol(codes::missing_capability(required)),
        }
    }
}

fn not_an_answer(method: Method<'_>, error: &serde_json::Error) -> HandlerError {
    HandlerError::new(format!("the client's answer to {method}: {error}"))
}

/// The error when a client answers a question with an error. The tool can report it: the call
/// itself was fine.
fn client_failed(method: Method<'_>, error: &ErrorObject) -> HandlerError {
    let ErrorObject { code, message, .. } = error;
    match *code {
        // A question that was withdrawn or that the client could not read is our own fault.
        INVALID_REQUEST => HandlerError::new(format!("the client refused {method}: {message}")),
        _ => HandlerError::new(format!("the client failed at {method}: {message} ({code})")),
    }
}

/// An open question; dropping it withdraws the question.
struct OpenQuestion<'c> {
    call: &'c CallState,
    number: u32,
}

impl Drop for OpenQuestion<'_> {
    fn drop(&mut self) {
        self.call.exchange.withdraw(self.number);
        self.call.show_questions();
    }
}
