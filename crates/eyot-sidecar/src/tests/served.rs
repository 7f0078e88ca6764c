//! A plan as a server, and that server as steps of a plan.

use eyot_client::{Client, ClientError};
use eyot_interceptors::{
    Decision, EXTENSION, Failure, INVOKE, INVOKE_PLURAL, Interceptors, LIST, Seen,
};
use eyot_server::Server;
use eyot_upstream::EraMode;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::*;
use crate::interceptor_server;

/// A server that denies, changes, and crashes.
fn offered() -> Server {
    let deny = |view: &View<'_>| {
        let is_long = view.payload().len() > 200;
        Ok(if is_long { Validation::deny("too long") } else { Validation::PASS })
    };
    let bang = |view: &View<'_>| {
        let note = eyot_jsonrpc::Json::of(&"a!").unwrap();
        view.set("/arguments/note", &note)
    };
    let crash = |_: &View<'_>| -> Result<Validation, Failure> { panic!("it crashes") };
    let steps = [
        Interceptor::validator("short", deny).on(Phase::Request, ["tools/call"]),
        Interceptor::mutator("bang", bang).on(Phase::Request, ["tools/call"]),
        Interceptor::validator("crash", crash).on(Phase::Response, ["prompts/get"]),
    ];
    let plan = Plan::compile(steps, PlanOptions::default()).unwrap();
    interceptor_server(&Interceptors::new(plan), "side", "1").unwrap()
}

#[tokio::test(start_paused = true)]
async fn clients_of_both_eras_find_the_extension_and_the_methods() {
    for era in [EraMode::Legacy, EraMode::Modern] {
        let builder = Client::builder("c", "1").era(era);
        let target = eyot_upstream::Target::in_process(offered());
        let client = builder.connect(target).await.unwrap();
        let declared = client.capabilities();
        let events = &declared.extension(EXTENSION).unwrap()["supportedEvents"];
        assert_eq!(*events, json!(["prompts/get", "tools/call"]));
        let list = client.request(LIST, json!({ "event": "prompts/get" })).await.unwrap();
        let list: Value = list.decode_result().unwrap();
        assert_eq!(list["interceptors"].as_array().unwrap().len(), 1, "{list}");
        for method in [INVOKE, INVOKE_PLURAL] {
            let asked = json!({ "name": "short", "event": "tools/call", "phase": "request",
                "payload": { "name": "t" } });
            let answer = client.request(method, asked).await.unwrap();
            assert_eq!(answer.decode_result::<Value>().unwrap()["valid"], true);
        }
        for (name, code) in [("none", -32602), ("crash", -32603)] {
            let asked = json!({ "name": name, "event": "prompts/get", "phase": "response",
                "payload": {} });
            let refused = client.request(INVOKE, asked).await.unwrap_err();
            assert!(matches!(refused, ClientError::Rpc(error) if error.code == code), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_server_offers_is_a_part_of_the_plan() {
    let target = eyot_upstream::Target::in_process(offered());
    let source = PlanSource::new(PlanOptions::default());
    let starting = source.server(RemoteServer::new("side", target).unwrap()).start();
    let (live, _driver) = starting.await.unwrap();
    let outcome = apply(&live.interceptors().plan()).await;
    assert_eq!(outcome.decision, Decision::Allow);
    let payload = outcome.final_payload.unwrap().get().to_owned();
    assert_eq!(payload, r#"{"arguments":{"note":"a!"},"name":"echo"}"#);
    let names = outcome.results.iter().map(|it| it.interceptor.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["bang", "short"]);
}

#[tokio::test(start_paused = true)]
async fn as_many_questions_as_may_be_asked_at_once_are_answered() {
    for era in [EraMode::Legacy, EraMode::Modern] {
        let slow = |_: Seen| {
            let judging = async {
                // Virtual time: so long does a judgement take, if none waits for another.
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(Validation::PASS)
            };
            judging.boxed()
        };
        let step = Interceptor::async_validator("slow", slow).on(Phase::Request, ["tools/call"]);
        let plan = Plan::compile([step], PlanOptions::default()).unwrap();
        let server = interceptor_server(&Interceptors::new(plan), "side", "1").unwrap();
        let remote = RemoteServer::new("side", eyot_upstream::Target::in_process(server)).unwrap();
        let source = PlanSource::new(PlanOptions::default()).server(remote.era(era));
        let (live, _driver) = source.start().await.unwrap();
        let (plan, start) = (live.interceptors().plan(), Instant::now());
        let outcomes = join_all((0..64).map(|_| apply(&plan))).await;
        assert!(outcomes.iter().all(|it| it.decision == Decision::Allow));
        assert_eq!(start.elapsed().as_secs(), 1, "{era:?}");
    }
}
