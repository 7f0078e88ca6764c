//! `kill -9` at any moment under clients whose session is a connection: HTTP with SSE, and
//! WebSocket. Such a session ends with the process, in order; a client that comes again gets a new
//! one; the sessions of Streamable HTTP beside them lose nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eyot::MemoryStore;
use eyot::session::{LogLimits, Store};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::crash::{KILLS, STEPS, Tally, client, resumable_upstream};
use crate::support::{
    Ask, Connection, Dice, EventStream, Habits, Lives, Mortal, Proxy, Session, Upstream, call,
    check_healthy, initialize, note, patient_limits, sessions_of_crashes, within,
};

/// A session that lasts as long as its connection.
enum Link {
    Sse { address: SocketAddr, events: EventStream, place: String },
    Socket(Box<WebSocketStream<TcpStream>>),
}

/// The transport of a client.
#[derive(Clone, Copy)]
enum Kind {
    Sse,
    Socket,
}

impl Link {
    /// Opens a session; `None` when the program dies meanwhile.
    async fn open(kind: Kind, address: SocketAddr) -> Option<Self> {
        let mut link = match kind {
            Kind::Sse => Self::stream(address).await?,
            Kind::Socket => {
                let stream = TcpStream::connect(address).await.ok()?;
                let opening = tokio_tungstenite::client_async(format!("ws://{address}/ws"), stream);
                match within("a WebSocket", opening).await {
                    Ok((socket, _)) => Self::Socket(Box::new(socket)),
                    Err(Error::Http(refusal)) => panic!("refused: {}", refusal.status()),
                    Err(_) => return None,
                }
            }
        };
        let is_sent = link.send(&initialize("2025-11-25")).await;
        let opened = if is_sent { link.next().await? } else { return None };
        assert!(opened["result"]["serverInfo"].is_object(), "{opened}");
        link.send(&note("notifications/initialized", json!({}))).await.then_some(link)
    }

    async fn stream(address: SocketAddr) -> Option<Self> {
        let mut connection = Connection::try_open(address).await?;
        if !connection.try_ask(&Ask::get().path("/sse")).await {
            return None;
        }
        let begun = connection.try_begun().await?;
        assert_eq!(begun.status, 200);
        let mut events = begun.events();
        let place = events.try_next().await?.data.expect("the first event names the endpoint");
        Some(Self::Sse { address, events, place })
    }

    /// Sends a message; `false` when the session has ended.
    async fn send(&mut self, message: &Value) -> bool {
        match self {
            Self::Socket(socket) => socket.send(Message::text(message.to_string())).await.is_ok(),
            Self::Sse { address, place, .. } => {
                let status = status(*address, &Ask::post(message).path(&**place)).await;
                // The next life does not know the session.
                assert!(matches!(status, None | Some(202 | 404)), "{status:?}");
                status == Some(202)
            }
        }
    }

    /// The next message; `None` at the end of the session.
    async fn next(&mut self) -> Option<Value> {
        match self {
            Self::Sse { events, .. } => {
                let event = within("an event", events.try_next()).await?;
                assert_eq!(event.kind.as_deref(), Some("message"));
                Some(event.message())
            }
            Self::Socket(socket) => loop {
                match within("a message", socket.next()).await? {
                    Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                    Ok(Message::Close(_)) | Err(_) => return None,
                    Ok(_) => {}
                }
            },
        }
    }

    /// Checks that the session has gone with the life that it was in.
    async fn check_gone(self) {
        if let Self::Sse { address, place, .. } = self {
            let ask = Ask::post(&json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }));
            let status = status(address, &ask.path(place)).await;
            assert!(matches!(status, None | Some(404)), "{status:?}");
        }
    }
}

/// The status of the answer; `None` when the program dies before it.
async fn status(address: SocketAddr, ask: &Ask) -> Option<u16> {
    let mut connection = Connection::try_open(address).await?;
    let is_sent = connection.try_ask(ask).await;
    let begun = if is_sent { connection.try_begun().await } else { None };
    begun.map(|it| it.status)
}

/// The fates of the calls.
#[derive(Debug, Default)]
struct Fates {
    answered: AtomicUsize,
    /// Calls that the end of their session has cut.
    cut: AtomicUsize,
    /// Sessions that were opened anew.
    reopened: AtomicUsize,
}

