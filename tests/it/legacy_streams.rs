//! The streams of the legacy revisions: which answers are JSON, which are events, which are
//! replayed.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Connection, Event, EventStream, EventsOut, Habits, Proxy, Session, Stage, Upstream, call,
    check_healthy, check_healthy_child, note, patient_limits,
};

/// A log message that differs from others.
fn log(number: u32) -> Value {
    note("notifications/message", json!({ "level": "info", "data": number }))
}

/// The numbers of the log messages.
fn numbers(events: &[Event]) -> Vec<u64> {
    let with_data = events.iter().filter(|it| it.data.as_ref().is_some_and(|it| !it.is_empty()));
    with_data.filter_map(|it| it.message()["params"]["data"].as_u64()).collect()
}

async fn open(revision: &str) -> (Upstream, Proxy, Session) {
    let upstream = Upstream::with(&Habits::new().with_notes()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, revision).await;
    (upstream, proxy, session)
}

/// A call whose first message has arrived: both ends of its stream; the answer is still to come.
async fn stream(
    upstream: &mut Upstream,
    session: &Session,
    id: u32,
) -> (EventStream, EventsOut, Value) {
    let calling = session.start(&call(id, "stream", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let answer = running.result_message(json!({ "answer": id }));
    let mut out = running.events().await;
    out.message(&log(id * 100)).await;
    (calling.begun().await.events(), out, answer)
}

#[tokio::test]
async fn answer_that_comes_first_is_json() {
    for revision in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        let (mut upstream, _proxy, session) = open(revision).await;
        let mut calling = session.start(&call(1, "quick", json!({}))).await;
        upstream.next().await.tool_text("quick").await;
        let answer = calling.response().await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.head.header("content-type"), Some("application/json"));
        assert_eq!(answer.json()["id"], 1);
    }
}

#[tokio::test]
async fn answer_that_the_upstream_streams_alone_is_json() {
    let (mut upstream, _proxy, session) = open("2025-11-25").await;
    let mut calling = session.start(&call(1, "quick", json!({}))).await;
    let running = upstream.next().await;
    let answer = running.result_message(json!({}));
    let mut out = running.events().await;
    out.text("id: priming\ndata:\n\n").await;
    out.message(&answer).await;
    out.end().await;
    let answer = calling.response().await;
    assert_eq!(answer.head.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn notification_that_comes_first_makes_the_answer_a_stream() {
    for revision in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        let (mut upstream, _proxy, session) = open(revision).await;
        let (events, mut out, answer) = stream(&mut upstream, &session, 1).await;
        out.message(&log(101)).await;
        out.message(&answer).await;
        out.end().await;
        let events = events.rest().await;
        assert_eq!(numbers(&events), [100, 101]);
        let last = events.last().expect("events came").message();
        assert_eq!((&last["id"], &last["result"]["answer"]), (&json!(1), &json!(1)));
    }
}

#[tokio::test]
async fn silence_makes_the_answer_a_stream() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let mut limits = patient_limits();
    limits.calls.json_patience = Duration::from_millis(50);
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let calling = session.start(&call(1, "slow", json!({}))).await;
    let running = upstream.next().await;
    let mut events = calling.begun().await.events();
    let priming = events.next().await;
    assert_eq!(priming.data.as_deref(), Some(""));
    running.tool_text("late").await;
    let rest = events.rest().await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].message()["result"]["content"][0]["text"], "late");
    // The priming event is a place in the stream: all other events follow it.
    let again = session.begin(&session.get_after(priming.id())).await.events().rest().await;
    assert_eq!(again, rest);
}

#[tokio::test]
async fn client_that_takes_no_events_gets_json_without_the_notifications() {
    let (mut upstream, _proxy, session) = open("2025-11-25").await;
    let ask = session.post(&call(1, "stream", json!({}))).header("accept", "application/json");
    let mut connection = Connection::open(session.address).await;
    connection.ask(&ask).await;
    let running = upstream.next().await;
    let answer = running.result_message(json!({ "answer": 1 }));
    let mut out = running.events().await;
    out.message(&log(1)).await;
    out.message(&answer).await;
    out.end().await;
    assert_eq!(connection.response().await.json()["result"]["answer"], 1);
}

