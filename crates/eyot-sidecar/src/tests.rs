//! Plans with the steps of servers whose every message is said by the test.

mod calls;
mod changes;
mod faults;
mod served;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use eyot_interceptors::{Interceptor, Origin, Outcome, Phase, Plan, PlanOptions, Validation, View};
use eyot_service::{InProcess, Peer};
use eyot_testkit::{LinePeer, LinePeers};
use eyot_types::Era;
use eyot_upstream::EraMode;
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::{LivePlan, PlanDriver, PlanSource, PlanStartError, RemoteServer};

/// A server of the test, and where its connections arrive.
fn server(name: &str) -> (RemoteServer, Clients) {
    let (peers, clients) = LinePeers::new();
    let target: Arc<dyn InProcess> = Arc::new(peers);
    // Servers of the legacy era tell of changes beside all calls.
    (RemoteServer::new(name, target).unwrap().era(EraMode::Legacy), clients)
}

type Clients = mpsc::Receiver<DuplexStream>;

/// A plan with the steps of one server, its running driver, and the server.
struct Stand {
    live: LivePlan,
    peer: LinePeer,
    clients: Clients,
    _driving: Driving,
}

/// A driver that runs for as long as its test.
struct Driving(JoinHandle<()>);

impl Driving {
    #[expect(clippy::disallowed_methods, reason = "the test owns the task of its driver")]
    fn of(driver: PlanDriver) -> Self {
        Self(tokio::spawn(driver.run()))
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Stand {
    /// A server that offers these, used as it stands.
    async fn offering(descriptors: Value) -> Self {
        Self::with(|it| it, descriptors).await
    }

    /// A server that offers these, used in a way.
    async fn with(used: impl FnOnce(RemoteServer) -> RemoteServer, descriptors: Value) -> Self {
        Self::of_source(PlanSource::new(PlanOptions::default()), used, descriptors).await
    }

    async fn of_source(
        source: PlanSource,
        used: impl FnOnce(RemoteServer) -> RemoteServer,
        descriptors: Value,
    ) -> Self {
        let (remote, mut clients) = server("side");
        let starting = source.server(used(remote)).start();
        let (started, peer) = tokio::join!(starting, welcome(&mut clients, descriptors));
        let (live, driver) = started.unwrap();
        Self { live, peer, clients, _driving: Driving::of(driver) }
    }

    fn plan(&self) -> Arc<Plan> {
        self.live.interceptors().plan()
    }

    /// Runs the plan over a call of a tool, while the server answers its question so.
    async fn answered(&mut self, answer: impl FnOnce(&Value) -> Value) -> Outcome {
        let plan = self.plan();
        let serving = async {
            let asked = expect(&mut self.peer, "interceptor/invoke").await;
            self.peer.answer(&asked, answer(&asked["params"])).await;
        };
        tokio::join!(apply(&plan), serving).0
    }

    /// Tells that the list has changed, and lists these.
    async fn change(&mut self, descriptors: Value) {
        let method = "notifications/interceptors/list_changed";
        self.peer.write(&json!({ "jsonrpc": "2.0", "method": method })).await;
        let asked = expect(&mut self.peer, "interceptors/list").await;
        self.peer.answer(&asked, json!({ "interceptors": descriptors })).await;
        settle().await;
    }
}

/// Lets everything that can be done be done: a moment of virtual time is over only then.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Runs a plan over a call of a tool.
async fn apply(plan: &Plan) -> Outcome {
    let payload = json!({ "name": "echo", "arguments": { "note": "a" } }).to_string();
    let origin = Origin::of_client(Peer::ourselves(Era::Modern)).in_session("session");
    plan.apply("tools/call", Phase::Request, &payload, &origin).await.unwrap()
}

/// The next message of the client that does not ask whether the server lives.
async fn expect(peer: &mut LinePeer, method: &str) -> Value {
    loop {
        let message = peer.read().await;
        if message["method"] == method {
            return message;
        }
        assert_eq!(message["method"], "ping", "{message}");
        peer.answer(&message, json!({})).await;
    }
}

/// Connects with a client, and says what there is.
async fn welcome(clients: &mut Clients, descriptors: Value) -> LinePeer {
    let mut peer = LinePeer::accept(clients).await;
    peer.initialize(json!({})).await;
    let asked = peer.expect("interceptors/list").await;
    peer.answer(&asked, json!({ "interceptors": descriptors })).await;
    peer
}

/// A validator of calls of tools.
fn validator(name: &str) -> Value {
    descriptor(name, "validation")
}

fn descriptor(name: &str, kind: &str) -> Value {
    let hooks = json!([{ "events": ["tools/call"], "phase": "request" }]);
    json!({ "name": name, "type": kind, "hooks": hooks })
}

/// The answer of a validator.
fn judged(asked: &Value, valid: bool) -> Value {
    json!({
        "interceptor": asked["name"],
        "type": "validation",
        "phase": asked["phase"],
        "valid": valid,
    })
}

/// Why a step has given no verdict.
fn failure(outcome: &Outcome) -> &str {
    outcome.results[0].failure.as_deref().unwrap()
}