/// A client that calls until the last life has begun, in one session after the other.
async fn caller(
    kind: Kind,
    number: usize,
    address: SocketAddr,
    mut lives: Lives,
    fates: Arc<Fates>,
) {
    let mut round = 0;
    loop {
        let life = *within("a new life", lives.wait_for(|it| it.is_multiple_of(2))).await.unwrap();
        if let Some(mut link) = Link::open(kind, address).await {
            loop {
                // The session may be of a later life than the one that was told of.
                let is_last_life = *lives.borrow() == KILLS * 2;
                let mark = format!("{kind}-{number}-{round}");
                if !check_call(&mut link, &mark, &fates).await {
                    break;
                }
                if is_last_life {
                    return;
                }
                round += 1;
            }
            assert!(life < KILLS * 2, "the last life has ended a session");
            round += 1;
            let next = lives.wait_for(|it| *it > life && it.is_multiple_of(2));
            drop(within("the life after the one that cut the session", next).await.unwrap());
            link.check_gone().await;
        } else {
            assert!(life < KILLS * 2, "the last life has refused a session");
            let next = lives.wait_for(|it| *it > life);
            drop(within("the death that met the opening", next).await.unwrap());
        }
        fates.reopened.fetch_add(1, Ordering::Relaxed);
    }
}

/// One call; `false` when its session ended before the answer.
async fn check_call(link: &mut Link, mark: &str, fates: &Fates) -> bool {
    let mut steps = 0;
    let mut is_open = link.send(&call(1, "stream", json!({ "mark": mark }))).await;
    while is_open {
        let Some(message) = link.next().await else {
            is_open = false;
            continue;
        };
        if message["id"] == 1 {
            assert_eq!(message["result"]["mark"], mark, "{message}");
            assert_eq!(steps, STEPS, "a notification is missing");
            fates.answered.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        assert_eq!(message["params"]["logger"], mark, "{message}");
        assert_eq!(message["params"]["data"], steps, "{message}");
        steps += 1;
    }
    fates.cut.fetch_add(1, Ordering::Relaxed);
    false
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sse => "sse",
            Self::Socket => "socket",
        })
    }
}

/// A session of a connection is in a store of its own, with a key of its own; those beside it are
/// in the store of the process.
#[tokio::test]
async fn session_of_a_connection_that_comes_first_costs_no_other_session() {
    for kind in [Kind::Sse, Kind::Socket] {
        let mut upstream = Upstream::with(&Habits::new()).await;
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(LogLimits::default()));
        let before = async |upstream: &Upstream| {
            let store = Arc::clone(&store);
            Proxy::before_url(upstream, patient_limits(), |it| it.endpoint.store = store).await
        };
        let first = before(&upstream).await;
        drop(Link::open(kind, first.address).await.expect("it is open"));
        let mut session = Session::open(first.address, "2025-11-25").await;
        check_healthy(&session, &mut upstream).await;
        drop(first);
        let second = before(&upstream).await;
        drop(Link::open(kind, second.address).await.expect("it is open"));
        session.address = second.address;
        check_healthy(&session, &mut upstream).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_of_connections_end_with_the_process_and_others_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.db");
    let (upstream, ledger) = resumable_upstream().await;
    let args = ["--upstream".to_owned(), upstream.url()];
    let proxy = Mortal::born(&store, &args).await;
    let (fates, tally) = (Arc::new(Fates::default()), Arc::new(Tally::default()));
    let (connections, sessions) = (sessions_of_crashes(40), sessions_of_crashes(40) / 5);
    let mut clients = JoinSet::new();
    for number in 0..connections {
        let kind = if number % 2 == 0 { Kind::Sse } else { Kind::Socket };
        let address = proxy.address;
        clients.spawn(caller(kind, number, address, proxy.lives(), Arc::clone(&fates)));
    }
    for number in 0..sessions {
        let session = Session::open(proxy.address, "2025-11-25").await;
        clients.spawn(client(session, number, proxy.lives(), Arc::clone(&tally)));
    }
    let proxy = proxy.kill(KILLS, &mut Dice(0xC0_FFEE), Duration::from_millis(400)).await;
    while let Some(ended) = within("the last answers", clients.join_next()).await {
        ended.expect("no client fails");
    }
    proxy.end().await;
    let count = |it: &AtomicUsize| it.load(Ordering::Relaxed);
    assert!(count(&fates.answered) >= connections, "{fates:?}");
    assert!(count(&fates.cut) >= connections, "the deaths came between the calls: {fates:?}");
    assert!(count(&fates.reopened) >= connections, "{fates:?}");
    assert!(count(&tally.answered) >= sessions, "{tally:?}");
    assert!(count(&tally.survived) >= sessions, "{tally:?}");
    assert_eq!(ledger.executed_twice(), Vec::<String>::new());
}
