//! Streams and their readers, with a scripted source and a store that can be held.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message};
use eyot_service::{Messages, ReplyItem, SessionHandle};
use eyot_session::{Fence, LogLimits, SessionState, Store, StoreError, StreamNo};
use eyot_store_memory::MemoryStore;
use eyot_testkit::samples::{record, session_id};
use eyot_testkit::{Fault, Faults, FaultyStore, block_on};
use serde_json::json;
use tokio::sync::mpsc;

use super::{ReaderId, ReaderOutput, SharedStream};
use crate::event_stream::EventStream;
use crate::reply_stream::ReplyStream;

/// A stream whose messages the test writes.
struct World {
    shared: SharedStream,
    source: mpsc::UnboundedSender<ReplyItem>,
    faults: Faults,
}

fn world() -> World {
    let store = FaultyStore::new(Arc::new(MemoryStore::new(LogLimits::default())));
    let faults = store.faults();
    let store: Arc<dyn Store> = Arc::new(store);
    let mut record = record(&session_id("session"));
    record.fence = Fence(1);
    block_on(store.create(record.clone())).unwrap();
    let state = SessionState::default();
    let handle = Arc::new(SessionHandle::new(record.id, None, Fence(1), state, store));
    let (source, receiver) = channel();
    let reply = ReplyStream::merged(receiver, 1);
    let id = Some(Id::from_number(1));
    let events = EventStream::call(&handle, StreamNo(1), reply, Vec::new(), id);
    World { shared: SharedStream::new(events), source, faults }
}

#[expect(clippy::disallowed_methods, reason = "the test writes a handful of messages")]
fn channel() -> (mpsc::UnboundedSender<ReplyItem>, Messages) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let stream =
        futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx).map(|item| item.map(Ok)));
    (sender, Messages::new(stream))
}

impl World {
    fn notify(&self, text: &str) {
        let params = json!({ "data": text });
        self.send(Message::notification("notifications/message", &params));
    }

    fn close(&self, retry: Duration) {
        self.send(ReplyItem::HangUp { retry });
    }

    fn send(&self, item: impl Into<ReplyItem>) {
        self.source.send(item.into()).unwrap();
    }

    fn answer(&self) {
        self.send(Message::response(Id::from_number(1), &json!({})));
    }

    /// One poll: the event's text, or what else came.
    fn poll(&self, reader: ReaderId) -> Option<String> {
        match self.shared.poll(reader, &mut Context::from_waker(Waker::noop())) {
            Poll::Pending => None,
            Poll::Ready(ReaderOutput::Event(frames)) => {
                let text = frames.collect::<Vec<Bytes>>().concat();
                Some(String::from_utf8(text).unwrap())
            }
            Poll::Ready(ReaderOutput::Closing(last)) => {
                Some(format!("closing {}", std::str::from_utf8(&last).unwrap()))
            }
            Poll::Ready(ReaderOutput::End) => Some("end".to_owned()),
            Poll::Ready(ReaderOutput::Displaced) => Some("displaced".to_owned()),
            Poll::Ready(ReaderOutput::WantsSource) => Some("wants a source".to_owned()),
        }
    }
}

#[test]
fn event_is_shown_only_after_it_is_stored() {
    let world = world();
    let (reader, _) = world.shared.attach();
    assert_eq!(world.poll(reader), None);
    world.faults.hold();
    world.notify("hello");
    assert_eq!(world.poll(reader), None, "shown before the store had answered");
    world.faults.release();
    let event = world.poll(reader).unwrap();
    assert!(event.starts_with("id: 1.1.1\n") && event.contains("hello"), "{event}");
}

#[test]
fn stream_ends_behind_its_answer() {
    let world = world();
    let (reader, _) = world.shared.attach();
    world.notify("first");
    assert!(world.poll(reader).unwrap().contains("first"));
    world.answer();
    assert!(world.poll(reader).unwrap().contains("\"result\":{}"));
    assert_eq!(world.poll(reader).unwrap(), "end");
}

