//! Starts the handlers of tools, prompts, resources and completions.

use std::sync::Arc;

use eyot_era::revision;
use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Response};
use eyot_service::{Call, Input, ReplyFuture};
use eyot_types::{CompleteParams, CompleteResult, Era, GetPromptParams, codes};
use serde_json::value::to_raw_value;

use super::begin::{begin, failed};
use super::context::{CallContext, HandlerParts};
use super::deadline::Deadline;
use super::reply::CallReply;
use super::run::{Answering, Run};
use super::settle::{Settled, settle};
use crate::identity::note;
use crate::registry::custom::CustomMethod;
use crate::registry::prompt::RegisteredPrompt;
use crate::registry::resource::{Reader, UriVariables};
use crate::registry::tool::RegisteredTool;
use crate::tasks::TaskReply;

/// Runs a tool; the call has passed the layers around it already.
pub(crate) fn run_tool(
    parts: &Arc<HandlerParts>,
    tool: Arc<RegisteredTool<CallContext>>,
    call: Call,
) -> ReplyFuture {
    let Input::Request(request) = &call.input else {
        return failed(None, &codes::invalid_params("no request"));
    };
    let name = tool.definition.name.as_str();
    let room = match parts.task_requests().room(tool.task, name, &call.peer, request) {
        Ok(room) => room,
        Err(error) => return failed(Some(request.id()), &error),
    };
    let Some(room) = room else {
        return run(parts, call, |call| Box::pin(answer_tool(tool, call)));
    };
    let call = match begin(parts, call, Some(Box::default())) {
        Ok(call) => call,
        Err(reply) => return reply,
    };
    let ttl = tool.task_ttl.unwrap_or(parts.tasks.limits.task_ttl);
    let handler = Box::pin(answer_tool(tool, call.clone()));
    Box::pin(TaskReply::new(Box::new(Run::new(call, handler)), room, ttl))
}

/// Runs a prompt.
pub(crate) fn run_prompt(
    parts: &Arc<HandlerParts>,
    prompt: Arc<RegisteredPrompt<CallContext>>,
    call: Call,
) -> ReplyFuture {
    run(parts, call, |call| Box::pin(answer_prompt(prompt, call)))
}

/// Runs the handler of a resource or of a template.
pub(crate) fn run_resource<T>(
    parts: &Arc<HandlerParts>,
    source: Arc<T>,
    reader: fn(&T) -> &Reader<CallContext>,
    (uri, variables): (String, UriVariables),
    call: Call,
) -> ReplyFuture
where
    T: Send + Sync + 'static,
{
    run(parts, call, move |call| {
        Box::pin(async move { answer_resource(reader(&source), (uri, variables), call).await })
    })
}

/// Completes an argument.
pub(crate) fn run_completion(
    parts: &Arc<HandlerParts>,
    params: CompleteParams,
    call: Call,
) -> ReplyFuture {
    run(parts, call, |call| Box::pin(answer_completion(params, call)))
}

/// Runs a method of the server's own.
pub(crate) fn run_method(
    parts: &Arc<HandlerParts>,
    method: CustomMethod<CallContext>,
    call: Call,
) -> ReplyFuture {
    run(parts, call, |call| Box::pin(answer_method(method, call)))
}

/// Makes a reply of a handler. The handler first runs when the reply is polled.
fn run(
    parts: &Arc<HandlerParts>,
    call: Call,
    handler: impl FnOnce(CallContext) -> Answering,
) -> ReplyFuture {
    match begin(parts, call, None) {
        Ok(call) => {
            let handler = handler(call.clone());
            Box::pin(CallReply(Some(Run::new(call, handler))))
        }
        Err(reply) => reply,
    }
}

async fn answer_method(method: CustomMethod<CallContext>, call: CallContext) -> Response {
    let (era, result) = (call.era(), method.run(&call.request(), call.clone()).await);
    let (identity, id) = (&call.parts().identity, call.request_id());
    match result {
        Ok(mut result) => {
            if era == Era::Modern
                && let Ok(complete) = to_raw_value("complete")
            {
                result.entry("resultType".to_owned()).or_insert(complete);
            }
            identity.answer_raw(era, id, &result)
        }
        Err(error) => Response::of_error(Some(id), &error.into_error()),
    }
}

