//! `kill -9` at any moment: sessions, events and answers survive it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eyot::MemoryStore;
use eyot::session::{LogLimits, StoreError};
use eyot_testkit::{Fault, FaultyStore, RedisServer};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{
    Ask, Connection, Dice, Event, EventStream, Exchange, Habits, Handler, Ledger, Lives, Mortal,
    PATIENCE, Proxy, Puppet, Session, Stage, Upstream, call, check_healthy, note, patient_limits,
    sessions_of_crashes, within,
};

pub(crate) const KILLS: usize = 20;
/// Notifications of one call.
pub(crate) const STEPS: u64 = 12;
/// The time between two notifications: a call lasts a good part of the time between two deaths.
const STEP_TIME: Duration = Duration::from_millis(10);

/// An upstream that outlives the proxy. Its streams can be resumed after any event: the event id
/// names the call and its step.
pub(crate) async fn resumable_upstream() -> (Upstream, Arc<Ledger>) {
    let (habits, ledger) = (Habits::new().with_stream(), Arc::new(Ledger::default()));
    let books = Arc::clone(&ledger);
    let handler: Handler = Arc::new(move |exchange| {
        let (habits, books) = (habits.clone(), Arc::clone(&books));
        Box::pin(async move {
            let Some(exchange) = habits.answer(exchange).await else { return };
            if exchange.method() == "tools/list" {
                let tools = json!([{ "name": "stream", "inputSchema": { "type": "object" } }]);
                return exchange.result(json!({ "tools": tools })).await;
            }
            if exchange.http_method() == "POST" {
                let (mark, id) = (mark_of(&exchange.message()), exchange.id());
                books.execute(&mark);
                return step(exchange, &mark, &id, 0).await;
            }
            let Some(cursor) = exchange.header("last-event-id").map(str::to_owned) else {
                return exchange.status(405).await;
            };
            books.resume();
            let mut parts = cursor.split(':');
            let mut next = || parts.next().expect("the cursor is the upstream's own").to_owned();
            let (mark, id, step_no) = (next(), next(), next());
            let id: Value = serde_json::from_str(&id).unwrap();
            step(exchange, &mark, &id, step_no.parse::<u64>().unwrap() + 1).await;
        })
    });
    (Upstream::handled(handler).await, ledger)
}

pub(crate) fn mark_of(request: &Value) -> String {
    request["params"]["arguments"]["mark"].as_str().expect("every call is marked").to_owned()
}

/// The stream of a call from a step on.
async fn step(exchange: Exchange, mark: &str, id: &Value, from: u64) {
    let mut events = exchange.events().await;
    for number in from..STEPS {
        let params = json!({ "level": "info", "data": number, "logger": mark });
        let message = note("notifications/message", params);
        events.event(&format!("{mark}:{id}:{number}"), &message).await;
        tokio::time::sleep(STEP_TIME).await;
    }
    if from <= STEPS {
        let answer = json!({ "jsonrpc": "2.0", "id": id, "result": { "mark": mark } });
        events.event(&format!("{mark}:{id}:{STEPS}"), &answer).await;
    }
    events.end().await;
}

/// The fates of the calls.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) answered: AtomicUsize,
    /// Calls that ended with an error about an unknown outcome.
    unknown: AtomicUsize,
    /// Calls that were cut before an event was seen: nothing was promised.
    unseen: AtomicUsize,
    /// Deaths that calls survived.
    pub(crate) survived: AtomicUsize,
}

/// A client that calls until the last life has begun.
pub(crate) async fn client(session: Session, number: usize, lives: Lives, tally: Arc<Tally>) {
    client_of(&["stream"], session, number, lives, tally).await;
}

/// A client that calls these tools in turns until the last life has begun.
pub(crate) async fn client_of(
    tools: &[&str],
    session: Session,
    number: usize,
    mut lives: Lives,
    tally: Arc<Tally>,
) {
    for (round, tool) in tools.iter().cycle().enumerate() {
        if *lives.borrow_and_update() == KILLS * 2 && round > 0 {
            break;
        }
        let mark = format!("{number}-{round}");
        check_call(&session, tool, &mark, &mut lives, &tally).await;
    }
}