#[test]
fn what_has_come_is_stored_in_one_write_and_shown_together() {
    let world = world();
    let (reader, _) = world.shared.attach();
    for text in ["one", "two"] {
        world.notify(text);
    }
    world.answer();
    world.faults.fail_nth(2, Fault::Refused(StoreError::Backpressure));
    let text = world.poll(reader).unwrap();
    let places = ["id: 1.1.1", "one", "id: 1.1.2", "two", "id: 1.1.3", "result", "\n\n"];
    let found: Vec<_> = places.iter().map(|it| text.find(it).expect(it)).collect();
    assert!(found[..6].is_sorted(), "{text}");
    assert_eq!(world.poll(reader).unwrap(), "end");
}

#[test]
fn reader_may_hang_up_behind_what_came_before() {
    let world = world();
    let (reader, _) = world.shared.attach();
    world.notify("one");
    world.close(Duration::from_millis(250));
    world.answer();
    assert!(world.poll(reader).unwrap().contains("one"));
    assert_eq!(world.poll(reader).unwrap(), "closing id: 1.1.1\nretry: 250\ndata: \n\n");
    assert!(world.poll(reader).unwrap().contains("result"));
}

#[test]
fn newer_reader_takes_the_stream_and_misses_nothing() {
    let world = world();
    let (old, _) = world.shared.attach();
    world.notify("one");
    assert!(world.poll(old).unwrap().contains("one"));
    let (new, shown) = world.shared.attach();
    assert_eq!(shown.unwrap().seq, 1, "the first event must come from the store");
    world.notify("two");
    assert_eq!(world.poll(old).unwrap(), "displaced");
    assert!(world.poll(new).unwrap().contains("two"));
}

#[test]
fn event_that_is_being_stored_at_a_change_of_readers_is_shown_once() {
    let world = world();
    let (old, _) = world.shared.attach();
    assert_eq!(world.poll(old), None);
    world.faults.hold();
    world.notify("one");
    assert_eq!(world.poll(old), None);
    let (new, shown) = world.shared.attach();
    assert_eq!(shown.unwrap().seq, 0, "it counts as live, so a replay leaves it out");
    world.faults.release();
    assert_eq!(world.poll(old).unwrap(), "displaced");
    assert!(world.poll(new).unwrap().contains("one"));
    assert_eq!(world.poll(new), None);
}

#[test]
fn call_without_a_reader_must_be_read_on_until_it_has_ended() {
    let world = world();
    let (reader, _) = world.shared.attach();
    assert!(world.shared.detach(reader));
    let detached = world.shared.attach_if_unread().unwrap();
    world.answer();
    assert!(world.poll(detached).unwrap().contains("result"));
    assert_eq!(world.poll(detached).unwrap(), "end");
    assert!(!world.shared.detach(detached));
}

#[test]
fn detached_does_not_take_the_stream_from_a_client_that_came_back() {
    let world = world();
    let (reader, _) = world.shared.attach();
    assert!(world.shared.detach(reader));
    let _back = world.shared.attach();
    assert_eq!(world.shared.attach_if_unread(), None);
}

#[test]
fn client_is_told_when_events_cannot_be_stored() {
    let world = world();
    let (reader, _) = world.shared.attach();
    assert_eq!(world.poll(reader), None);
    world.faults.fail_all(Fault::Refused(StoreError::Backpressure));
    world.notify("lost");
    let last = world.poll(reader).unwrap();
    assert!(!last.contains("id: ") && last.contains("\"outcome\":\"unknown\""), "{last}");
    assert_eq!(world.poll(reader).unwrap(), "end");
}

#[test]
fn closing_repeats_the_last_id_and_the_stream_goes_on() {
    let world = world();
    let (reader, _) = world.shared.attach();
    world.close(Duration::from_millis(500));
    assert_eq!(world.poll(reader).unwrap(), "closing id: 1.1.0\nretry: 500\ndata: \n\n");
    world.notify("one");
    assert!(world.poll(reader).unwrap().starts_with("id: 1.1.1\n"));
    world.close(Duration::from_secs(7));
    assert_eq!(world.poll(reader).unwrap(), "closing id: 1.1.1\nretry: 7000\ndata: \n\n");
    world.answer();
    assert!(world.poll(reader).unwrap().contains("result"));
}
