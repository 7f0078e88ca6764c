//! Handlers for calls: tools, prompts, resources, completion.

use std::sync::Arc;

use eyot_era::revision;
use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Message};
use eyot_service::{Call, Input, ReplyFuture};
use eyot_types::{
    CallToolResult, CompleteParams, CompleteResult, Completion, CompletionReference, Era,
    GetPromptParams, GetPromptResult, InputRequiredResult, ReadResourceResult, RoundParams, codes,
};
use serde_json::json;

use crate::answer::note;
use crate::app::App;
use crate::call::context::{CallContext, CallShared};
use crate::call::deadline::Deadline;
use crate::call::run::{Answering, CallReply, Run};
use crate::define::prompt::{PromptReply, ServerPrompt};
use crate::define::resource::{Reader, ResourceReply, UriVariables};
use crate::define::tool::{Handling, RegisteredTool, ToolReply};
use crate::failure::{HandlerError, HandlerResult};
use crate::rounds::required::{InputRequired, Inputs, Sealed};
use crate::tasks::{TaskLink, TaskReply};

/// A reply that may ask for another round.
pub(crate) trait Round {
    /// What it is when it does not.
    type Done;

    fn split(self) -> Result<Self::Done, InputRequired>;
}

impl Round for ToolReply {
    type Done = CallToolResult;

    fn split(self) -> Result<CallToolResult, InputRequired> {
        match self {
            Self::Done(result) => Ok(*result),
            Self::InputRequired(asked) => Err(asked),
        }
    }
}

impl Round for PromptReply {
    type Done = GetPromptResult;

    fn split(self) -> Result<GetPromptResult, InputRequired> {
        match self {
            Self::Done(result) => Ok(*result),
            Self::InputRequired(asked) => Err(asked),
        }
    }
}

impl Round for ResourceReply {
    type Done = ReadResourceResult;

    fn split(self) -> Result<ReadResourceResult, InputRequired> {
        match self {
            Self::Done(result) => Ok(*result),
            Self::InputRequired(asked) => Err(asked),
        }
    }
}

/// How a handler has ended.
enum Settled<D> {
    Done(D),
    /// It wants another round of a modern client.
    Asks(Box<InputRequiredResult>),
}

/// Runs a handler until it is done. In a legacy session, and in a task, it is run again with the
/// answers to what it asked: the same handler serves both eras.
async fn settle<R: Round>(
    call: &CallContext,
    once: impl Fn() -> Handling<R>,
) -> HandlerResult<Settled<R::Done>> {
    for _ in 0..ROUNDS_MAX {
        let asked = match once().await?.split() {
            Ok(done) => return Ok(Settled::Done(done)),
            Err(asked) => asked,
        };
        if call.era() == Era::Modern && !call.is_task() {
            return Ok(Settled::Asks(Box::new(asked.into_result(call).await?)));
        }
        let inputs = asked.ask_here(call).await?;
        call.set_inputs(inputs);
    }
    Err(HandlerError::new(format!("the handler asked more than {ROUNDS_MAX} times")))
}

impl App {
    /// Runs a tool; layers around it are behind us.
    pub(crate) fn run_tool(self: &Arc<Self>, tool: Arc<RegisteredTool>, call: Call) -> ReplyFuture {
        let Input::Message(message) = &call.input else {
            return failed(None, &codes::invalid_params("no request"));
        };
        let room = match self.task_room(&tool, &call.peer, message) {
            Ok(room) => room,
            Err(error) => return failed(message.id(), &error),
        };
        let Some(room) = room else {
            return self.run(call, |call| Box::pin(answer_tool(tool, call)));
        };
        let call = match self.begin(call, Some(Box::default())) {
            Ok(call) => call,
            Err(reply) => return reply,
        };
        let ttl = self.task_ttl(&tool);
        let handler = Box::pin(answer_tool(tool, call.clone()));
        Box::pin(TaskReply::new(Box::new(Run::new(call, handler)), room, ttl))
    }

    /// Runs a prompt.
    pub(crate) fn run_prompt(
        self: &Arc<Self>,
        prompt: Arc<ServerPrompt>,
        call: Call,
    ) -> ReplyFuture {
        self.run(call, |call| Box::pin(answer_prompt(prompt, call)))
    }

