//! The number of the proxy's tasks: one for each open connection, none for a session or a call.

use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::support::{Habits, Proxy, Session, Upstream, call, within};

const SESSIONS: usize = 20;
const CALLS: usize = 10;

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Waits until the proxy's runtime has exactly this many tasks.
async fn check(proxy: &Runtime, expected: usize, what: &str) {
    let settled = async {
        while proxy.metrics().num_alive_tasks() != expected {
            tokio::task::yield_now().await;
        }
    };
    let found = || proxy.metrics().num_alive_tasks();
    let what = format!("{what}: {expected} tasks, not {}", found());
    within(&what, settled).await;
}

#[test]
fn open_connection_is_one_task_and_a_session_or_a_call_is_none() {
    // The proxy has a runtime of its own, so that its tasks are not those of the test.
    let (of_proxy, of_test) = (runtime(), runtime());
    let mut upstream = of_test.block_on(Upstream::with(&Habits::new()));
    let proxy = of_proxy.block_on(Proxy::before(&upstream));
    // The test itself makes a task for the server.
    let own = of_proxy.metrics().num_alive_tasks();
    of_test.block_on(async {
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS {
            sessions.push(Session::open(proxy.address, "2025-11-25").await);
        }
        check(&of_proxy, own, "idle sessions").await;
        let mut streams = Vec::new();
        for session in &sessions {
            streams.push(session.begin(&session.get()).await);
        }
        check(&of_proxy, own + SESSIONS, "open streams").await;
        let (mut calls, mut running) = (Vec::new(), Vec::new());
        for session in sessions.iter().take(CALLS) {
            calls.push(session.start(&call(1, "slow", json!({}))).await);
            running.push(upstream.next().await);
        }
        check(&of_proxy, own + SESSIONS + CALLS, "running calls").await;
    });
}