async fn answer_tool(tool: Arc<RegisteredTool<CallContext>>, call: CallContext) -> Response {
    let once = || {
        let handling = tool.run(&call.request(), call.clone());
        match tool.timeout {
            Some(timeout) => Box::pin(Deadline::new(handling, call.clone(), timeout)),
            None => handling,
        }
    };
    let settled = settle(&call, once).await;
    let (identity, era, id) = (&call.parts().identity, call.era(), call.request_id());
    let result = match settled {
        Ok(Settled::Done(result)) => Ok(result),
        Ok(Settled::Asks(result)) => return identity.answer_raw(era, id, &result),
        Err(error) => error.into_tool(),
    };
    match result {
        Ok(result) => {
            let schema = tool.definition.output_schema.as_ref();
            let result = match schema.filter(|_| era == Era::Legacy) {
                // A schema that the revision cannot have was wrapped in the list, so the content is
                // too.
                Some(schema) => {
                    let revision = call.revision();
                    let (result, losses) = revision::call_tool_result(revision, result, schema);
                    note(revision, &losses);
                    result
                }
                None => result,
            };
            identity.answer(call.revision(), id, result)
        }
        Err(error) => Response::of_error(Some(id), &error),
    }
}

async fn answer_prompt(prompt: Arc<RegisteredPrompt<CallContext>>, call: CallContext) -> Response {
    let params: Result<GetPromptParams, _> = call.request().decode_params();
    let arguments = match params {
        Ok(params) => params.arguments.unwrap_or_default(),
        Err(error) => return refused(&call, &codes::invalid_params(&error.to_string())),
    };
    if let Some(name) = prompt.missing(&arguments) {
        let error = codes::invalid_params(&format!("argument `{name}` is required"));
        return refused(&call, &error);
    }
    let settled = settle(&call, || prompt.run(arguments.clone(), call.clone())).await;
    let (identity, era, id) = (&call.parts().identity, call.era(), call.request_id());
    match settled {
        Ok(Settled::Done(mut result)) => {
            let description = &prompt.definition.description;
            result.description = result.description.or_else(|| description.clone());
            identity.answer(call.revision(), id, result)
        }
        Ok(Settled::Asks(result)) => identity.answer_raw(era, id, &result),
        Err(error) => refused(&call, &error.into_error()),
    }
}

async fn answer_resource(
    reader: &Reader<CallContext>,
    (uri, variables): (String, UriVariables),
    call: CallContext,
) -> Response {
    let once = || reader.run(uri.clone(), variables.clone(), call.clone());
    let settled = settle(&call, once).await;
    let (identity, era, id) = (&call.parts().identity, call.era(), call.request_id());
    match settled {
        Ok(Settled::Done(mut result)) => {
            reader.complete(&uri, &mut result);
            identity.answer(call.revision(), id, result)
        }
        Ok(Settled::Asks(result)) => identity.answer_raw(era, id, &result),
        Err(error) => refused(&call, &error.into_error()),
    }
}

async fn answer_completion(params: CompleteParams, call: CallContext) -> Response {
    let CompleteParams { reference, argument, .. } = params;
    let parts = call.parts();
    let Some(completed) = parts.registry.complete(&reference, argument, call.clone()) else {
        let error = ErrorObject::new(INVALID_PARAMS, "nothing of that name can be completed");
        return refused(&call, &error);
    };
    match completed.await {
        Ok(completion) => {
            let result = CompleteResult::new(completion);
            parts.identity.answer(call.revision(), call.request_id(), result)
        }
        Err(error) => refused(&call, &error.into_error()),
    }
}

fn refused(call: &CallContext, error: &ErrorObject) -> Response {
    Response::of_error(Some(call.request_id()), error)
}
