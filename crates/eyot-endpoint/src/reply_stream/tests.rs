//! Replies in their stages.

use std::future::ready;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use eyot_jsonrpc::{Id, Message, Request};
use eyot_service::{
    BoxService, Call, Fault, Input, Messages, OperatorText, Peer, Reply, ReplyItem,
};
use eyot_types::Era;
use futures_util::stream;
use parking_lot::Mutex;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Level;

use super::ReplyStream;
use crate::detached_calls::DetachedCalls;

fn answer() -> Result<ReplyItem, Fault> {
    Ok(Message::response(Id::from_number(1), &json!({})).into())
}

fn note() -> Result<ReplyItem, Fault> {
    Ok(Message::notification("notifications/message", &json!({})).into())
}

/// How many items come before the end or a wait.
fn items(reply: &mut ReplyStream) -> usize {
    let mut count = 0;
    while let Poll::Ready(Some(_)) = reply.poll_item(&mut Context::from_waker(Waker::noop())) {
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
    let mut reply = ReplyStream::new(Box::pin(ready(reply)));
    assert_eq!(items(&mut reply), 2);
    assert!(reply.is_over(), "its id would stay in use");
}

#[test]
fn batch_is_over_with_its_last_answer() {
    let all = stream::iter([answer(), note(), answer(), note()]);
    let mut reply = ReplyStream::merged(Messages::new(all), 2);
    assert_eq!(items(&mut reply), 3);
    assert!(reply.is_over());
}

#[test]
fn fault_ends_a_call() {
    let fault = Fault::internal("broken");
    let mut reply = ReplyStream::new(Box::pin(ready(Err(fault))));
    assert_eq!(items(&mut reply), 1);
    assert!(reply.is_over());
}

#[test]
fn part_that_was_put_back_comes_again() {
    let all = stream::iter([answer()]);
    let mut reply = ReplyStream::merged(Messages::new(all), 1);
    assert_eq!(items(&mut reply), 1);
    reply.put_back(note().unwrap());
    assert!(!reply.is_over());
    assert_eq!(items(&mut reply), 1);
}

/// What is logged, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `work` logs at `level`.
fn log_of(level: Level, work: impl FnOnce()) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(move || writer.clone())
        .without_time()
        .with_ansi(false)
        .finish();
    tracing::subscriber::with_default(subscriber, work);
    let text = log.0.lock().clone();
    String::from_utf8(text).unwrap()
}

/// What is logged at `level` while a call is begun, answered, and its messages are taken, and by
/// work that it has handed to a task.
fn logged(level: Level) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let tasks = TaskTracker::new();
    log_of(level, || {
        let detached = DetachedCalls::new(tasks.clone(), CancellationToken::new());
        let service = BoxService::from_fn(move |_| {
            tracing::info!("begun");
            detached.spawn(async { tracing::info!("handed on") });
            Box::pin(async {
                tracing::info!("answering");
                let messages = stream::once(async {
                    tracing::info!("answered");
                    answer()
                });
                Ok(Reply::Stream(Messages::new(messages)))
            })
        });
        let request = Request::new(Id::from_number(7), "tools/call", &json!({}));
        let call = Call::new(Input::Request(request), Peer::ourselves(Era::Modern));
        assert_eq!(items(&mut ReplyStream::of(&service, call)), 1);
        tasks.close();
        runtime.block_on(tasks.wait());
    })
}

#[test]
fn operator_is_told_why_a_call_failed_unless_that_was_said_before() {
    let fault = Fault::internal("broken").with_operator_text(OperatorText::new("at 10.0.0.1"));
    let told = |fault: Fault| {
        log_of(Level::WARN, || {
            let later = Messages::new(stream::iter([note(), Err(fault.clone())]));
            for reply in [Err(fault), Ok(Reply::Stream(later))] {
                items(&mut ReplyStream::new(Box::pin(ready(reply))));
            }
        })
    };
    let log = told(fault.clone());
    assert_eq!(log.matches("at 10.0.0.1").count(), 2, "{log}");
    assert_eq!(log.matches("WARN").count(), 2, "{log}");
    assert_eq!(told(fault.told()), "");
    assert_eq!(told(Fault::internal("broken")), "");
}

#[test]
fn what_is_logged_in_a_call_says_which_call_it_is() {
    let text = logged(Level::DEBUG);
    assert_eq!(text.lines().count(), 4, "{text}");
    for line in text.lines() {
        assert!(line.contains(r#"call{era="modern" method="tools/call" id="7"}"#), "{line}");
    }
}

#[test]
fn nothing_of_a_call_is_written_where_nobody_listens_for_it() {
    let text = logged(Level::INFO);
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(!text.contains("tools/call"), "{text}");
}
