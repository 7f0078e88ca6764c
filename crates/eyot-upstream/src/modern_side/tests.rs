//! What is found of an upstream, how long it is believed and what ends it, in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use eyot_jsonrpc::{ErrorObject, Id, Message, Response, ScanLimits};
use eyot_service::{Fault, InProcess, Limits, Reply, Serving};
use eyot_session::UpstreamName;
use eyot_types::codes::{self, Outcome};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::sync::OnceCell;
use tokio::time::advance;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use eyot_era::detect::{ERA_TTL, EraMode, RECHECK_PAUSE};

use super::ModernSide;
use crate::{ModernConnection, Runtime, SharedEraCache, Target, TargetName, Upstream};

/// An upstream that counts who attaches, and learns the modern era when it is told.
#[derive(Debug, Default)]
struct Server {
    attached: AtomicUsize,
    is_modern: Arc<AtomicBool>,
}

impl InProcess for Server {
    fn attach(&self, io: DuplexStream) -> Serving {
        self.attached.fetch_add(1, Ordering::Relaxed);
        let is_modern = Arc::clone(&self.is_modern);
        Box::pin(async move {
            let mut lines = BufReader::new(io);
            let mut line = String::new();
            while lines.read_line(&mut line).await.is_ok_and(|len| len > 0) {
                let asked =
                    Message::parse(std::mem::take(&mut line).into(), &ScanLimits::default());
                let answer = answer(&asked.unwrap(), is_modern.load(Ordering::Relaxed));
                lines.get_mut().write_all(&answer.to_bytes()).await.unwrap();
                lines.get_mut().write_all(b"\n").await.unwrap();
            }
        })
    }
}

fn answer(asked: &Message, is_modern: bool) -> Message {
    let id = asked.id().unwrap();
    let discovered = json!({ "supportedVersions": ["2026-07-28"], "capabilities": {} });
    match is_modern {
        true => Message::response(id, &discovered),
        false => Message::error_response(Some(id), &codes::method_not_found("server/discover")),
    }
}

fn side(target: Target, mode: EraMode) -> ModernSide {
    let runtime = Runtime::new(TaskTracker::new(), CancellationToken::new(), Arc::default());
    let name = Arc::new(TargetName::new(&target));
    let era = SharedEraCache::new(mode);
    ModernSide::new(Arc::new(Upstream { target, runtime, slot: UpstreamName::DEFAULT, name, era }))
}

fn in_process(mode: EraMode) -> (Arc<Server>, ModernSide) {
    let server = Arc::new(Server::default());
    let shared: Arc<dyn InProcess> = Arc::<Server>::clone(&server);
    (server, side(Target::InProcess(shared), mode))
}

#[tokio::test(start_paused = true)]
async fn a_legacy_verdict_is_looked_into_again_when_it_is_old() {
    let (server, side) = in_process(EraMode::Auto);
    for _ in 0..3 {
        assert!(side.connection().await.unwrap().is_none());
    }
    assert_eq!(server.attached.load(Ordering::Relaxed), 1, "one probe serves all");
    server.is_modern.store(true, Ordering::Relaxed);
    advance(ERA_TTL / 2).await;
    assert!(side.connection().await.unwrap().is_none(), "the verdict is believed");
    advance(ERA_TTL / 2).await;
    assert!(side.connection().await.unwrap().is_some(), "the upstream has learnt the modern era");
    assert_eq!(server.attached.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_pinned_upstream_is_not_asked() {
    let (server, side) = in_process(EraMode::Legacy);
    server.is_modern.store(true, Ordering::Relaxed);
    advance(ERA_TTL * 2).await;
    assert!(side.connection().await.unwrap().is_none());
    assert_eq!(server.attached.load(Ordering::Relaxed), 0);
    let (_server, side) = in_process(EraMode::Modern);
    assert!(side.connection().await.unwrap().is_some(), "whatever it would have answered");
}

/// A side that has found that its upstream at a URL is modern.
fn found() -> ModernSide {
    let target = Target::url("http://127.0.0.1:1/mcp", Limits::default()).unwrap();
    let side = side(target, EraMode::Auto);
    let upstream = &side.upstream;
    let link = upstream.target.http_link().unwrap().clone();
    let connection = ModernConnection::over_http(link, &upstream.runtime);
    *side.cell.lock() = Arc::new(OnceCell::new_with(Some(Some(connection))));
    side.upstream.era.find_modern();
    side
}

fn is_believed(side: &ModernSide) -> bool {
    side.cell.lock().get().is_some()
}

fn refused(code: i64) -> Result<Reply, Fault> {
    let error = ErrorObject::new(code, "no");
    Ok(Reply::One(Response::of_error(Some(Id::from_number(1)), &error)))
}

#[tokio::test(start_paused = true)]
async fn a_modern_verdict_is_corrected_by_what_the_upstream_says() {
    for code in [codes::INVALID_REQUEST, codes::SDK_CONNECTION_CLOSED, codes::METHOD_NOT_FOUND] {
        let side = found();
        advance(RECHECK_PAUSE).await;
        drop(side.weigh(false, refused(codes::INVALID_PARAMS)).unwrap());
        assert!(is_believed(&side), "modern servers say so too");
        drop(side.weigh(false, refused(code)).unwrap());
        assert!(!is_believed(&side), "{code}");
    }
    let side = found();
    advance(RECHECK_PAUSE).await;
    let lost = codes::upstream_lost("HTTP status 405", Outcome::NotSent, false);
    assert!(side.weigh(false, Err(Fault::upstream(lost.clone()))).is_err() && is_believed(&side));
    assert!(side.weigh(false, Err(Fault::refused(lost))).is_err() && !is_believed(&side));
}

#[tokio::test(start_paused = true)]
async fn a_modern_upstream_that_refuses_much_is_not_asked_for_each_refusal() {
    let side = found();
    for _ in 0..100 {
        drop(side.weigh(false, refused(codes::METHOD_NOT_FOUND)).unwrap());
        assert!(is_believed(&side));
    }
}
