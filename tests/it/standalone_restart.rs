//! The stream of messages that belong to no call, over deaths of the proxy and of upstream sessions.

use std::sync::Arc;
use std::time::Duration;

use eyot::MemoryStore;
use eyot::session::{Fence, LogLimits, Position, SessionId, Store, StreamNo, UpstreamName};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::{
    Connection, Dice, Exchange, Habits, Handler, Lives, Mortal, Proxy, Session, Upstream, call,
    note, patient_limits, within,
};

fn numbered(number: u64) -> Value {
    note("notifications/message", json!({ "level": "info", "data": number }))
}

fn number_of(message: &Value) -> u64 {
    message["params"]["data"].as_u64().expect("every event has its number")
}

async fn proxy(upstream: &Upstream, store: &Arc<dyn Store>) -> Proxy {
    let store = Arc::clone(store);
    Proxy::before_url(upstream, patient_limits(), |it| it.endpoint.store = store).await
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(LogLimits::default()))
}

/// The upstream's next GET, which must go on behind this event.
async fn opened_behind(upstream: &mut Upstream, event_id: Option<&str>) -> Exchange {
    let exchange = upstream.next().await;
    assert_eq!(exchange.http_method(), "GET");
    assert_eq!(exchange.header("last-event-id"), event_id);
    exchange
}

#[tokio::test]
async fn next_process_goes_on_behind_the_newest_event() {
    let (mut upstream, store) = (Upstream::with(&Habits::new().with_stream()).await, memory());
    let first = proxy(&upstream, &store).await;
    let mut session = Session::open(first.address, "2025-11-25").await;
    let asking = session.get();
    let opening = async { opened_behind(&mut upstream, None).await.events().await };
    let (listening, mut out) = tokio::join!(session.begin(&asking), opening);
    let mut events = listening.events();
    out.event("up-5", &numbered(5)).await;
    let seen = events.next_message().await;
    assert_eq!(number_of(&seen.message()), 5);
    drop((first, events));
    let second = proxy(&upstream, &store).await;
    session.address = second.address;
    let asking = session.get_after(seen.id());
    let opening = async { opened_behind(&mut upstream, Some("up-5")).await.events().await };
    let (listening, mut out) = tokio::join!(session.begin(&asking), opening);
    out.event("up-6", &numbered(6)).await;
    assert_eq!(number_of(&listening.events().next_message().await.message()), 6);
}

#[tokio::test]
async fn event_id_without_a_message_is_kept_and_shown_to_nobody() {
    let (mut upstream, store) = (Upstream::with(&Habits::new().with_stream()).await, memory());
    let first = proxy(&upstream, &store).await;
    let mut session = Session::open(first.address, "2025-11-25").await;
    let asking = session.get();
    let opening = async { opened_behind(&mut upstream, None).await.events().await };
    let (listening, mut out) = tokio::join!(session.begin(&asking), opening);
    let mut events = listening.events();
    let primed = events.next().await;
    out.text("id: up-0\ndata:\n\n").await;
    within("the id in the store", kept(&store, &session)).await;
    drop((first, events));
    let second = proxy(&upstream, &store).await;
    session.address = second.address;
    let asking = session.get_after(primed.id());
    let opening = async { opened_behind(&mut upstream, Some("up-0")).await.events().await };
    let (listening, mut out) = tokio::join!(session.begin(&asking), opening);
    out.event("up-1", &numbered(1)).await;
    let mut events = listening.events();
    let first_of_all = events.next().await;
    assert_eq!(number_of(&first_of_all.message()), 1, "no event without data comes before it");
}