#[tokio::test]
async fn priming_event_is_for_clients_of_2025_11_25_alone() {
    for (revision, is_primed) in
        [("2025-03-26", false), ("2025-06-18", false), ("2025-11-25", true)]
    {
        let (mut upstream, _proxy, session) = open(revision).await;
        let (events, mut out, answer) = stream(&mut upstream, &session, 1).await;
        out.message(&answer).await;
        out.end().await;
        let events = events.rest().await;
        let priming = &events[0];
        assert_eq!(priming.data.as_deref() == Some(""), is_primed, "{revision}: {events:?}");
        assert_eq!(priming.retry.is_some(), is_primed, "{revision}: {events:?}");
        assert!(priming.id.is_some());
        let empty = events.iter().filter(|it| it.data.as_deref().unwrap_or("").is_empty());
        assert_eq!(empty.count(), usize::from(is_primed), "{revision}: {events:?}");
    }
}

#[tokio::test]
async fn every_event_has_an_id_that_no_other_of_the_session_has() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let listening = session.begin(&session.get()).await.events().opened().await;
    let mut events = Vec::new();
    for id in 1..4 {
        let calling = session.start(&call(id, "stream", json!({}))).await;
        let request = puppet.expect("tools/call").await;
        puppet.say_json(&log(id)).await;
        puppet.say_json(&note("notifications/tools/list_changed", json!({}))).await;
        puppet.tool_text(&request, "done").await;
        events.extend(calling.begun().await.events().rest().await);
    }
    assert_eq!(session.ask(&session.delete()).await.status, 204);
    events.extend(listening.rest().await);
    let ids: BTreeSet<_> = events.iter().map(Event::id).collect();
    assert_eq!(ids.len(), events.len(), "{events:?}");
    assert_eq!(events.len(), 3 * 3 + 1 + 3, "{events:?}");
}

#[tokio::test]
async fn listening_client_gets_what_belongs_to_no_call() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    // A message that comes before a client listens is kept.
    puppet.say_json(&note("notifications/tools/list_changed", json!({ "n": 1 }))).await;
    check_healthy_child(&session, &mut puppet).await;
    let mut listening = session.begin(&session.get()).await.events().opened().await;
    puppet.say_json(&note("notifications/tools/list_changed", json!({ "n": 2 }))).await;
    for number in [1, 2] {
        let message = listening.next_message().await.message();
        assert_eq!(message["method"], "notifications/tools/list_changed");
        assert_eq!(message["params"]["n"], number);
    }
}

#[tokio::test]
async fn listening_client_gets_what_an_http_upstream_pushes() {
    let mut upstream = Upstream::with(&Habits::new().with_stream()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&session.get()).await;
    let pushing = upstream.next().await;
    assert_eq!(pushing.http_method(), "GET");
    assert_eq!(pushing.header("mcp-protocol-version"), Some("2025-11-25"));
    let mut out = pushing.events().await;
    let mut listening = connection.begun().await.events();
    for number in 0..3 {
        out.event(&format!("e{number}"), &note("notifications/x", json!({ "n": number }))).await;
        let message = listening.next_message().await.message();
        assert_eq!(message["params"]["n"], number);
    }
}

#[tokio::test]
async fn message_comes_on_exactly_one_stream() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let older = session.begin(&session.get()).await.events().opened().await;
    let newer = session.begin(&session.get()).await.events().opened().await;
    let calling = session.start(&call(1, "stream", json!({}))).await;
    let request = puppet.expect("tools/call").await;
    for number in 0..20 {
        let params = json!({ "data": number });
        puppet.say_json(&note("notifications/resources/updated", params)).await;
    }
    puppet.say_json(&log(777)).await;
    puppet.tool_text(&request, "done").await;
    let of_call = numbers(&calling.begun().await.events().rest().await);
    assert_eq!(session.ask(&session.delete()).await.status, 204);
    let (older, newer) = (numbers(&older.rest().await), numbers(&newer.rest().await));
    let mut all = [of_call.clone(), older, newer].concat();
    all.sort_unstable();
    let expected: Vec<u64> = (0..20).chain([777]).collect();
    assert_eq!(all, expected);
    assert_eq!(of_call, [777]);
}

#[tokio::test]
async fn newest_listener_gets_the_messages_and_leaves_them_to_the_older_one() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let changed = |number: u32| note("notifications/tools/list_changed", json!({ "data": number }));
    let mut older = session.begin(&session.get()).await.events().opened().await;
    puppet.say_json(&changed(1)).await;
    assert_eq!(older.next_message().await.message()["params"]["data"], 1);
    let mut newer = session.begin(&session.get()).await.events().opened().await;
    puppet.say_json(&changed(2)).await;
    assert_eq!(newer.next_message().await.message()["params"]["data"], 2);
    drop(newer);
    // Nothing may be lost, whether or not the proxy has seen the newer one go.
    let after_last = async {
        puppet.say_json(&changed(3)).await;
        older.next_message().await.message()
    };
    assert_eq!(after_last.await["params"]["data"], 3);
}

