//! Where messages of a child go.

use std::future::poll_fn;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Request, ScanLimits, UpstreamId};
use eyot_service::Limits;
use eyot_types::Era;
use futures_util::FutureExt as _;
use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use proptest::sample::Index;

use super::{Calls, Route};
use crate::lines::item_queue::{ItemReceiver, item_queue};

struct World {
    calls: Calls,
    /// What the calls got, by our id.
    received: Vec<(u64, ItemReceiver)>,
}

impl World {
    fn new(era: Era) -> Self {
        Self { calls: Calls::new(era), received: Vec::new() }
    }

    /// A call of some client, whose id is always 1.
    fn call(&mut self, number: u64) -> Request {
        self.begin(number, r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":{"progressToken":"t"}}}"#)
    }

    fn begin(&mut self, number: u64, request: &str) -> Request {
        let (items, receiver) = item_queue(&Limits::default().calls);
        self.received.push((number, receiver));
        self.calls.begin(UpstreamId::new(number), message(request).into_request().unwrap(), items)
    }

    /// Routes a message; tells which call got it, or who else.
    fn route(&mut self, text: &str, is_listening: bool) -> (String, Option<Message>) {
        let (items, message) = match self.calls.route(message(text), is_listening) {
            Route::Call { items, message, .. } => (items, message),
            Route::Answer { items, answer, .. } => (items, answer.into_message()),
            Route::Standalone(message) => return ("listener".to_owned(), Some(message)),
            Route::Drop(reason) => return (reason.to_owned(), None),
        };
        items.try_send(message.clone()).unwrap();
        let is_receiver = |(_, receiver): &mut (u64, ItemReceiver)| {
            let item = poll_fn(|cx| receiver.poll_item(cx)).now_or_never();
            item.flatten().is_some()
        };
        let place = self.received.iter_mut().position(is_receiver).unwrap();
        (format!("call {}", self.received[place].0), Some(message))
    }
}

fn message(text: &str) -> Message {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()), &ScanLimits::default()).unwrap()
}

#[test]
fn clients_ids_and_tokens_do_not_reach_the_child() {
    let mut world = World::new(Era::Legacy);
    let request = world.call(7).to_bytes();
    let request = message(std::str::from_utf8(&request).unwrap());
    assert_eq!(request.id(), Some(Id::from_number(7)));
    assert_eq!(request.progress_token(), Some(Id::from_number(7)));
}

