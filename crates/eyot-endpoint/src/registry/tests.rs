//! Sessions are counted from `initialize` to their end, by everyone who opens them.

use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll};

use eyot_service::{BoxService, Call, Fault, Limits, Reply};
use eyot_session::LogLimits;
use eyot_store_memory::MemoryStore;
use tower_service::Service;

use super::*;
use crate::nodes::NodeConfig;

/// Has nothing to say.
#[derive(Clone)]
struct Silent;

impl Service<Call> for Silent {
    type Response = Reply;
    type Error = Fault;
    type Future = Ready<Result<Reply, Fault>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Call) -> Self::Future {
        ready(Ok(Reply::None))
    }
}

/// A process of its own before `store`, with room for three sessions, two of one principal.
fn registry(store: &Arc<dyn Store>) -> Registry {
    let mut limits = Limits::default();
    limits.sessions.in_all_max = 3;
    limits.principal_parts = 2;
    Registry::new(
        Arc::clone(store),
        nodes(store),
        Farewells::of_test(BoxService::new(Silent)),
        &limits,
    )
}

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(LogLimits::default()))
}

fn name(text: &str) -> Option<Arc<str>> {
    Some(Arc::from(text))
}

async fn opened(registry: &Registry, principal: Option<Arc<str>>) -> Arc<ActiveSession> {
    let session = registry.prepare(principal, 0).unwrap();
    registry.open(session, Revision::LATEST_LEGACY, bytes::Bytes::new()).await.unwrap()
}

#[track_caller]
fn assert_full<T>(refused: Result<T, OpenError>) {
    let Err(OpenError::TooMany(error)) = refused else { panic!("there is room") };
    assert_eq!(error.data.unwrap()["limit"], "sessions");
}

#[tokio::test]
async fn session_counts_while_its_initialize_is_answered() {
    let registry = registry(&store());
    let first = registry.prepare(name("ann"), 0).unwrap();
    let _second = registry.prepare(name("ann"), 0).unwrap();
    assert_full(registry.prepare(name("ann"), 0));
    drop(first);
    assert!(registry.prepare(name("ann"), 0).is_ok(), "one that comes to nothing leaves its place");
}

#[tokio::test]
async fn clients_without_a_key_are_one_principal() {
    let registry = registry(&store());
    let _first = opened(&registry, None).await;
    let _second = opened(&registry, None).await;
    assert_full(registry.prepare(None, 0));
    let _third = opened(&registry, name("ann")).await;
    assert_full(registry.prepare(name("bob"), 0));
}

#[tokio::test]
async fn ended_session_makes_room_though_it_is_still_held() {
    let registry = registry(&store());
    let first = opened(&registry, None).await;
    let second = opened(&registry, None).await;
    registry.end(&first).await.unwrap();
    registry.forget(&second);
    assert_eq!(registry.quota.usage().things, 0);
    let _third = opened(&registry, None).await;
    let _fourth = opened(&registry, None).await;
    drop((first, second));
    assert_full(registry.prepare(None, 0));
}

#[tokio::test]
async fn session_of_another_process_is_found_within_the_bounds_alone() {
    let store = store();
    let stored = opened(&registry(&store), name("ann")).await;
    let id = stored.handle().id().as_str();
    let registry = registry(&store);
    let ann = name("ann");
    let first = opened(&registry, ann.clone()).await;
    let _second = opened(&registry, ann.clone()).await;
    assert_full(registry.find(id, ann.as_ref()).await);
    registry.end(&first).await.unwrap();
    let found = registry.find(id, ann.as_ref()).await.unwrap();
    assert!(found.is_some(), "it was not lost");
    assert_full(registry.prepare(ann, 0));
}

/// A service whose peer takes the word that a session is over, and never answers.
#[tokio::test(start_paused = true)]
async fn sweep_ends_every_expired_session_though_no_peer_answers() {
    let store = store();
    let never = BoxService::from_fn(|_call| Box::pin(std::future::pending()));
    let mut limits = Limits::default();
    limits.sessions.each.idle_timeout = std::time::Duration::ZERO;
    let registry =
        Registry::new(Arc::clone(&store), nodes(&store), Farewells::of_test(never), &limits);
    for _ in 0..5 {
        opened(&registry, None).await;
    }
    registry.sweep().await;
    assert!(registry.all().next().is_none(), "none is served any more");
    assert!(store.list(None, 10).await.unwrap().is_empty(), "none is stored any more");
}

#[tokio::test]
async fn sweep_lets_others_have_their_turn_after_each_slice_and_each_end() {
    const SESSIONS: usize = 4 * SLICE;
    let store = store();
    let silent = Farewells::of_test(BoxService::new(Silent));
    let registry = Registry::new(Arc::clone(&store), nodes(&store), silent, &Limits::default());
    for _ in 0..SESSIONS {
        let session = opened(&registry, None).await;
        // The end has moved far enough to be written.
        session.machine().handle_activity(FAR_MS).unwrap();
    }
    let looked_at = async || {
        let stored = store.list(None, SESSIONS).await.unwrap();
        stored.iter().filter(|it| it.expires_ms >= FAR_MS).count()
    };
    assert_eq!(turns(&registry, looked_at).await, [SLICE; 4]);
    registry.all().for_each(|it| it.machine().handle_close());
    let ended = async || SESSIONS - registry.quota.usage().things;
    assert_eq!(turns(&registry, ended).await, [1; SESSIONS]);
}

/// How much each turn of a sweep has added to `done`.
async fn turns(registry: &Registry, done: impl AsyncFn() -> usize) -> Vec<usize> {
    let mut turns = Vec::new();
    let mut sweeping = pin!(registry.sweep());
    loop {
        let before = done().await;
        if futures_util::poll!(sweeping.as_mut()).is_ready() {
            return turns;
        }
        turns.push(done().await - before);
    }
}

/// Later than any end.
const FAR_MS: u64 = 1 << 50;

fn nodes(store: &Arc<dyn Store>) -> Nodes {
    Nodes::new(Arc::clone(store), NodeConfig::default(), &Limits::default())
}