    /// Runs the handler of a resource or of a template.
    pub(crate) fn run_resource<T>(
        self: &Arc<Self>,
        source: Arc<T>,
        reader: fn(&T) -> &Reader,
        (uri, variables): (String, UriVariables),
        call: Call,
    ) -> ReplyFuture
    where
        T: Send + Sync + 'static,
    {
        self.run(call, move |call| {
            Box::pin(async move { answer_resource(reader(&source), (uri, variables), call).await })
        })
    }

    /// Completes an argument.
    pub(crate) fn run_completion(
        self: &Arc<Self>,
        params: CompleteParams,
        call: Call,
    ) -> ReplyFuture {
        self.run(call, |call| Box::pin(answer_completion(params, call)))
    }

    /// Runs a method of the server's own.
    pub(crate) fn run_method(
        self: &Arc<Self>,
        method: crate::registry::custom::CustomMethod,
        call: Call,
    ) -> ReplyFuture {
        self.run(call, |call| {
            Box::pin(async move {
                let (era, result) = (call.era(), method.run(call.clone()).await);
                let id = call.request_id();
                match result {
                    Ok(result) if era == Era::Modern => {
                        let mut result = result;
                        if let Some(members) = result.as_object_mut() {
                            members.entry("resultType").or_insert_with(|| json!("complete"));
                        }
                        call.app().answer_raw(era, id, &result)
                    }
                    Ok(result) => call.app().answer_raw(era, id, &result),
                    Err(error) => Message::error_response(id, &error.into_error()),
                }
            })
        })
    }

    /// Makes a reply of a handler. Nothing runs before it is polled.
    fn run(
        self: &Arc<Self>,
        call: Call,
        handler: impl FnOnce(CallContext) -> Answering,
    ) -> ReplyFuture {
        match self.begin(call, None) {
            Ok(call) => {
                let handler = handler(call.clone());
                Box::pin(CallReply(Some(Run::new(call, handler))))
            }
            Err(reply) => reply,
        }
    }

    /// A call as its handler will see it; or the whole reply, when it goes on elsewhere or not at
    /// all.
    fn begin(
        self: &Arc<Self>,
        call: Call,
        task: Option<Box<TaskLink>>,
    ) -> Result<CallContext, ReplyFuture> {
        let Input::Message(message) = &call.input else {
            return Err(failed(None, &codes::invalid_params("no request")));
        };
        let message = message.clone();
        let round = match self.round(&call, &message) {
            Ok(Next::Round(inputs)) => inputs,
            Ok(Next::Resumed(reply)) => return Err(reply),
            Err(error) => return Err(failed(message.id(), &error)),
        };
        let session = call.session.clone();
        let shared = CallShared::new(Arc::clone(self), call, session, (message, task));
        let call = CallContext::new(shared);
        if !round.is_first_round() {
            call.set_inputs(round);
        }
        if let Some((session, _)) = call.app_session() {
            session.enter(call.shared());
        }
        Ok(call)
    }

    /// The round that a modern request belongs to.
    fn round(&self, call: &Call, message: &Message) -> Result<Next, ErrorObject> {
        if call.peer.era == Era::Legacy {
            return Ok(Next::Round(Inputs::default()));
        }
        let RoundParams { input_responses, request_state, .. } = RoundParams::of(message)?;
        let Some(state) = request_state else {
            // Answers without a state: to a round of another server, or made up. A handler that
            // asks for these keys will find them; that is all that they can do.
            let inputs = input_responses.map(|it| Inputs::new(it, None));
            return Ok(Next::Round(inputs.unwrap_or_default()));
        };
        let responses = input_responses.unwrap_or_default();
        match self.request_state(&call.peer, message).open(&state)? {
            Sealed::Handler(state) => {
                let state = Some(state).filter(|it| !it.is_empty());
                Ok(Next::Round(Inputs::new(responses, state)))
            }
            Sealed::Parked { process, call, round } => {
                let place = (process, call, round);
                self.resume_parked(place, message.clone(), responses).map(Next::Resumed)
            }
        }
    }
}

/// Where a request goes on.
enum Next {
    /// In a handler that begins, with what this round brought.
    Round(Inputs),
    /// In a call that was parked.
    Resumed(ReplyFuture),
}

