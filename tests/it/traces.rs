//! Traces of requests: through a proxy for all pairs of eras, and through a gateway.

use std::sync::{Arc, Mutex};

use eyot::service::TraceParent;
use eyot::{
    CallContext, Client, EraMode, Eras, Interceptors, NoArguments, Plan, PlanOptions, ProxyConfig,
    Server, Target, tool,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::offering::{Gateway, Offering, at_urls};
use crate::support::{Handler, Proxy, Upstream, patient_limits};

const CAME: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// Says which trace it was called in.
async fn which(_: NoArguments, call: CallContext) -> String {
    let meta = call.meta();
    meta.get("traceparent").and_then(Value::as_str).unwrap_or("none").to_owned()
}

#[track_caller]
fn check(client: &str, server: &str, told: &str) {
    let (client, ours) = (TraceParent::parse(client), TraceParent::parse(server).expect(told));
    match client {
        Some(client) => {
            assert_eq!(client.trace_id().to_string(), ours.trace_id().to_string(), "{told}");
            assert_ne!(client.span_id().to_string(), ours.span_id().to_string(), "{told}");
            assert!(server.ends_with("-00"), "{told}: what is sampled is the client's decision");
        }
        None => assert!(server.ends_with("-01"), "{told}"),
    }
}

#[tokio::test]
async fn each_call_has_a_span_of_ours_in_its_trace_for_all_pairs_of_eras() {
    let plan = || Plan::compile([eyot::guard::trace(true)], PlanOptions::default()).unwrap();
    for eras in [Eras::Legacy, Eras::Modern] {
        for is_downstream in [true, false] {
            let server = Server::builder("traced", "1.0").eras(eras).tool(tool("which", which));
            let stand = |config: &mut ProxyConfig| {
                let interceptors = Interceptors::new(plan());
                match is_downstream {
                    true => config.downstream_interceptors = Some(interceptors),
                    false => config.upstream_interceptors.push(interceptors),
                }
            };
            let target = Target::in_process(server.build().unwrap());
            let proxy = Proxy::start(target, patient_limits(), stand).await;
            for era in [EraMode::Legacy, EraMode::Modern] {
                let url = format!("http://{}/mcp", proxy.address);
                let client = Client::builder("tracing", "1.0").era(era).connect(url).await.unwrap();
                for came in [CAME, "00-nonsense", ""] {
                    let call = client.call_tool("which", json!({}));
                    let call = if came.is_empty() { call } else { call.meta("traceparent", came) };
                    let told = format!("{era:?} {eras:?} {is_downstream} {came:?}");
                    check(came, &call.await.unwrap().text(), &told);
                }
            }
        }
    }
}

/// A server of this name, and the trace of each of its calls.
async fn noting(name: &'static str) -> (Upstream, Arc<Mutex<Vec<String>>>) {
    let (inner, traces) = (Offering::new(name, &["echo"]).handler(), Arc::default());
    let noted: Arc<Mutex<Vec<String>>> = Arc::clone(&traces);
    let handler: Handler = Arc::new(move |exchange| {
        if exchange.http_method() == "POST" && exchange.method() == "tools/call" {
            let trace = exchange.message()["params"]["_meta"]["traceparent"].clone();
            noted.lock().unwrap().push(trace.as_str().unwrap_or("none").to_owned());
        }
        inner(exchange)
    });
    (Upstream::handled(handler).await, traces)
}

#[tokio::test]
async fn a_gateway_with_a_file_gives_calls_their_spans_at_both_boundaries() {
    let folder = TempDir::new().unwrap();
    let settings = folder.path().join("i.yaml");
    let (first, traces) = noting("a").await;
    let (second, _) = noting("b").await;
    for boundary in ["downstream", "upstream"] {
        std::fs::write(&settings, format!("boundary: {boundary}\nguard: {{trace: {{}}}}")).unwrap();
        let servers = at_urls(&[("a", first.url()), ("b", second.url())]);
        let gateway =
            Gateway::with(&servers, &["--interceptors", settings.to_str().unwrap()]).await;
        let url = format!("http://{}/mcp", gateway.address());
        for era in [EraMode::Legacy, EraMode::Modern] {
            let client = Client::builder("tracing", "1.0").era(era).connect(url.as_str()).await;
            let client = client.unwrap();
            client.call_tool("a_echo", json!({})).meta("traceparent", CAME).await.unwrap();
            client.call_tool("a_echo", json!({})).await.unwrap();
            let traces: Vec<_> = traces.lock().unwrap().drain(..).collect();
            let told = format!("{boundary} {era:?}: {traces:?}");
            assert_eq!(traces.len(), 2, "{told}");
            check(CAME, &traces[0], &told);
            check("", &traces[1], &told);
        }
    }
}
