//! What a handler asks the client in the middle of its call: the user, the model, the roots.
//!
//! The same handler serves both eras. A legacy client gets a request on the call's own stream
//! and answers it while the call goes on. A modern client gets `input_required` as the answer;
//! the call is parked, at rest, until the client's next round brings what was asked.

use std::future::poll_fn;

use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST};
use eyot_types::{
    ClientCapabilities, ClientCapability, CreateMessageParams, CreateMessageResult, ElicitAction,
    ElicitMode, ElicitParams, ElicitResult, Era, ListRootsResult, Method, codes,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call_context::CallContext;
use super::failure::{HandlerError, HandlerResult};
use super::schema::form_schema;

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
        let ElicitResult { action, content, .. } = self.elicit_with(params).await?;
        Ok(match action {
            ElicitAction::Accept => {
                let content = Value::Object(content.unwrap_or_default());
                let wrong = |error| HandlerError::new(format!("the client's answer: {error}"));
                Elicited::Accepted(serde_json::from_value(content).map_err(wrong)?)
            }
            ElicitAction::Decline => Elicited::Declined,
            _ => Elicited::Cancelled,
        })
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
        let is_url = params.mode == Some(ElicitMode::Url);
        self.ask(Method::ElicitationCreate, &params, move |it| match is_url {
            true => it.has_elicitation_url(),
            false => it.has_elicitation_form(),
        })
        .await
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
        let has_tools = params.tools.is_some() || params.tool_choice.is_some();
        self.ask(Method::SamplingCreateMessage, &params, move |it| {
            it.has(ClientCapability::Sampling) && (!has_tools || it.has_sampling_tools())
        })
        .await
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
        let params = json!({});
        self.ask(Method::RootsList, &params, |it| it.has(ClientCapability::Roots)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method<'static>,
        params: &impl Serialize,
        can: impl FnOnce(&ClientCapabilities) -> bool,
    ) -> HandlerResult<T> {
        let capabilities = self.client_capabilities().await?;
        if !can(&capabilities) {
            return Err(self.cannot_ask(method));
        }
        let answer = self.question(method, serde_json::to_value(params)?).await?;
        let wrong = |error| HandlerError::new(format!("the client's answer to {method}: {error}"));
        serde_json::from_value(answer).map_err(wrong)
    }

    /// "The server MUST NOT send requests for a capability that the client has not declared":
    /// the call fails instead.
    pub(crate) fn cannot_ask(&self, method: Method<'_>) -> HandlerError {
        let capability = method.client_capability().unwrap_or(ClientCapability::Elicitation);
        match self.era() {
            Era::Legacy => {
                let name = capability.as_str();
                HandlerError::new(format!("the client does not have the capability `{name}`"))
            }
            Era::Modern => {
                let required = ClientCapabilities::default().with(capability);
                HandlerError::protocol(codes::missing_capability(&required))
            }
        }
    }

    /// Sends one question and waits for its answer.
    pub(crate) async fn question(
        &self,
        method: Method<'static>,
        params: Value,
    ) -> HandlerResult<Value> {
        let exchange = self.exchange();
        let asked = match self.era() {
            Era::Legacy => exchange.ask_request(self.app().question_id(), method.as_str(), &params),
            Era::Modern => exchange.ask_input(method.as_str(), params),
        };
        let too_many = |_| HandlerError::new("too many questions are open");
        let asking = Asking { call: self, number: asked.map_err(too_many)? };
        let answer = poll_fn(|cx| exchange.poll_answer(asking.number, cx));
        let answer = match self.era() {
            // Parked calls have an end of their own.
            Era::Modern => answer.await,
            Era::Legacy => {
                let patience = self.app().limits.question_timeout;
                let late = |_| HandlerError::new(format!("no answer to {method} in {patience:?}"));
                tokio::time::timeout(patience, answer).await.map_err(late)?
            }
        };
        answer.map_err(|error| client_failed(method, &error))
    }
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
    }
}
