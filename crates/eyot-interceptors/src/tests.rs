//! The layer, before a service that says what it is told to.

mod consent;
mod cost;
mod crossings;
mod failures;
mod inside;
mod reload;
mod seeing;
mod streams;
mod timing;

use std::sync::Arc;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Request, Response, ScanLimits};
use eyot_service::{BoxService, Call, Fault, Input, Messages, Peer, Reply, ReplyItem};
use eyot_types::Era;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tower_layer::Layer as _;
use tower_service::Service as _;

use crate::{
    Boundary, Edit, Failure, Interceptor, InterceptorLayer, Interceptors, Phase, Plan, PlanOptions,
    Validation, View,
};

/// A service behind a plan, and what has come to it.
struct Stand {
    interceptors: Interceptors,
    service: BoxService,
    came: Arc<Mutex<Vec<Message>>>,
}

impl Stand {
    /// Answers each call with these messages; the last one is the answer.
    fn new(boundary: Boundary, steps: Vec<Interceptor>, messages: &[Value]) -> Self {
        let plan = Plan::compile(steps, PlanOptions::default()).unwrap();
        Self::with_plan(boundary, plan, messages)
    }

    fn with_plan(boundary: Boundary, plan: Plan, messages: &[Value]) -> Self {
        let came: Arc<Mutex<Vec<Message>>> = Arc::default();
        let (noted, messages) =
            (Arc::clone(&came), messages.iter().map(message).collect::<Vec<_>>());
        let inner = BoxService::from_fn(move |call| {
            let reply = noting(&noted, call).map(|()| reply_of(&messages));
            Box::pin(std::future::ready(Ok(reply.unwrap_or(Reply::None))))
        });
        let interceptors = Interceptors::new(plan);
        let service = InterceptorLayer::new(&interceptors, boundary).layer(inner);
        Self { interceptors, service, came }
    }

    async fn send(&self, input: Input) -> Result<Reply, Fault> {
        self.service.clone().call(Call::new(input, Peer::ourselves(Era::Modern))).await
    }

    /// Sends a request, and returns its answer and what came before it.
    async fn ask(&self, method: &str, params: Value) -> (Response, Vec<Message>) {
        let request = Request::new(Id::from_number(7), method, &params);
        let reply = self.send(Input::Request(request)).await.unwrap();
        let mut before = Vec::new();
        let answer = reply.answer(|it| before.push(it)).await.unwrap();
        (answer, before)
    }

    /// The result of a request.
    async fn result(&self, method: &str, params: Value) -> Value {
        self.ask(method, params).await.0.decode_result().unwrap()
    }

    /// The error of a request.
    async fn error(&self, method: &str, params: Value) -> Value {
        serde_json::to_value(self.ask(method, params).await.0.error_object().unwrap()).unwrap()
    }

    /// Parameters of what has come, oldest first.
    fn params_that_came(&self) -> Vec<Value> {
        self.came.lock().iter().map(|it| it.decode_params().unwrap()).collect()
    }
}

/// Notes what has come; `None` when no answer is due.
fn noting(came: &Mutex<Vec<Message>>, call: Call) -> Option<()> {
    let (message, is_asked) = match call.input {
        Input::Request(it) => (it.into_message(), true),
        Input::Notification(it) => (it.into_message(), false),
        Input::Response(it) => (it.into_message(), false),
        _ => return Some(()),
    };
    came.lock().push(message);
    is_asked.then_some(())
}

fn reply_of(messages: &[Message]) -> Reply {
    match messages {
        [only] if only.is_response() => Reply::One(only.clone().into_response().unwrap()),
        several => {
            let items: Vec<_> = several.iter().cloned().map(|it| Ok(ReplyItem::from(it))).collect();
            Reply::Stream(Messages::new(futures_util::stream::iter(items)))
        }
    }
}

fn message(value: &Value) -> Message {
    Message::parse(Bytes::from(value.to_string()), &ScanLimits::default()).unwrap()
}

/// An answer with this result.
fn answer(result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "result": result })
}

fn text(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

fn echo(note: &str) -> Value {
    json!({ "name": "echo", "arguments": { "note": note } })
}

/// Writes the note of the arguments in capitals.
fn uppercase() -> Interceptor {
    Interceptor::mutator("uppercase", |view: &View<'_>| set_upper(view, "/arguments/note"))
        .on(Phase::Request, ["tools/call"])
}

fn set_upper(view: &View<'_>, pointer: &str) -> Result<Edit, Failure> {
    let Some(old) = view.at(pointer)? else { return Ok(Edit::Keep) };
    let text: String = serde_json::from_str(old).map_err(|_| Failure::new("no text"))?;
    let upper = eyot_jsonrpc::Json::of(&text.to_uppercase()).unwrap();
    view.set(pointer, &upper)
}

/// Lets only payloads pass that hold a text.
fn requires(name: &str, wanted: &'static str) -> Interceptor {
    Interceptor::validator(name, move |view: &View<'_>| {
        Ok(match view.payload().contains(wanted) {
            true => Validation::PASS,
            false => Validation::deny("it lacks what is wanted"),
        })
    })
}

/// Lets nothing pass.
fn deny(phase: Phase, event: &str) -> Interceptor {
    Interceptor::validator("deny", |_: &View<'_>| Ok(Validation::deny("denied by policy")))
        .on(phase, [event])
}