/// An error that is the answer.
pub(crate) fn failed(id: Option<eyot_jsonrpc::Id>, error: &ErrorObject) -> ReplyFuture {
    let answer = Message::error_response(id, error);
    Box::pin(std::future::ready(Ok(eyot_service::Reply::One(answer))))
}

async fn answer_tool(tool: Arc<RegisteredTool>, call: CallContext) -> Message {
    let once = || {
        let handling = tool.run(call.clone());
        match tool.timeout {
            Some(timeout) => Box::pin(Deadline::new(handling, call.clone(), timeout)),
            None => handling,
        }
    };
    let settled = settle(&call, once).await;
    let (app, era, id) = (call.app(), call.era(), call.request_id());
    let result = match settled {
        Ok(Settled::Done(result)) => Ok(result),
        Ok(Settled::Asks(result)) => return app.answer_raw(era, id, &result),
        Err(error) => error.into_tool(),
    };
    match result {
        Ok(result) => {
            let schema = tool.definition.output_schema.as_ref();
            let result = match schema.filter(|_| era == Era::Legacy) {
                // A schema that its revision cannot have was wrapped in the list: so is this.
                Some(schema) => {
                    let revision = call.revision();
                    let (result, losses) = revision::call_tool_result(revision, result, schema);
                    note(revision, &losses);
                    result
                }
                None => result,
            };
            app.answer(call.revision(), id, result)
        }
        Err(error) => Message::error_response(id, &error),
    }
}

async fn answer_prompt(prompt: Arc<ServerPrompt>, call: CallContext) -> Message {
    let params: Result<GetPromptParams, _> = call.message().decode_params();
    let arguments = match params {
        Ok(params) => params.arguments.unwrap_or_default(),
        Err(error) => return refused(&call, &codes::invalid_params(&error.to_string())),
    };
    if let Some(name) = prompt.missing(&arguments) {
        let error = codes::invalid_params(&format!("argument `{name}` is required"));
        return refused(&call, &error);
    }
    let settled = settle(&call, || prompt.run(arguments.clone(), call.clone())).await;
    let (app, era, id) = (call.app(), call.era(), call.request_id());
    match settled {
        Ok(Settled::Done(mut result)) => {
            let definition = prompt.definition();
            result.description = result.description.or_else(|| definition.description.clone());
            app.answer(call.revision(), id, result)
        }
        Ok(Settled::Asks(result)) => app.answer_raw(era, id, &result),
        Err(error) => refused(&call, &error.into_error()),
    }
}

async fn answer_resource(
    reader: &Reader,
    (uri, variables): (String, UriVariables),
    call: CallContext,
) -> Message {
    let once = || reader.run(uri.clone(), variables.clone(), call.clone());
    let settled = settle(&call, once).await;
    let (app, era, id) = (call.app(), call.era(), call.request_id());
    match settled {
        Ok(Settled::Done(mut result)) => {
            reader.complete(&uri, &mut result);
            app.answer(call.revision(), id, result)
        }
        Ok(Settled::Asks(result)) => app.answer_raw(era, id, &result),
        Err(error) => refused(&call, &error.into_error()),
    }
}

async fn answer_completion(params: CompleteParams, call: CallContext) -> Message {
    let app = call.app();
    let CompleteParams { reference, argument, .. } = params;
    let completed = match &reference {
        CompletionReference::Prompt(prompt) => app
            .prompts
            .get(&prompt.name)
            .map(|prompt| prompt.completions.run(&argument.name, argument.value, call.clone())),
        CompletionReference::Resource(template) => app
            .templates
            .get(&template.uri)
            .map(|it| it.it.completions.run(&argument.name, argument.value, call.clone())),
        _ => None,
    };
    let Some(completed) = completed else {
        let error = ErrorObject::new(INVALID_PARAMS, "nothing of that name can be completed");
        return refused(&call, &error);
    };
    match completed.await {
        Ok(completion) => done_completion(&call, completion),
        Err(error) => refused(&call, &error.into_error()),
    }
}

fn done_completion(call: &CallContext, completion: Completion) -> Message {
    let result = CompleteResult::new(completion);
    call.app().answer(call.revision(), call.request_id(), result)
}

fn refused(call: &CallContext, error: &ErrorObject) -> Message {
    Message::error_response(call.request_id(), error)
}

/// Rounds of one call in a legacy session.
const ROUNDS_MAX: usize = 16;
