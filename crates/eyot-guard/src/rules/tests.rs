//! Rules as they are applied: what is denied, counted, hidden and changed.

use eyot_interceptors::{Boundary, InterceptorLayer, Interceptors, Plan, PlanOptions};
use eyot_jsonrpc::{Id, Request};
use eyot_service::{BoxService, Call, ChosenServer, Input, Messages, Peer, Reply};
use eyot_types::Era;
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};
use tower_layer::Layer as _;
use tower_service::Service as _;

use super::*;
use crate::Trust;

mod calls;

/// Rules before a server that answers with what it was given, or with its list.
struct Stand(BoxService);

impl Stand {
    fn new(rules: &str) -> Self {
        Self::at(Boundary::Upstream, rules)
    }

    fn at(boundary: Boundary, rules: &str) -> Self {
        let text = format!("version: 1\ndefault: allow\nrules:\n{rules}");
        let set = RuleSet::compile("rules.yaml", &text).unwrap();
        let tools = Arc::new(Tools::new(Trust::Latest));
        let rules = Rules::new(set, Arc::clone(&tools), Arc::default()).interceptor("rules");
        let plan = Plan::compile([tools.list_step(), rules], PlanOptions::default()).unwrap();
        Self::of(plan, boundary)
    }

    fn of(plan: Plan, boundary: Boundary) -> Self {
        let server = BoxService::from_fn(|call| Box::pin(async move { Ok(answered(&call)) }));
        let layer = InterceptorLayer::new(&Interceptors::new(plan), boundary);
        Self(layer.layer(server))
    }

    async fn reply(&self, method: &str, params: Value) -> Reply {
        let request = Request::new(Id::from_number(1), method, &params);
        let call = Call::new(Input::Request(request), Peer::ourselves(Era::Modern));
        self.0.clone().call(call).await.unwrap()
    }

    /// The result, or the message of the error.
    async fn ask(&self, method: &str, params: Value) -> Result<Value, String> {
        let answer = self.reply(method, params).await.answer(drop).await.unwrap();
        match answer.error_object() {
            Some(error) => Err(error.message),
            None => Ok(answer.decode_result().unwrap()),
        }
    }
}

/// A tool answers with its arguments, `hang` never.
fn answered(call: &Call) -> Reply {
    let Input::Request(request) = &call.input else { return Reply::None };
    if request.name().as_deref() == Some("hang") {
        return Reply::Stream(Messages::new(futures_util::stream::pending()));
    }
    let tool = |name: &str| json!({ "name": name, "inputSchema": {} });
    let result = match request.method() {
        "tools/list" => json!({ "tools": [tool("echo"), tool("drop")] }),
        _ => request.decode_params().unwrap(),
    };
    let answer = request.answer(&result);
    if request.name().as_deref() == Some("stream") {
        let items = [Ok(answer.into_message().into())];
        return Reply::Stream(Messages::new(futures_util::stream::iter(items)));
    }
    Reply::One(answer)
}

fn call(name: &str, arguments: &Value) -> Value {
    json!({ "name": name, "arguments": arguments })
}

#[tokio::test]
async fn what_is_denied_is_in_no_list_and_says_what_the_rule_says() {
    let stand = Stand::new("  - {name: no-drops, match: {tool: drop}, deny: nothing is dropped}");
    let denied = stand.ask("tools/call", call("drop", &json!({}))).await;
    assert_eq!(denied, Err("nothing is dropped".to_owned()));
    let listed = stand.ask("tools/list", json!({})).await.unwrap();
    assert_eq!(listed["tools"].as_array().unwrap().len(), 1, "{listed}");
    assert!(stand.ask("tools/call", call("echo", &json!({}))).await.is_ok());
}

#[tokio::test]
async fn what_is_changed_leaves_the_rest_as_it_was() {
    let stand = Stand::new("  - {name: dry, match: {tool: echo}, set: {arguments.dry: true}}");
    let sent = call("echo", &json!({ "dry": false, "x": 1.5 }));
    let expected = call("echo", &json!({ "dry": true, "x": 1.5 }));
    assert_eq!(stand.ask("tools/call", sent).await, Ok(expected));
}

