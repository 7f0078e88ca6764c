//! A counting interceptor at every place of `intercept`: in a client, at both boundaries of a proxy, and in a
//! server.

use eyot::types::ElicitResult;
use eyot::{
    CallContext, Client, Elicited, EraMode, Eras, HandlerResult, Intercept as _, Interceptor,
    Interceptors, NoArguments, Phase, Plan, PlanOptions, ProxyConfig, Server, Target, View, tool,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::support::{Counter, Program, Proxy, patient_limits};

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

async fn ask(_: NoArguments, call: CallContext) -> HandlerResult<String> {
    Ok(match call.elicit("Who are you?").await? {
        Elicited::Accepted(Name { name }) => format!("Hello, {name}!"),
        _ => "Hello!".to_owned(),
    })
}

fn server(eras: Eras) -> eyot::ServerBuilder {
    Server::builder("counted", "1.0")
        .eras(eras)
        .tool(tool("hello", |_: NoArguments, _| async move { "hello" }))
        .tool(tool("ask", ask))
}

fn client() -> eyot::ClientBuilder {
    let answered = ElicitResult::accept(json!({ "name": "Ann" }).as_object().unwrap().clone());
    Client::builder("counting", "1.0").on_elicit(move |_| {
        let answered = answered.clone();
        async move { Ok(answered) }
    })
}

/// A call and a call that asks, of a client of one era, through a proxy, before a server of some eras.
async fn check(client_era: EraMode, server_eras: Eras) {
    let places = <[Counter; 4]>::default();
    let [in_client, from_clients, to_servers, in_server] = &places;
    let server = server(server_eras).intercept(&in_server.interceptors()).build().unwrap();
    let stand = |config: &mut ProxyConfig| {
        config.downstream_interceptors = Some(from_clients.interceptors());
        config.upstream_interceptors = vec![to_servers.interceptors()];
    };
    let proxy = Proxy::start(Target::in_process(server), patient_limits(), stand).await;
    let url = format!("http://{}/mcp", proxy.address);
    let builder = client().era(client_era).intercept(&in_client.interceptors());
    let client = builder.connect(url).await.unwrap();

    assert_eq!(client.call_tool("hello", json!({})).await.unwrap().text(), "hello");
    for place in &places {
        assert_eq!(place.of("tools/call request"), 1, "{client_era:?} {place:?}");
        assert_eq!(place.of("tools/call response"), 1, "{client_era:?} {place:?}");
    }
    assert_eq!(client.call_tool("ask", json!({})).await.unwrap().text(), "Hello, Ann!");
    for (at, place) in places.iter().enumerate() {
        // A modern call that asks is sent twice, and answered once; what comes first is no result.
        let is_downstream = at < 2;
        let is_modern =
            if is_downstream { client_era == EraMode::Modern } else { server_eras == Eras::Modern };
        let rounds = if is_modern { 2 } else { 1 };
        let told = format!("{client_era:?} {server_eras:?} place {at}: {place:?}");
        assert_eq!(place.of("tools/call request"), 1 + rounds, "{told}");
        assert_eq!(place.of("tools/call response"), 2, "{told}");
        assert_eq!(place.of("elicitation/create request"), 1, "{told}");
        assert_eq!(place.of("elicitation/create response"), 1, "{told}");
    }
}

#[tokio::test]
async fn a_legacy_client_s_messages_pass_every_place_once_before_a_legacy_server() {
    check(EraMode::Legacy, Eras::Legacy).await;
}

#[tokio::test]
async fn a_modern_client_s_messages_pass_every_place_once_before_a_modern_server() {
    check(EraMode::Modern, Eras::Modern).await;
}

#[tokio::test]
async fn a_modern_client_s_messages_pass_every_place_once_before_a_legacy_server() {
    check(EraMode::Modern, Eras::Legacy).await;
}

#[tokio::test]
async fn a_legacy_client_s_messages_pass_every_place_once_before_a_modern_server() {
    check(EraMode::Legacy, Eras::Modern).await;
}

/// What a mutator makes of arguments reaches the handler, and headers that mirrored the old ones do not
/// stand in its way.
#[tokio::test]
async fn arguments_that_are_changed_at_a_boundary_reach_the_handler() {
    let shout = Interceptor::mutator("shout", |view: &View<'_>| {
        let name = eyot::jsonrpc::Json::of(&"ANN").unwrap();
        view.set("/arguments/name", &name)
    });
    let steps = [shout.on(Phase::Request, ["tools/call"])];
    let interceptors = Interceptors::new(Plan::compile(steps, PlanOptions::default()).unwrap());
    for eras in [Eras::Legacy, Eras::Modern] {
        let greet = |it: Name, _: CallContext| async move { format!("Hello, {}!", it.name) };
        let server = Server::builder("greeter", "1.0").eras(eras).tool(tool("greet", greet));
        let target = Target::in_process(server.build().unwrap());
        let stand = |config: &mut ProxyConfig| {
            config.downstream_interceptors = Some(interceptors.clone());
        };
        let proxy = Proxy::start(target, patient_limits(), stand).await;
        for era in [EraMode::Legacy, EraMode::Modern] {
            let url = format!("http://{}/mcp", proxy.address);
            let client = client().era(era).connect(url).await.unwrap();
            let answer = client.call_tool("greet", json!({ "name": "ann" })).await.unwrap();
            assert_eq!(answer.text(), "Hello, ANN!", "{era:?} {eras:?}");
        }
    }
}

/// A modern server checks that headers mirror the arguments: those of an argument that was changed on the
/// way are made anew.
#[tokio::test]
async fn an_argument_that_a_header_mirrors_can_be_changed_before_the_relay() {
    let server = Program::everything(&[]).await;
    let move_away = Interceptor::mutator("move", |view: &View<'_>| {
        let region = eyot::jsonrpc::Json::of(&"eu-south").unwrap();
        view.set("/arguments/region", &region)
    });
    let steps = [move_away.on(Phase::Request, ["tools/call"])];
    let interceptors = Interceptors::new(Plan::compile(steps, PlanOptions::default()).unwrap());
    let stand = |config: &mut ProxyConfig| config.downstream_interceptors = Some(interceptors);
    let target = Target::url(&server.url(), patient_limits()).unwrap();
    let proxy = Proxy::start(target, patient_limits(), stand).await;
    let url = format!("http://{}/mcp", proxy.address);
    let client = client().era(EraMode::Modern).connect(url).await.unwrap();
    // The client learns of the header here.
    client.all_tools().await.unwrap();
    let called = client.call_tool("test_x_mcp_header", json!({ "region": "eu-north" })).await;
    let said = called.unwrap().text();
    assert!(said.contains("eu-south"), "{said}");
}
