//! What fits into the queue of a call, and who waits for room.

use std::future::poll_fn;

use eyot_jsonrpc::Message;
use futures_util::FutureExt as _;
use serde_json::json;

use super::*;

/// A message of exactly so many bytes.
fn message(len_bytes: usize) -> Message {
    let empty = Message::notification("n", &json!({ "data": "" })).len();
    let message = Message::notification("n", &json!({ "data": "x".repeat(len_bytes - empty) }));
    assert_eq!(message.len(), len_bytes);
    message
}

fn queue(queue_messages_max: usize, queue_bytes_max: usize) -> (ItemSender, ItemReceiver) {
    let mut limits = eyot_service::Limits::default().calls;
    limits.queue_messages_max = queue_messages_max;
    limits.queue_bytes_max = queue_bytes_max;
    item_queue(&limits)
}

async fn next(receiver: &mut ItemReceiver) -> Option<usize> {
    let item = poll_fn(|cx| receiver.poll_item(cx)).await?;
    item.unwrap().into_message().map(|it| it.len())
}

#[tokio::test]
async fn bytes_are_counted_beside_messages() {
    let (sender, mut receiver) = queue(3, 1_000);
    assert!(sender.try_send(message(400)).is_ok());
    assert!(sender.try_send(message(600)).is_ok());
    assert!(sender.try_send(message(100)).is_err(), "too many bytes");
    assert_eq!(next(&mut receiver).await, Some(400));
    assert!(sender.try_send(message(100)).is_ok());
    assert!(sender.try_send(message(100)).is_ok());
    assert!(sender.try_send(message(100)).is_err(), "too many messages");
}

#[tokio::test]
async fn one_message_of_any_length_fits_while_none_waits() {
    let (sender, mut receiver) = queue(3, 1_000);
    assert!(sender.try_send(message(5_000)).is_ok());
    assert!(sender.try_send(message(100)).is_err());
    assert_eq!(next(&mut receiver).await, Some(5_000));
    assert!(sender.try_send(message(100)).is_ok());
}

#[tokio::test]
async fn the_driver_waits_for_room_in_bytes_and_in_messages() {
    for (messages_max, bytes_max) in [(8, 1_000), (1, 9_000)] {
        let (sender, mut receiver) = queue(messages_max, bytes_max);
        assert!(sender.try_send(message(900)).is_ok());
        let mut sending = Box::pin(sender.send(message(800)));
        assert!(sending.as_mut().now_or_never().is_none());
        assert_eq!(next(&mut receiver).await, Some(900));
        sending.await;
        assert_eq!(next(&mut receiver).await, Some(800));
    }
}

#[tokio::test]
async fn nothing_waits_for_a_reader_that_has_gone() {
    let (sender, receiver) = queue(8, 1_000);
    assert!(sender.try_send(message(900)).is_ok());
    let mut sending = Box::pin(sender.send(message(800)));
    assert!(sending.as_mut().now_or_never().is_none());
    drop(receiver);
    sending.await;
    assert!(sender.try_send(message(100)).is_ok());
}

#[tokio::test]
async fn a_fault_is_found_behind_what_is_queued() {
    let (sender, mut receiver) = queue(8, 1_000);
    assert!(sender.try_send(message(900)).is_ok());
    sender.fault().set(Fault::unanswered());
    drop(sender);
    assert_eq!(next(&mut receiver).await, Some(900));
    let last = poll_fn(|cx| receiver.poll_item(cx)).await;
    assert!(last.is_some_and(|it| it.is_err()));
    assert!(poll_fn(|cx| receiver.poll_item(cx)).await.is_none());
}
