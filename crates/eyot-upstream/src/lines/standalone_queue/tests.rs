//! Which messages wait, and which have to go.

use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::json;

use super::*;

fn message(name: u64, filler: usize) -> Message {
    Message::notification("n", &json!({ "number": name, "data": "x".repeat(filler) }))
}

fn queue(queue_messages_max: usize, queue_bytes_max: usize) -> StandaloneQueue {
    let mut limits = eyot_service::Limits::default().calls;
    limits.queue_messages_max = queue_messages_max;
    limits.queue_bytes_max = queue_bytes_max;
    StandaloneQueue::new(&limits)
}

/// The numbers of the messages that wait.
fn waiting(queue: &StandaloneQueue) -> Vec<u64> {
    let mut listener = queue.listen();
    std::iter::from_fn(|| listener.next().now_or_never().flatten())
        .map(|it| it.unwrap().into_message().unwrap())
        .map(|it| it.decode_params::<serde_json::Value>().unwrap()["number"].as_u64().unwrap())
        .collect()
}

#[test]
fn the_oldest_goes_when_there_are_too_many() {
    let queue = queue(2, 10_000);
    let dropped: Vec<_> = (1..=3).map(|it| queue.push(message(it, 0))).collect();
    assert_eq!((dropped, waiting(&queue)), (vec![0, 0, 1], vec![2, 3]));
}

#[test]
fn as_many_of_the_oldest_go_as_one_has_bytes() {
    let queue = queue(100, 10_000);
    let dropped: Vec<_> = (1..=4).map(|it| queue.push(message(it, 3_000))).collect();
    assert_eq!(dropped, [0, 0, 0, 1]);
    assert_eq!(queue.push(message(5, 5_500)), 2);
    assert_eq!(waiting(&queue), [4, 5]);
    assert_eq!(queue.push(message(6, 9_000)), 0, "what was read counts no more");
}

#[test]
fn one_message_of_any_length_waits_alone() {
    let queue = queue(100, 10_000);
    queue.push(message(1, 10));
    assert_eq!(queue.push(message(2, 50_000)), 1);
    assert_eq!(queue.push(message(3, 10)), 1);
    assert_eq!(waiting(&queue), [3]);
}
