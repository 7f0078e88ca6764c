//! What operators see of sessions.

use std::sync::Arc;

use eyot_jsonrpc::Id;
use eyot_service::{BoxService, Limits, unix_ms};
use eyot_session::{LogLimits, Store};
use eyot_store_memory::MemoryStore;
use eyot_types::Revision;

use super::{SessionCounts, SessionDigest, Sessions};
use crate::active_session::ActiveSession;
use crate::farewells::Farewells;
use crate::nodes::{NodeConfig, Nodes};
use crate::noting::Noting;
use crate::registry::Registry;

fn registry(store: &Arc<dyn Store>) -> Arc<Registry> {
    let farewells = Farewells::of_test(BoxService::new(Noting::default()));
    Arc::new(Registry::new(Arc::clone(store), nodes(store), farewells, &Limits::default()))
}

async fn open(registry: &Registry, principal: Option<&str>) -> Arc<ActiveSession> {
    let session = registry.prepare(principal.map(Arc::from), 0).unwrap();
    registry.open(session, Revision::LATEST_LEGACY, bytes::Bytes::new()).await.unwrap()
}

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(LogLimits::default()))
}

#[tokio::test]
async fn pages_show_every_session_once_and_no_id() {
    let registry = registry(&store());
    let sessions = Sessions::new(Arc::clone(&registry));
    let mut ids = Vec::new();
    for at in 0..7 {
        let session = open(&registry, (at == 0).then_some("alice")).await;
        ids.push(session.handle().id().clone());
    }
    let mut digests: Vec<_> = ids.iter().map(SessionDigest::of).collect();
    digests.sort();

    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = sessions.page(after, 3);
        assert!(page.sessions.len() <= 3);
        let text = format!("{page:?}");
        assert!(ids.iter().all(|it| !text.contains(it.as_str())), "{text}");
        seen.extend(page.sessions);
        // As an address of a page holds it.
        after = page.next.map(|it| it.to_string().parse().unwrap());
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.iter().map(|it| it.digest).collect::<Vec<_>>(), digests);
    let named: Vec<_> = seen.iter().filter_map(|it| it.principal.as_deref()).collect();
    assert_eq!(named, ["alice"]);
}

#[tokio::test]
async fn calls_and_streams_are_counted_while_they_run() {
    let registry = registry(&store());
    let sessions = Sessions::new(Arc::clone(&registry));
    assert_eq!(sessions.counts(), SessionCounts::default());
    let session = open(&registry, None).await;
    open(&registry, None).await;
    session.machine().handle_request(&Id::from_number(1), unix_ms()).unwrap();
    session.machine().handle_stream_opened(unix_ms()).unwrap();
    let counts = SessionCounts { sessions: 2, calls: 1, streams: 1 };
    assert_eq!(sessions.counts(), counts);
    let page = sessions.page(None, usize::MAX);
    assert_eq!(page.sessions.iter().map(|it| (it.calls, it.streams)).max(), Some((1, 1)));
    registry.end(&session).await.unwrap();
    assert_eq!(sessions.counts(), SessionCounts { sessions: 1, calls: 0, streams: 0 });
}

#[tokio::test]
async fn session_that_another_process_has_opened_is_as_old_as_it_is() {
    let store = store();
    let opened = open(&registry(&store), None).await;
    let record = store.load(opened.handle().id().clone(), unix_ms()).await.unwrap().unwrap();
    let second = registry(&store);
    let found = second.find(record.id.as_str(), None).await.unwrap().unwrap();
    assert_eq!(found.machine().opened_ms() / 1_000, record.created_ms / 1_000);
}

fn nodes(store: &Arc<dyn Store>) -> Nodes {
    Nodes::new(Arc::clone(store), NodeConfig::default(), &Limits::default())
}