/// One call, over as many lives as it needs.
async fn check_call(session: &Session, tool: &str, mark: &str, lives: &mut Lives, tally: &Tally) {
    let mut ask = session.post(&call(1, tool, json!({ "mark": mark })));
    let mut seen: Vec<Event> = Vec::new();
    loop {
        let life = up(lives).await;
        let was_whole = follow(session.address, &ask, &mut seen).await;
        if was_whole {
            break;
        }
        let died = lives.wait_for(|it| *it > life);
        drop(within("the death that cut the stream", died).await.unwrap());
        let Some(last) = seen.last() else {
            tally.unseen.fetch_add(1, Ordering::Relaxed);
            return;
        };
        ask = session.get_after(last.id());
        tally.survived.fetch_add(1, Ordering::Relaxed);
    }
    check_events(&seen, mark, tally);
}

/// Waits until the proxy is up; returns the number of its life.
async fn up(lives: &mut Lives) -> usize {
    *within("a new life", lives.wait_for(|it| it.is_multiple_of(2))).await.unwrap()
}

/// Adds the events that come for `ask` to the seen ones; `false` when the connection was cut.
async fn follow(address: SocketAddr, ask: &Ask, seen: &mut Vec<Event>) -> bool {
    let Some(mut connection) = Connection::try_open(address).await else { return false };
    if !connection.try_ask(ask).await {
        return false;
    }
    let Some(begun) = connection.try_begun().await else { return false };
    assert!(begun.is_events(), "the session is not what it was: {:?}", begun.whole().await.text());
    let mut stream: EventStream = begun.events();
    while let Some(event) = stream.try_next().await {
        seen.push(event);
    }
    !stream.is_cut()
}

