//! One session of the suite: interceptors, and the ways to run them.

use std::sync::Arc;

use eyot::interceptors::{
    INVOKE, Interceptor, Interceptors, InvokeParams, LIST, ListParams, Mode, Origin, Outcome, Plan,
    PlanOptions,
};
use eyot::service::Peer;
use eyot::sidecar::{PlanDriver, PlanSource, RemoteServer, interceptor_server};
use eyot::types::Era;
use eyot::{Client, ClientError, EraMode, Target};
use serde_json::{Map, Value, json};

use super::{behaviours, phase, strings};

/// Where the interceptors are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// In this process.
    Native,
    /// At a server of the legacy era.
    Legacy,
    /// At a server of the modern era.
    Modern,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Native, Self::Legacy, Self::Modern];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Native => "in process",
            Self::Legacy => "MCP, legacy",
            Self::Modern => "MCP, modern",
        }
    }
}

/// Interceptors of one fixture, and a way to run them.
pub(super) struct Adapter {
    plan: Arc<Plan>,
    remote: Option<Remote>,
}

/// The connection for single questions; the plan has one of its own.
struct Remote {
    client: Client,
    _driver: PlanDriver,
}

impl Adapter {
    pub(super) async fn new(descriptors: &Value, way: Way) -> Self {
        let steps = descriptors.as_array().unwrap().iter().map(interceptor);
        let plan = Plan::compile(steps, PlanOptions::default()).unwrap();
        let era = match way {
            Way::Native => return Self { plan: Arc::new(plan), remote: None },
            Way::Legacy => EraMode::Legacy,
            Way::Modern => EraMode::Modern,
        };
        let server = interceptor_server(&Interceptors::new(plan), "suite", "1").unwrap();
        let target = Target::in_process(server);
        let client = Client::builder("suite", "1").era(era).connect(target.clone()).await.unwrap();
        let remote = RemoteServer::new("suite", target).unwrap().era(era);
        let source = PlanSource::new(PlanOptions::default()).server(remote);
        let (live, driver) = source.start().await.unwrap();
        let remote = Some(Remote { client, _driver: driver });
        Self { plan: live.interceptors().plan(), remote }
    }

    pub(super) async fn list(&self, event: Option<&str>) -> Result<Value, i64> {
        let params = event.map_or_else(|| json!({}), |it| json!({ "event": it }));
        match &self.remote {
            Some(remote) => remote.ask(LIST, params).await,
            None => {
                let params: ListParams = serde_json::from_value(params).unwrap();
                Ok(serde_json::to_value(self.plan.list(&params)).unwrap())
            }
        }
    }

    pub(super) async fn invoke(&self, params: Value) -> Result<Value, i64> {
        match &self.remote {
            Some(remote) => remote.ask(INVOKE, params).await,
            None => {
                let params: InvokeParams = serde_json::from_str(&params.to_string()).unwrap();
                let result = self.plan.invoke(&params).await.map_err(|it| it.code)?;
                Ok(serde_json::to_value(result).unwrap())
            }
        }
    }

    pub(super) async fn apply(&mut self, step: &Value) -> Outcome {
        let peer = Peer::ourselves(Era::Modern);
        let origin = match step["context"]["sessionId"].as_str() {
            Some(id) => Origin::of_client(peer).in_session(id),
            None => Origin::of_client(peer),
        };
        let (event, phase) = (step["event"].as_str().unwrap(), phase(&step["phase"]));
        self.plan.apply(event, phase, &step["payload"].to_string(), &origin).await.unwrap()
    }
}

impl Remote {
    /// The result, without what the modern era puts on every result.
    async fn ask(&self, method: &str, params: Value) -> Result<Value, i64> {
        match self.client.request(method, params).await {
            Ok(answer) => {
                let mut result: Map<String, Value> = answer.decode_result().unwrap();
                result.remove("_meta");
                result.remove("resultType");
                Ok(Value::Object(result))
            }
            Err(ClientError::Rpc(error)) => Err(error.code),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The interceptor that a fixture describes.
fn interceptor(described: &Value) -> Interceptor {
    let text = |name: &str| described[name].as_str().unwrap();
    let step = behaviours::of(text("name"), text("behavior"));
    let events = strings(&described["events"]);
    let step = match text("phases") {
        "both" => step.on_both(events),
        _ => step.on(phase(&described["phases"]), events),
    };
    // Older texts call the active mode `enforce`.
    let mode = described
        .get("mode")
        .map_or(Mode::Active, |it| serde_json::from_value(it.clone()).unwrap());
    let step = if mode == Mode::Audit { step.audit() } else { step };
    let step = if described["failOpen"] == true { step.fail_open() } else { step };
    assert_eq!(json!(step.descriptor().kind), described["type"]);
    step
}