/// Ready when the store knows an event id of the upstream.
async fn kept(store: &Arc<dyn Store>, session: &Session) {
    let id = SessionId::parse(&session.id).unwrap();
    let end = Position { fence: Fence(u64::MAX), seq: u64::MAX };
    loop {
        let page = store.read(id.clone(), StreamNo::STANDALONE, end, 1).await;
        if page.is_ok_and(|it| it.last_upstream_cursors.get(&UpstreamName::DEFAULT).is_some()) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn event_id_of_a_session_that_was_lost_is_not_used_in_the_next_one() {
    let habits = Habits::new().with_stream();
    let (mut upstream, store) = (Upstream::with(&habits).await, memory());
    let first = proxy(&upstream, &store).await;
    let mut session = Session::open(first.address, "2025-11-25").await;
    let asking = session.get();
    let opening = async { opened_behind(&mut upstream, None).await.events().await };
    let (listening, mut out) = tokio::join!(session.begin(&asking), opening);
    let mut events = listening.events();
    out.event("up-5", &numbered(5)).await;
    let seen = events.next_message().await;
    drop((first, events, out));
    habits.forget();
    let second = proxy(&upstream, &store).await;
    session.address = second.address;
    // A call finds out that the session is lost, and opens another.
    let asking = call(1, "t", json!({}));
    let answering = async { upstream.expect("tools/call").await.tool_text("fine").await };
    let (answer, ()) = tokio::join!(session.send(&asking), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let asking = session.get_after(seen.id());
    let opening = async { opened_behind(&mut upstream, None).await.events().await };
    tokio::join!(session.begin(&asking), opening);
}

#[tokio::test]
async fn listening_client_gets_a_new_session_in_the_place_of_a_forgotten_one() {
    let habits = Habits::new().with_stream();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let asking = session.get();
    let opening = async { opened_behind(&mut upstream, None).await.events().await };
    let (listening, mut out) = tokio::join!(session.begin(&asking), opening);
    let mut events = listening.events();
    out.event("up-1", &numbered(1)).await;
    events.next_message().await;
    habits.forget();
    out.text("retry: 1\n\n").await;
    out.end().await;
    let mut out = opened_behind(&mut upstream, None).await.events().await;
    assert_eq!(habits.initializes().len(), 2);
    out.event("up-1", &numbered(2)).await;
    assert_eq!(number_of(&events.next_message().await.message()), 2);
}

const KILLS: usize = 12;
const SESSIONS: usize = 30;
/// The time between two events: many of them fall into each death.
const PACE: Duration = Duration::from_millis(3);

/// An upstream that numbers its events, keeps them, and sends them to whoever is connected: behind
/// the event that is named, or from now on.
async fn announcing_upstream(log: &watch::Receiver<u64>) -> Upstream {
    let (habits, log) = (Habits::new().with_stream(), log.clone());
    let handler: Handler = Arc::new(move |exchange| {
        let (habits, log) = (habits.clone(), log.clone());
        Box::pin(async move {
            if let Some(listening) = habits.answer(exchange).await {
                announce(listening, log).await;
            }
        })
    });
    Upstream::handled(handler).await
}

async fn announce(exchange: Exchange, mut log: watch::Receiver<u64>) {
    let behind = exchange.header("last-event-id").map(|it| it.parse::<u64>().unwrap());
    let mut sent = behind.unwrap_or_else(|| *log.borrow());
    let mut out = exchange.events().await;
    loop {
        let newest = *log.borrow_and_update();
        while sent < newest {
            sent += 1;
            out.event(&sent.to_string(), &numbered(sent)).await;
        }
        if out.is_closed() {
            return;
        }
        if log.changed().await.is_err() {
            return;
        }
    }
}

/// Reads the stream over as many lives as it takes, until it has seen this event.
async fn listener(session: Session, mut lives: Lives, last: watch::Receiver<u64>) -> Vec<u64> {
    let (mut seen, mut behind): (Vec<u64>, Option<String>) = (Vec::new(), None);
    loop {
        let alive = lives.wait_for(|it| it.is_multiple_of(2));
        let life = *within("a new life", alive).await.unwrap();
        let ask = behind.as_deref().map_or_else(|| session.get(), |it| session.get_after(it));
        if let Some(mut connection) = Connection::try_open(session.address).await
            && connection.try_ask(&ask).await
            && let Some(begun) = connection.try_begun().await
        {
            assert!(begun.is_events(), "{:?}", begun.whole().await.text());
            let mut events = begun.events();
            while let Some(event) = events.try_next().await {
                if event.data.as_ref().is_some_and(|it| !it.is_empty()) {
                    seen.push(number_of(&event.message()));
                }
                behind = event.id.or(behind);
                if seen.last().is_some_and(|it| *it >= *last.borrow()) {
                    return seen;
                }
            }
        }
        let died = lives.wait_for(|it| *it > life);
        drop(within("the death that cut the stream", died).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_of_a_standalone_stream_is_lost_or_doubled_by_kills() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.db");
    let (log, emitted) = watch::channel(0_u64);
    let (last, told) = watch::channel(u64::MAX);
    let upstream = announcing_upstream(&emitted).await;
    let args = ["--upstream".to_owned(), upstream.url()];
    let proxy = Mortal::born(&store, &args).await;
    let mut listeners = JoinSet::new();
    for _ in 0..SESSIONS {
        let session = Session::open(proxy.address, "2025-11-25").await;
        listeners.spawn(listener(session, proxy.lives(), told.clone()));
    }
    let mut emitting = JoinSet::new();
    emitting.spawn(async move {
        loop {
            tokio::time::sleep(PACE).await;
            log.send_modify(|it| *it += 1);
        }
    });
    let proxy = proxy.kill(KILLS, &mut Dice(0x57_4EA4), Duration::from_millis(300)).await;
    last.send_replace(*emitted.borrow() + 20);
    while let Some(seen) = within("the last event", listeners.join_next()).await {
        let seen = seen.expect("no listener fails");
        let expected: Vec<_> = (seen[0]..seen[0] + seen.len() as u64).collect();
        assert_eq!(seen, expected, "each event comes once, in order");
    }
    drop(emitting);
    proxy.end().await;
}
