//! What a handler asks the client in the middle of its call: the user, the model, the roots.
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
    Answer, ClientCapabilities, ClientCapability, CreateMessageParams, CreateMessageResult,
    ElicitAction, ElicitMode, ElicitParams, ElicitResult, Era, ListRootsResult, Method, Question,
    codes,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::context::CallContext;
use crate::failure::{HandlerError, HandlerResult};
use crate::schema::form_schema;

/// What a user did with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elicited<T> {
    /// The user filled it in.
    Accepted(T),
    /// The user said no.
    Declined,
    /// The user went away without an answer.
    Cancelled,
}

impl<T> Elicited<T> {
    /// What the user filled in; `None` when there is nothing, for whatever reason.
    pub fn accepted(self) -> Option<T> {
        match self {
            Self::Accepted(content) => Some(content),
            Self::Declined | Self::Cancelled => None,
        }
    }
}

impl<T: DeserializeOwned> Elicited<T> {
    /// Reads a client's answer; fails when what was filled in is no `T`.
    pub(crate) fn of(answer: ElicitResult) -> Result<Self, serde_json::Error> {
        Ok(match answer.action {
            ElicitAction::Accept => {
                let content = Value::Object(answer.content.unwrap_or_default());
                Self::Accepted(serde_json::from_value(content)?)
            }
            ElicitAction::Decline => Self::Declined,
            _ => Self::Cancelled,
        })
    }
}

impl CallContext {
    /// Asks the user with a form made of the fields of `T`: texts, numbers, flags, enums, lists
    /// of enums. A field that is an `Option` may be left out.
    ///
    /// # Errors
    ///
    /// When the client cannot be asked, fails, or answers something that is no `T`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the question.
    pub async fn elicit<T>(&self, message: impl Into<String>) -> HandlerResult<Elicited<T>>
    where
        T: DeserializeOwned + JsonSchema,
    {
        let params = ElicitParams::form(message, form_schema::<T>()?);
        let answer = self.elicit_with(params).await?;
        let wrong = |error| HandlerError::new(format!("the client's answer: {error}"));
        Elicited::of(answer).map_err(wrong)
    }

    /// Asks the user with whatever form or page `params` describe.
    ///
    /// # Errors
    ///
    /// When the client cannot be asked, or fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the question.
    pub async fn elicit_with(&self, params: ElicitParams) -> HandlerResult<ElicitResult> {
        self.ask_for(params).await
    }

    /// Asks the client's model.
    ///
    /// # Errors
    ///
    /// When the client cannot be asked, or fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the question.
    pub async fn sample(&self, params: CreateMessageParams) -> HandlerResult<CreateMessageResult> {
        self.ask_for(params).await
    }

    /// Asks which folders the client works in.
    ///
    /// # Errors
    ///
    /// When the client cannot be asked, or fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the question.
    pub async fn list_roots(&self) -> HandlerResult<ListRootsResult> {
        self.ask_for(Question::roots()).await
    }

    /// Asks anything under a key of the handler's choice, which modern clients see and which must
    /// be unique within the call.
    ///
    /// # Errors
    ///
    /// When the client cannot be asked, or fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the question.
    pub async fn ask(&self, key: &str, question: impl Into<Question>) -> HandlerResult<Answer> {
        let question = question.into();
        let answer = self.question(Some(key), question.clone()).await?;
        question.decode_answer(answer).map_err(|error| not_an_answer(question.method(), &error))
    }

    async fn ask_for<T: DeserializeOwned>(
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
        let question = self.fitted(question, &self.client_capabilities().await?)?;
        let exchange = self.exchange();
        let method = question.method().as_str().to_owned();
        let method = Method::parse(&method);
        let asked = match self.era() {
            Era::Legacy => exchange.ask_request(self.app().question_id(), question),
            Era::Modern => exchange.ask_input(key, question),
        };
        let too_many = |_| HandlerError::new("too many questions are open");
        let asking = Asking { call: self, number: asked.map_err(too_many)? };
        self.show_questions();
        let answer = poll_fn(|cx| exchange.poll_answer(asking.number, cx));
        let answer = match self.era() {
            // Parked calls and tasks have an end of their own.
            Era::Modern => answer.await,
            Era::Legacy => {
                let patience = self.app().limits.question_timeout;
                let late = |_| HandlerError::new(format!("no answer to {method} in {patience:?}"));
                tokio::time::timeout(patience, answer).await.map_err(late)?
            }
        };
        answer.map_err(|error| client_failed(method, &error))
    }

    /// The question as this client can be asked it. If it has not declared that it can, the call
    /// fails instead.
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
            && self.era() == Era::Legacy
        {
            // 2025-11-25 has no page without "A unique identifier for the elicitation".
            params.elicitation_id.get_or_insert_with(|| random_token(16));
        }
        let (question, losses) = revision::to(self.revision(), question);
        match losses.refused() {
            None => Ok(question),
            Some(feature) => {
                let revision = self.revision();
                let error = format!("revision {revision} cannot ask this: {feature:?}");
                Err(HandlerError::new(error))
            }
        }
    }

    /// Lets the client of a task see what it owes now.
    fn show_questions(&self) {
        if let Some(task) = self.task() {
            task.sync_inputs();
        }
    }

    fn cannot_ask(&self, method: Method<'_>, required: &ClientCapabilities) -> HandlerError {
        match self.era() {
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

/// The client answered with an error: the tool can say so, the call itself was fine.
fn client_failed(method: Method<'_>, error: &ErrorObject) -> HandlerError {
    let ErrorObject { code, message, .. } = error;
    match *code {
        // A question that was withdrawn or that the client could not read is our own fault.
        INVALID_REQUEST => HandlerError::new(format!("the client refused {method}: {message}")),
        _ => HandlerError::new(format!("the client failed at {method}: {message} ({code})")),
    }
}

/// A question that is open; dropping it withdraws it.
struct Asking<'c> {
    call: &'c CallContext,
    number: u32,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.call.exchange().withdraw(self.number);
        self.call.show_questions();
    }
}