/// Checks that every event of this call came once, in order, and the answer last.
#[track_caller]
fn check_events(seen: &[Event], mark: &str, tally: &Tally) {
    let mut ids: Vec<_> = seen.iter().map(Event::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), seen.len(), "an event came twice: {seen:?}");
    let with_data = seen.iter().filter(|it| it.data.as_deref() != Some(""));
    let messages: Vec<_> = with_data.map(Event::message).collect();
    let answers = messages.iter().filter(|it| it["id"] == 1).count();
    assert_eq!(answers, 1, "a call is answered once: {messages:?}");
    let (answer, steps) = messages.split_last().expect("a call ends with its answer");
    for (number, message) in steps.iter().enumerate() {
        assert_eq!(message["params"]["logger"], mark, "{message}");
        assert_eq!(message["params"]["data"], number, "{messages:?}");
    }
    assert_eq!(answer["id"], 1, "{answer}");
    if answer["error"].is_object() {
        assert_eq!(answer["error"]["data"]["outcome"], "unknown", "{answer}");
        tally.unknown.fetch_add(1, Ordering::Relaxed);
        return;
    }
    assert_eq!(answer["result"]["mark"], mark, "{answer}");
    assert_eq!(steps.len() as u64, STEPS, "{messages:?}");
    tally.answered.fetch_add(1, Ordering::Relaxed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_promised_is_lost_by_twenty_kills_before_an_http_upstream() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("sessions.db").display());
    check_twenty_kills(store, sessions_of_crashes(200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_promised_is_lost_by_twenty_kills_with_a_store_in_redis() {
    let Some(server) = RedisServer::start() else { return };
    check_twenty_kills(server.url(), sessions_of_crashes(100)).await;
}

/// Clients call while the proxy is killed again and again, before an upstream that can be resumed.
async fn check_twenty_kills(store: String, sessions: usize) {
    let (upstream, ledger) = resumable_upstream().await;
    let args = ["--upstream".to_owned(), upstream.url()];
    let proxy = Mortal::born_with(store, &args).await;
    let tally = Arc::new(Tally::default());
    let mut clients = JoinSet::new();
    for number in 0..sessions {
        let session = Session::open(proxy.address, "2025-11-25").await;
        clients.spawn(client(session, number, proxy.lives(), Arc::clone(&tally)));
    }
    let proxy = proxy.kill(KILLS, &mut Dice(0x5EED_1E55), Duration::from_millis(400)).await;
    while let Some(ended) = within("the last answers", clients.join_next()).await {
        ended.expect("no client fails");
    }
    let count = |it: &AtomicUsize| it.load(Ordering::Relaxed);
    assert!(count(&tally.answered) >= sessions, "{tally:?}");
    assert!(count(&tally.survived) >= sessions, "the deaths came between the calls: {tally:?}");
    assert!(ledger.resumed() >= sessions, "no call was resumed: {ledger:?}");
    assert_eq!(ledger.executed_twice(), Vec::<String>::new());
    proxy.end().await;
}

/// Serves one session from a child: a few steps, then the answer, unless it is killed.
async fn puppet_steps(mut puppet: Puppet) {
    while let Some(line) = puppet.some_line().await {
        let request: Value = serde_json::from_str(&line).expect("what the proxy sends is JSON");
        match request["method"].as_str().unwrap_or_default() {
            "initialize" => {
                let revision = &request["params"]["protocolVersion"];
                let result = json!({ "protocolVersion": revision, "capabilities": {} });
                puppet.result(&request, result).await;
            }
            "tools/call" => {
                let mark = mark_of(&request);
                for number in 0..STEPS {
                    let params = json!({ "level": "info", "data": number, "logger": mark });
                    puppet.say_json(&note("notifications/message", params)).await;
                    tokio::time::sleep(STEP_TIME).await;
                }
                puppet.result(&request, json!({ "mark": mark })).await;
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_promised_is_lost_by_kills_before_children() {
    const CHILDREN: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.db");
    let stage = Stage::open().await;
    let command = stage.command();
    let args = [vec!["--".to_owned(), command.program], command.args].concat();
    let mut puppets = JoinSet::new();
    puppets.spawn(async move {
        let mut running = JoinSet::new();
        loop {
            running.spawn(puppet_steps(stage.enter_some_day().await));
        }
    });
    let proxy = Mortal::born(&store, &args).await;
    let tally = Arc::new(Tally::default());
    let mut clients = JoinSet::new();
    for number in 0..CHILDREN {
        let session = Session::open(proxy.address, "2025-11-25").await;
        clients.spawn(client(session, number, proxy.lives(), Arc::clone(&tally)));
    }
    let proxy = proxy.kill(KILLS, &mut Dice(0xC41_1D5), Duration::from_millis(300)).await;
    while let Some(ended) = within("the last answers", clients.join_next()).await {
        ended.expect("no client fails");
    }
    let count = |it: &AtomicUsize| it.load(Ordering::Relaxed);
    assert!(count(&tally.answered) >= CHILDREN, "{tally:?}");
    // A child dies with the proxy: its work has an unknown outcome.
    assert!(count(&tally.unknown) > 0, "the deaths came between the calls: {tally:?}");
    proxy.end().await;
}

/// A death after an answer was written and before the client got it: it is stored, but not known.
#[tokio::test]
async fn answer_that_was_stored_is_the_last_word_of_its_call() {
    let memory = Arc::new(MemoryStore::new(LogLimits::default()));
    let store = Arc::new(FaultyStore::new(memory));
    let (faults, shared) = (store.faults(), Arc::clone(&store));
    let mut upstream = Upstream::with(&Habits::new()).await;
    let first =
        Proxy::before_url(&upstream, patient_limits(), |it| it.endpoint.store = store).await;
    let mut session = Session::open(first.address, "2025-11-25").await;
    let calling = session.start(&call(1, "stream", json!({}))).await;
    let running = upstream.next().await;
    let answer = running.result_message(json!({ "kept": true }));
    let mut out = running.events().await;
    out.message(&note("notifications/message", json!({}))).await;
    let mut events = calling.begun().await.events();
    let seen = events.next_message().await;
    faults.fail_nth(1, Fault::AnswerLost(StoreError::Unavailable { reason: "died".to_owned() }));
    out.message(&answer).await;
    out.end().await;
    let told = events.next_message().await;
    assert_eq!(told.message()["error"]["data"]["outcome"], "unknown");
    while events.try_next().await.is_some() {}
    drop(first);
    let second =
        Proxy::before_url(&upstream, patient_limits(), |it| it.endpoint.store = shared).await;
    session.address = second.address;
    let rest = session.begin(&session.get_after(seen.id())).await.events().rest().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0].message()["result"]["kept"], true);
    check_healthy(&session, &mut upstream).await;
}

const _: () = assert!(PATIENCE.as_secs() >= 30, "a machine that is busy starts slowly");