#[tokio::test]
async fn too_many_listeners_are_refused() {
    let (mut upstream, _proxy, session) = open("2025-11-25").await;
    let mut listening = Vec::new();
    for _ in 0..8 {
        listening.push(session.begin(&session.get()).await.events().opened().await);
    }
    assert_eq!(session.ask(&session.get()).await.status, 429);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn last_event_id_replays_what_followed_on_that_stream_and_nothing_else() {
    let (mut upstream, _proxy, session) = open("2025-11-25").await;
    let (first_events, mut first, first_answer) = stream(&mut upstream, &session, 1).await;
    let (second_events, mut second, second_answer) = stream(&mut upstream, &session, 2).await;
    for number in 1..10 {
        first.message(&log(100 + number)).await;
        second.message(&log(200 + number)).await;
    }
    second.message(&second_answer).await;
    first.message(&first_answer).await;
    first.end().await;
    second.end().await;
    let first = first_events.rest().await;
    let second = second_events.rest().await;
    for events in [first, second] {
        for (at, event) in events.iter().enumerate() {
            let ask = session.get_after(event.id());
            let replayed = session.begin(&ask).await.events().rest().await;
            assert_eq!(replayed, events[at + 1..], "after {event:?}");
        }
    }
}

#[tokio::test]
async fn client_that_comes_back_takes_the_call_over_from_a_dead_connection() {
    let (mut upstream, _proxy, session) = open("2025-11-25").await;
    let (mut dead, mut out, answer) = stream(&mut upstream, &session, 1).await;
    let seen = dead.next_message().await;
    out.message(&log(101)).await;
    let mut alive = session.begin(&session.get_after(seen.id())).await.events();
    assert_eq!(alive.next_message().await.message()["params"]["data"], 101);
    out.message(&log(102)).await;
    out.message(&answer).await;
    out.end().await;
    let rest = alive.rest().await;
    assert_eq!(numbers(&rest), [102]);
    assert_eq!(rest.last().map(|it| it.message()["result"]["answer"].clone()), Some(json!(1)));
    // The dead connection never gets what the living one got; it may have equal messages.
    let of_dead = numbers(&dead.rest().await);
    assert!(of_dead.is_empty() || of_dead == [101], "{of_dead:?}");
}

#[tokio::test]
async fn listener_that_comes_back_misses_nothing() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let changed = |number: u32| note("notifications/tools/list_changed", json!({ "data": number }));
    let mut listening = session.begin(&session.get()).await.events().opened().await;
    puppet.say_json(&changed(0)).await;
    let mut seen = listening.next_message().await;
    for number in 1..20 {
        drop(listening);
        puppet.say_json(&changed(number)).await;
        listening = session.begin(&session.get_after(seen.id())).await.events();
        seen = listening.next_message().await;
        assert_eq!(seen.message()["params"]["data"], number);
    }
}

