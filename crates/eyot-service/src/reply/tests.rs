//! Replies and the items of their streams.

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Response};
use futures_util::{FutureExt as _, stream};
use serde_json::json;

use super::{Messages, Reply, ReplyItem};
use crate::{Fault, FaultKind};

fn answer() -> Response {
    Response::new(Id::from_number(1), &json!({ "is": "answered" }))
}

fn notification() -> Message {
    Message::notification("notifications/message", &json!({}))
}

fn question() -> Message {
    Message::request(Id::from_text("q"), "ping", &json!({}))
}

fn stream_of(items: Vec<Result<ReplyItem, Fault>>) -> Reply {
    Reply::Stream(Messages::new(stream::iter(items)))
}

/// The answer, and the methods of what came before it.
fn answered(reply: Reply) -> (Result<Response, Fault>, Vec<String>) {
    let mut others = Vec::new();
    let on_other = |it: Message| others.push(it.method().unwrap().into_owned());
    let answer = reply.answer(on_other).now_or_never().unwrap();
    (answer, others)
}

#[test]
fn what_comes_before_the_answer_is_handed_over_in_its_order() {
    let items =
        [notification().into(), ReplyItem::Cursor(Bytes::from_static(b"1")), question().into()];
    let items = items.into_iter().chain([answer().into(), notification().into()]);
    let (answer, others) = answered(stream_of(items.map(Ok).collect()));
    assert_eq!(answer.unwrap().result(), Some(r#"{"is":"answered"}"#));
    assert_eq!(others, ["notifications/message", "ping"], "nothing behind the answer is read");
}

#[test]
fn answer_that_comes_alone_is_the_answer() {
    let (answer, others) = answered(Reply::One(answer()));
    assert!(!answer.unwrap().is_error() && others.is_empty());
}

#[test]
fn fault_before_the_answer_is_the_outcome() {
    let fault = Fault::internal("broken");
    let (answer, _) = answered(stream_of(vec![Ok(notification().into()), Err(fault)]));
    assert_eq!(answer.unwrap_err().kind, FaultKind::Internal);
}

#[test]
fn reply_without_an_answer_is_a_fault_of_the_upstream() {
    for reply in [Reply::None, stream_of(Vec::new()), stream_of(vec![Ok(notification().into())])] {
        let (answer, _) = answered(reply);
        assert_eq!(answer.unwrap_err().kind, FaultKind::Upstream);
    }
}

#[test]
fn message_is_replaced_where_there_is_one() {
    let cursor = Bytes::from_static(b"7");
    let item = ReplyItem::Message { message: question(), cursor: Some(cursor.clone()) };
    let item = item.map_message(|_| answer().into());
    assert!(item.is_answer());
    assert_eq!(item.cursor(), Some(&cursor));
    let item = ReplyItem::Cursor(cursor.clone()).map_message(|_| answer().into());
    assert!(!item.is_answer() && item.cursor() == Some(&cursor));
    assert!(item.into_message().is_none());
}
