//! What is declared, and what is answered.

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{Id, Request};
use eyot_types::{ElicitParams, ElicitResult, JsonObject, ListRootsResult, Root};
use serde_json::{Value, json};

use super::{AnswerFuture, Handlers};

const PATIENCE: Duration = Duration::from_secs(10);

fn eliciting() -> Handlers {
    let accept = |params: ElicitParams| -> AnswerFuture<ElicitResult> {
        Box::pin(async move {
            let content = json!({ "said": params.message });
            Ok(ElicitResult::accept(content.as_object().unwrap().clone()))
        })
    };
    Handlers { elicit: Some(Arc::new(accept)), ..Handlers::default() }
}

async fn answer(handlers: &Handlers, method: &str, params: Value) -> Value {
    let request = Request::new(Id::from_text("s"), method, &params);
    let response = handlers.respond(&request, PATIENCE).await;
    assert_eq!(response.id(), Some(Id::from_text("s")));
    match response.decode_error() {
        Ok(error) => error.code.into(),
        Err(_) => response.decode_result().unwrap(),
    }
}

#[test]
fn nothing_is_declared_without_a_handler() {
    assert_eq!(Handlers::default().capabilities().0, JsonObject::new());
}

#[test]
fn what_has_a_handler_is_declared() {
    let handlers = eliciting();
    assert_eq!(Value::from(handlers.capabilities().0), json!({ "elicitation": {} }));
    let handlers = Handlers { has_url_mode: true, ..handlers };
    let modes = json!({ "elicitation": { "form": {}, "url": {} } });
    assert_eq!(Value::from(handlers.capabilities().0), modes);
}

#[tokio::test]
async fn a_question_is_answered_by_its_handler() {
    let params = json!({ "message": "name?", "requestedSchema": {
        "type": "object", "properties": {} } });
    let answer = answer(&eliciting(), "elicitation/create", params).await;
    assert_eq!(answer, json!({ "action": "accept", "content": { "said": "name?" } }));
}

#[tokio::test]
async fn ping_needs_no_handler() {
    assert_eq!(answer(&Handlers::default(), "ping", json!({})).await, json!({}));
}

#[tokio::test]
async fn a_question_without_a_handler_is_no_method_of_ours() {
    let handlers = Handlers::default();
    assert_eq!(answer(&handlers, "roots/list", json!({})).await, json!(-32601));
    assert_eq!(answer(&handlers, "who/knows", json!({})).await, json!(-32601));
}

#[tokio::test]
async fn a_mode_that_was_not_declared_is_refused() {
    let params = json!({ "mode": "url", "message": "go", "url": "https://example.com",
        "elicitationId": "1" });
    assert_eq!(answer(&eliciting(), "elicitation/create", params).await, json!(-32602));
}

#[tokio::test]
async fn a_handler_that_panics_fails_its_own_question_only() {
    let roots = |()| -> AnswerFuture<ListRootsResult> { Box::pin(async { panic!("no roots") }) };
    let handlers = Handlers { roots: Some(Arc::new(roots)), ..eliciting() };
    assert_eq!(answer(&handlers, "roots/list", json!({})).await, json!(-32603));
    let roots = |()| -> AnswerFuture<ListRootsResult> {
        Box::pin(async { Ok(ListRootsResult::new(vec![Root::new("file:///a")])) })
    };
    let handlers = Handlers { roots: Some(Arc::new(roots)), ..handlers };
    let listed = json!({ "roots": [{ "uri": "file:///a" }] });
    assert_eq!(answer(&handlers, "roots/list", json!({})).await, listed);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_answers_is_not_waited_for_for_ever() {
    let roots = |()| -> AnswerFuture<ListRootsResult> { Box::pin(std::future::pending()) };
    let handlers = Handlers { roots: Some(Arc::new(roots)), ..Handlers::default() };
    assert_eq!(answer(&handlers, "roots/list", json!({})).await, json!(-32603));
}
