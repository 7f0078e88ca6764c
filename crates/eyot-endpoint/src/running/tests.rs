//! Replies in their stages.

use std::future::ready;
use std::task::{Context, Poll, Waker};

use eyot_jsonrpc::{Id, Message};
use eyot_service::{Fault, Messages, Reply, ReplyItem};
use futures_util::stream;
use serde_json::json;

use super::Running;

fn answer() -> Result<ReplyItem, Fault> {
    Ok(Message::response(Id::from_number(1), &json!({})).into())
}

fn note() -> Result<ReplyItem, Fault> {
    Ok(Message::notification("notifications/message", &json!({})).into())
}

/// How many parts come before the end or a wait.
fn parts(running: &mut Running) -> usize {
    let mut count = 0;
    while let Poll::Ready(Some(_)) = running.poll_part(&mut Context::from_waker(Waker::noop())) {
        count += 1;
    }
    count
}

#[test]
fn call_is_over_with_its_answer_although_the_stream_has_not_ended() {
    let parts_and_silence = stream::select(
        stream::iter([note(), answer()]),
        stream::pending::<Result<ReplyItem, Fault>>(),
    );
    let reply = Ok(Reply::Stream(Messages::new(parts_and_silence)));
    let mut running = Running::new(Box::pin(ready(reply)));
    assert_eq!(parts(&mut running), 2);
    assert!(running.is_over(), "its id would stay in use");
}

#[test]
fn batch_is_over_with_its_last_answer() {
    let all = stream::iter([answer(), note(), answer(), note()]);
    let mut running = Running::merged(Messages::new(all), 2);
    assert_eq!(parts(&mut running), 3);
    assert!(running.is_over());
}

#[test]
fn fault_ends_a_call() {
    let fault = Fault::internal("broken");
    let mut running = Running::new(Box::pin(ready(Err(fault))));
    assert_eq!(parts(&mut running), 1);
    assert!(running.is_over());
}

#[test]
fn part_that_was_put_back_comes_again() {
    let all = stream::iter([answer()]);
    let mut running = Running::merged(Messages::new(all), 1);
    assert_eq!(parts(&mut running), 1);
    running.put_back(note().unwrap());
    assert!(!running.is_over());
    assert_eq!(parts(&mut running), 1);
}