#[test]
fn answer_reaches_the_call_that_asked_under_its_own_id() {
    let mut world = World::new(Era::Legacy);
    world.call(7);
    world.call(8);
    let (to, answer) = world.route(r#"{"jsonrpc":"2.0","id":8,"result":{}}"#, true);
    assert_eq!(to, "call 8");
    assert_eq!(answer.unwrap().id(), Some(Id::from_number(1)));
}

#[test]
fn second_answer_and_answer_of_another_type_reach_nobody() {
    let mut world = World::new(Era::Legacy);
    world.call(7);
    assert_eq!(
        world.route(r#"{"jsonrpc":"2.0","id":"7","result":{}}"#, true).0,
        "answer_unmatched"
    );
    assert_eq!(world.route(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#, true).0, "call 7");
    assert_eq!(world.route(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#, true).0, "answer_unmatched");
}

#[test]
fn progress_is_found_by_our_token_and_gets_the_clients_back() {
    let mut world = World::new(Era::Legacy);
    world.call(7);
    world.call(8);
    let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1}}"#;
    let (to, message) = world.route(progress, true);
    assert_eq!(to, "call 7");
    assert_eq!(message.unwrap().progress_token(), Some(Id::from_text("t")));
    let stray = progress.replace(":7,", ":9,");
    assert_eq!(world.route(&stray, true).0, "progress_unmatched");
}

const LOG: &str =
    r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}"#;
const ASK: &str = r#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#;

#[test]
fn what_names_no_call_goes_to_the_only_one() {
    let mut world = World::new(Era::Legacy);
    world.call(7);
    assert_eq!(world.route(LOG, true).0, "call 7");
    assert_eq!(world.route(ASK, true).0, "call 7");
}

#[test]
fn what_could_belong_to_several_calls_goes_to_the_listener_or_the_newest() {
    let mut world = World::new(Era::Legacy);
    world.call(7);
    world.call(8);
    assert_eq!(world.route(ASK, true).0, "listener");
    assert_eq!(world.route(ASK, false).0, "call 8");
}

#[test]
fn changes_go_to_the_listener_even_while_a_call_runs() {
    let mut world = World::new(Era::Legacy);
    world.call(7);
    let changed = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    assert_eq!(world.route(changed, false).0, "listener");
}

#[test]
fn subscription_of_the_modern_era_is_found_by_our_id_and_gets_the_clients_back() {
    let mut world = World::new(Era::Modern);
    world.call(7);
    world.call(8);
    let changed = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"a":[1,2],"_meta":{"io.modelcontextprotocol/subscriptionId":7,"v":"w"}}}"#;
    let (to, message) = world.route(changed, false);
    assert_eq!(to, "call 7");
    let params: serde_json::Value = message.unwrap().decode_params().unwrap();
    let expected = serde_json::json!({ "a": [1, 2], "_meta": {
        "io.modelcontextprotocol/subscriptionId": 1, "v": "w" } });
    assert_eq!(params, expected);
}

#[test]
fn end_of_a_subscription_names_it_as_its_client_does() {
    let mut world = World::new(Era::Modern);
    let listen = r#"{"jsonrpc":"2.0","id":"all","method":"subscriptions/listen","params":{}}"#;
    world.begin(7, listen);
    let ended = r#"{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}"#;
    let (_, message) = world.route(ended, false);
    let message = message.unwrap();
    assert_eq!(message.id().unwrap().as_raw(), r#""all""#);
    let result: serde_json::Value = serde_json::from_str(message.result().unwrap()).unwrap();
    assert_eq!(result["_meta"]["io.modelcontextprotocol/subscriptionId"], "all");
}

#[test]
fn modern_server_that_asks_is_not_heard() {
    let mut world = World::new(Era::Modern);
    world.call(7);
    assert_eq!(world.route(ASK, true).0, "request_of_modern_server");
}

#[test]
fn modern_message_that_could_belong_to_several_clients_reaches_none() {
    let mut world = World::new(Era::Modern);
    world.call(7);
    world.call(8);
    assert_eq!(world.route(LOG, false).0, "notification_ambiguous");
}

#[test]
fn a_log_message_is_of_the_only_call_beside_subscriptions() {
    let mut world = World::new(Era::Modern);
    world.call(7);
    let listen = r#"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}}"#;
    world.begin(8, listen);
    world.begin(9, listen);
    assert_eq!(world.route(LOG, false).0, "call 7");
    world.calls.forget(UpstreamId::new(7));
    assert_eq!(world.route(LOG, false).0, "notification_unmatched");
}

#[test]
fn a_log_message_is_of_the_only_call_that_has_asked_for_the_log() {
    let mut world = World::new(Era::Modern);
    let hears = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":{"io.modelcontextprotocol/logLevel":"debug"}}}"#;
    world.call(7);
    world.begin(8, hears);
    world.call(9);
    assert_eq!(world.route(LOG, false).0, "call 8");
    world.begin(10, hears);
    assert_eq!(world.route(LOG, false).0, "notification_ambiguous");
}

const HEARS: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":{"io.modelcontextprotocol/logLevel":"debug"}}}"#;
const LISTENS: &str = r#"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}}"#;
const CALLS: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#;

proptest! {
    /// Each step begins a call, or forgets one that runs.
    #[test]
    fn what_names_no_call_can_be_of_the_calls_that_a_look_at_each_would_find(
        steps in vec((0_usize..5, any::<Index>()), 0..60),
    ) {
        let mut world = World::new(Era::Modern);
        let mut model: Vec<(UpstreamId, &str)> = Vec::new();
        for (number, (step, which)) in (1..).zip(steps) {
            match [CALLS, LISTENS, HEARS].get(step) {
                Some(request) => {
                    world.begin(number, request);
                    model.push((UpstreamId::new(number), request));
                }
                None if model.is_empty() => {}
                None => {
                    let (ours, _) = model.remove(which.index(model.len()));
                    assert!(world.calls.forget(ours).is_some() && !world.calls.is_running(ours));
                }
            }
            let is_heard = model.iter().any(|it| it.1 == HEARS);
            let may_log =
                |it: &&(UpstreamId, &str)| it.1 == if is_heard { HEARS } else { CALLS };
            let mut loggers = model.iter().filter(may_log).map(|it| it.0);
            let first = loggers.next();
            let ends = first.zip(loggers.next_back().or(first));
            assert_eq!(world.calls.oldest_and_newest(true), ends);
            let ends = model.first().map(|it| it.0).zip(model.last().map(|it| it.0));
            assert_eq!(world.calls.oldest_and_newest(false), ends);
        }
    }
}