#[tokio::test]
async fn last_event_id_that_names_nothing_is_refused() {
    let (mut upstream, _proxy, session) = open("2025-11-25").await;
    for (id, status) in [("zzz.1.1", 404), ("nonsense", 400), ("1", 400), ("-1.1.1", 400)] {
        let answer = session.ask(&session.get_after(id)).await;
        assert_eq!(answer.status, status, "{id}: {}", answer.text());
    }
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn event_of_another_session_replays_nothing_of_it() {
    let (mut upstream, proxy, session) = open("2025-11-25").await;
    let (mut events, out, _) = stream(&mut upstream, &session, 1).await;
    let seen = events.next().await;
    let other = Session::open(proxy.address, "2025-11-25").await;
    let answer = other.ask(&other.get_after(seen.id())).await;
    assert_eq!(answer.status, 404, "{}", answer.text());
    drop(out);
}

#[tokio::test]
async fn long_stream_comes_whole_and_in_order() {
    const MESSAGES: u32 = 1_000;
    let (mut upstream, _proxy, session) = open("2025-06-18").await;
    let (mut events, mut out, answer) = stream(&mut upstream, &session, 0).await;
    let writing = async {
        for number in 1..MESSAGES {
            out.message(&log(number)).await;
        }
        out.message(&answer).await;
        out.end().await;
    };
    let reading = async {
        let first = events.next().await;
        (first, events.rest().await)
    };
    let ((), (first, rest)) = tokio::join!(writing, reading);
    let whole = [vec![first.clone()], rest.clone()].concat();
    assert_eq!(numbers(&whole), (0..u64::from(MESSAGES)).collect::<Vec<_>>());
    // The whole stream is longer than a page of the store.
    let replayed = session.begin(&session.get_after(first.id())).await.events().rest().await;
    assert!(replayed == rest, "{} events instead of {}", replayed.len(), rest.len());
}

#[tokio::test]
async fn stream_that_is_no_longer_kept_whole_is_not_replayed_with_a_hole() {
    const MESSAGES: u32 = 1_100;
    let (mut upstream, _proxy, session) = open("2025-06-18").await;
    let (mut events, mut out, answer) = stream(&mut upstream, &session, 1).await;
    let first = events.next_message().await;
    let writing = async {
        for number in 1..MESSAGES {
            out.message(&log(number)).await;
        }
        out.message(&answer).await;
        out.end().await;
    };
    let ((), all) = tokio::join!(writing, events.rest());
    assert_eq!(all.len(), 1_100);
    let replayed = session.begin(&session.get_after(first.id())).await.events().rest().await;
    assert_eq!(replayed.len(), 1, "{}", replayed.len());
    let error = replayed[0].message();
    assert_eq!((&error["id"], &error["error"]["code"]), (&json!(1), &json!(-32603)));
}

#[tokio::test]
async fn text_with_every_kind_of_line_end_comes_as_it_is() {
    let (mut upstream, _proxy, session) = open("2025-06-18").await;
    let nasty = "a\nb\r\nc\rd\u{2028}e\u{2029}f\u{85}g\u{0}h: i\n\nid: 7\n\ndata: no";
    let (mut events, mut out, _) = stream(&mut upstream, &session, 1).await;
    events.next_message().await;
    let message = note("notifications/message", json!({ "data": nasty }));
    out.message(&message).await;
    let event = events.next_message().await;
    assert_eq!(event.message(), message);
    // Readers that follow ECMAScript would take a raw separator for the end of a line.
    assert!(!event.data.expect("it has data").contains(['\u{2028}', '\u{2029}']));
}

#[tokio::test]
async fn cancelled_call_ends_at_a_child() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let mut calling = session.start(&call("mine", "slow", json!({}))).await;
    let request = puppet.expect("tools/call").await;
    let cancel = note("notifications/cancelled", json!({ "requestId": "mine", "reason": "bored" }));
    assert_eq!(session.send(&cancel).await.status, 202);
    let cancelled = puppet.expect("notifications/cancelled").await;
    assert_eq!(cancelled["params"]["requestId"], request["id"]);
    assert_eq!(cancelled["params"]["reason"], "bored");
    let ended = calling.response().await;
    assert_eq!((ended.status, ended.text().as_str()), (200, ""));
    puppet.tool_text(&request, "too late").await;
    check_healthy_child(&session, &mut puppet).await;
}

#[tokio::test]
async fn cancelled_call_ends_at_an_http_upstream() {
    let (mut upstream, _proxy, session) = open("2025-11-25").await;
    let mut calling = session.start(&call("mine", "slow", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let cancel = note("notifications/cancelled", json!({ "requestId": "mine" }));
    let cancelling = async {
        let cancelled = upstream.expect("notifications/cancelled").await;
        assert_eq!(cancelled.message()["params"]["requestId"], running.id());
        cancelled.accept().await;
    };
    let (noted, ()) = tokio::join!(session.send(&cancel), cancelling);
    assert_eq!(noted.status, 202);
    // "The receiver SHOULD NOT send a response": the upstream just ends the exchange.
    drop(running);
    assert_eq!(calling.response().await.status, 200);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn cancellation_of_another_sessions_call_goes_nowhere() {
    let (mut upstream, proxy, session) = open("2025-11-25").await;
    let other = Session::open(proxy.address, "2025-11-25").await;
    let mut calling = session.start(&call(1, "slow", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let id = running.id();
    for request_id in [json!(1), id, json!("1")] {
        let cancel = note("notifications/cancelled", json!({ "requestId": request_id }));
        assert_eq!(other.send(&cancel).await.status, 202);
    }
    check_healthy(&other, &mut upstream).await;
    running.tool_text("unharmed").await;
    assert_eq!(calling.response().await.json()["id"], 1);
}