#[tokio::test]
async fn a_rate_is_counted_and_the_wait_is_told() {
    let stand = Stand::new(
        "  - {name: two, match: {tool: echo}, rate_limit: {limit: 2, per: 1h, key: [principal]}}",
    );
    for is_allowed in [true, true, false] {
        let asked = stand.ask("tools/call", call("echo", &json!({}))).await;
        assert_eq!(asked.is_ok(), is_allowed, "{asked:?}");
        if let Err(message) = asked {
            assert!(message.contains("the next one is allowed in"), "{message}");
        }
    }
}

#[tokio::test]
async fn the_bytes_of_answers_are_counted_for_the_calls_that_the_rule_is_about() {
    let stand = Stand::new(
        "  - {name: free, match: {tool: free}, allow: true}
  - {name: bytes, match: {tool: '*'}, rate_limit: {limit: 1000, per: 1h, cost: response_bytes}}",
    );
    let long = json!({ "text": "x".repeat(600) });
    for (tool, is_allowed) in [
        ("echo", true),
        ("free", true),
        ("free", true),
        ("echo", true),
        ("echo", false),
        ("free", true),
    ] {
        let asked = stand.ask("tools/call", call(tool, &long)).await;
        assert_eq!(asked.is_ok(), is_allowed, "{tool}: {asked:?}");
        if let Err(message) = asked {
            assert!(message.starts_with("the budget is used up"), "{message}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_on_a_stream_is_counted_and_a_call_that_is_given_up_is_not() {
    let stand = Stand::new(
        "  - {name: bytes, match: {tool: '*'}, rate_limit: {limit: 10, per: 1h, cost: response_bytes}}",
    );
    drop(stand.reply("tools/call", call("hang", &json!({}))).await);
    assert!(stand.ask("tools/call", call("stream", &json!({}))).await.is_ok());
    assert!(stand.ask("tools/call", call("stream", &json!({}))).await.is_err());
}

#[tokio::test]
async fn a_place_among_those_that_run_is_free_when_the_call_is_over_or_given_up() {
    let stand = Stand::new(
        "  - {name: one, match: {tool: hang}, concurrency: {limit: 1, key: [principal]}}",
    );
    for _ in 0..2 {
        let Reply::Stream(mut running) = stand.reply("tools/call", call("hang", &json!({}))).await
        else {
            panic!("it does not run")
        };
        assert!(running.next().now_or_never().is_none());
        assert!(stand.ask("tools/call", call("hang", &json!({}))).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_takes_its_time() {
    let stand = Stand::new("  - {name: slow, match: {tool: echo}, delay: 7s}");
    let start = tokio::time::Instant::now();
    stand.ask("tools/call", call("echo", &json!({}))).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(7));
}

const BY_HAND: &str = "
  - {name: dry, match: {tool: echo}, set: {arguments.dry: true}}
  - {name: by-hand, match: {tool: echo}, ask: {message: really?, timeout: 5m}}
  - {name: one, match: {tool: '*'}, deny: not without consent}";

#[tokio::test]
async fn what_no_driver_can_do_is_denied() {
    let asking = Stand::new(BY_HAND);
    assert!(asking.ask("tools/call", call("echo", &json!({}))).await.is_err());
    let calling = "  - {name: far, match: {tool: echo}, call: {interceptor: far}}";
    let calling = Stand::at(Boundary::Downstream, calling);
    assert!(calling.ask("tools/call", call("echo", &json!({}))).await.is_err());
}

#[tokio::test]
async fn a_rule_asks_the_user_and_what_rules_have_changed_goes_on_with_the_consent() {
    let stand = Stand::at(Boundary::Downstream, BY_HAND);
    let mut params = call("echo", &json!({ "dry": false }));
    let can = json!({ "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} } });
    params["_meta"] = can;
    let asked = stand.ask("tools/call", params.clone()).await.unwrap();
    let (name, question) = asked["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(question["params"]["message"], "really?");
    assert!(!asked.to_string().contains("by-hand"), "{asked}");
    let mut round = params.clone();
    round["requestState"] = asked["requestState"].clone();
    for (action, is_allowed) in [("decline", false), ("accept", true)] {
        round["inputResponses"] = json!({ name: { "action": action } });
        let said = stand.ask("tools/call", round.clone()).await;
        assert_eq!(said.is_ok(), is_allowed, "{said:?}");
        if is_allowed {
            params["arguments"]["dry"] = true.into();
            assert_eq!(said, Ok(params.clone()));
        }
    }
}

#[tokio::test]
async fn a_rule_chooses_the_server_of_a_call_before_a_gateway_only() {
    let text = "version: 1\ndefault: allow\nrules:
  - {name: dry, match: {tool: echo}, set: {arguments.dry: true}}
  - {name: other, match: {tool: echo}, route: staging}";
    let set = RuleSet::compile("rules.yaml", text).unwrap();
    let tools = Arc::new(Tools::new(Trust::Latest));
    let rules = Rules::new(set, tools, Arc::default()).interceptor("rules");
    let plan = Interceptors::new(Plan::compile([rules], PlanOptions::default()).unwrap());
    let server = BoxService::from_fn(|call| {
        let Input::Request(request) = &call.input else { panic!("no request") };
        let chosen = call.extensions.get::<ChosenServer>().map(|it| it.0.to_string());
        let params: Value = request.decode_params().unwrap();
        let answer = request.answer(&json!({ "chosen": chosen, "params": params }));
        Box::pin(std::future::ready(Ok(Reply::One(answer))))
    });
    let layer = InterceptorLayer::new(&plan, Boundary::Downstream);
    let alone = Stand(layer.clone().layer(server.clone()));
    let stand = Stand(layer.before_gateway().layer(server));
    let dry = call("echo", &json!({ "dry": true }));
    let expected = json!({ "chosen": "staging", "params": dry });
    assert_eq!(stand.ask("tools/call", call("echo", &json!({}))).await, Ok(expected));
    let other = stand.ask("tools/call", call("add", &json!({}))).await.unwrap();
    assert_eq!(other["chosen"], Value::Null);
    assert!(alone.ask("tools/call", call("echo", &json!({}))).await.is_err());
}

#[test]
fn rules_meet_the_messages_that_they_could_be_about() {
    let step = |rule: &str| {
        let text = format!("version: 1\ndefault: allow\nrules: [{{name: r, {rule}}}]");
        let set = RuleSet::compile("rules.yaml", &text).unwrap();
        Rules::new(set, Arc::new(Tools::new(Trust::Latest)), Arc::default()).interceptor("rules")
    };
    let plan = |rule| Plan::compile([step(rule)], PlanOptions::default()).unwrap();
    let meets = |rule, event, phase: Phase| !plan(rule).order(event, phase).is_empty();
    let denied = "match: {tool: drop, arguments: {x: 1}}, deny: true";
    assert!(meets(denied, "tools/call", Phase::Request));
    assert!(meets(denied, "tools/list", Phase::Response), "it could hide the tool");
    assert!(!meets(denied, "tools/call", Phase::Response));
    assert!(!meets(denied, "resources/read", Phase::Request));
    let told = "match: {method: notifications/message}, tag: t";
    assert!(meets(told, "notifications/message", Phase::Request));
    assert!(!meets(told, "tools/call", Phase::Request));
    let failing = "match: {result: {isError: true}}, log: failed";
    assert!(meets(failing, "tools/call", Phase::Response));
    assert!(meets(failing, "acme/sweep", Phase::Response));
    assert!(!meets(failing, "acme/sweep", Phase::Request));
}

#[test]
fn a_rule_on_an_argument_allocates_nothing_while_it_does_not_hold() {
    let text = "version: 1\ndefault: allow\nrules:
  - {name: r, match: {tool: echo, arguments: {text: never}}, deny: true}";
    let set = RuleSet::compile("rules.yaml", text).unwrap();
    let tools = Arc::new(Tools::new(Trust::Latest));
    let rules = Rules::new(set, tools, Arc::default()).interceptor("rules");
    let plan = Plan::compile([rules], PlanOptions::default()).unwrap();
    let layer = InterceptorLayer::new(&Interceptors::new(plan), Boundary::Upstream);
    let layer = eyot_service::ServiceLayer::from(layer);
    let params = call("echo", &json!({ "list": [1, 2], "text": "hello" }));
    let request = Request::new(Id::from_number(1), "tools/call", &params);
    let call = |it| Call::new(Input::Request(it), Peer::ourselves(Era::Modern));
    let enter =
        |request| assert!(matches!(layer.enter(request, call), eyot_service::Entered::Past(_)));
    // The first is measured, and each sixty-first.
    enter(request.clone());
    let measured = allocation_counter::measure(|| enter(request));
    assert_eq!(measured.count_total, 0);
}
