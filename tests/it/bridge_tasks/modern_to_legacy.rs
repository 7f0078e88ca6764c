//! Modern clients before a legacy server that makes tasks of calls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eyot::{Affinity, ApiKey, Keys, Limits, ProxyConfig};
use eyot_stdx::Secret;
use serde_json::{Value, json};

use crate::support::{
    Connection, EventsOut, Exchange, Habits, Proxy, Response, Upstream, modern_ask, modern_request,
    note, patient_limits, send, tool_text,
};

const META: &str = "io.modelcontextprotocol/";
const CREATED: &str = "2025-11-25T10:30:00Z";

/// A request of a client that knows tasks and can be asked.
pub(super) fn request(id: u64, method: &str, params: Value) -> Value {
    let mut request = modern_request(id, method, params);
    request["params"]["_meta"][format!("{META}clientCapabilities")] =
        json!({ "elicitation": {}, "extensions": { "io.modelcontextprotocol/tasks": {} } });
    request
}

/// The request of a client that can be asked but does not know tasks.
pub(super) fn ignorant(mut request: Value) -> Value {
    request["params"]["_meta"][format!("{META}clientCapabilities")] = json!({ "elicitation": {} });
    request
}

pub(super) fn call(id: u64, name: &str) -> Value {
    request(id, "tools/call", json!({ "name": name, "arguments": {} }))
}

fn get(task: &Value) -> Value {
    request(50, "tasks/get", json!({ "taskId": task }))
}

/// The upstream's state of its task.
fn state(status: &str) -> Value {
    json!({ "taskId": "u-1", "status": status, "ttl": 60_000, "pollInterval": 500,
        "createdAt": CREATED, "lastUpdatedAt": CREATED })
}

fn elicit(id: u64, message: &str, task: &str) -> Value {
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
    let meta = json!({ "io.modelcontextprotocol/related-task": { "taskId": task } });
    json!({ "jsonrpc": "2.0", "id": id, "method": "elicitation/create",
        "params": { "message": message, "requestedSchema": schema, "_meta": meta } })
}

/// Each request has a session to itself.
fn per_request(config: &mut ProxyConfig) {
    config.affinity = Affinity::PerRequest;
}

async fn open_with(limits: Limits) -> (Upstream, Proxy) {
    let habits = Habits::new().with_tasks().with_notes();
    let upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let discover = modern_ask(&modern_request(1, "server/discover", json!({})));
    let answer = send(proxy.address, &discover).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    (upstream, proxy)
}

async fn open() -> (Upstream, Proxy) {
    open_with(patient_limits()).await
}

async fn ask(proxy: &Proxy, request: &Value) -> Response {
    ask_at(proxy.address, request).await
}

pub(super) async fn ask_at(address: SocketAddr, request: &Value) -> Response {
    send(address, &modern_ask(request)).await
}

/// Sends a request while the upstream does what the test says.
async fn during<T>(
    proxy: &Proxy,
    request: &Value,
    serving: impl Future<Output = T>,
) -> (Response, T) {
    tokio::join!(ask(proxy, request), serving)
}

/// Lists one tool of each kind.
async fn list(upstream: &mut Upstream) {
    let tool = |support: &str| {
        json!({ "name": support, "inputSchema": { "type": "object" },
            "execution": { "taskSupport": support } })
    };
    let tools = ["forbidden", "optional", "required"].map(tool);
    upstream.expect("tools/list").await.result(json!({ "tools": tools })).await;
}

/// Sends `request` while the upstream answers the one request that follows from it.
async fn through(
    proxy: &Proxy,
    upstream: &mut Upstream,
    request: &Value,
    (method, result): (&str, Value),
) -> Value {
    let answering = async { upstream.expect(method).await.result(result).await };
    tokio::join!(ask(proxy, request), answering).0.json()
}

/// Begins a task of the tool `optional`; returns its id at the client.
async fn begin(proxy: &Proxy, upstream: &mut Upstream) -> Value {
    let request = call(2, "optional");
    let serving = async {
        list(upstream).await;
        let call = upstream.expect("tools/call").await;
        assert_eq!(call.message()["params"]["task"], json!({ "ttl": 3_600_000 }));
        call.result(json!({ "task": state("working") })).await;
    };
    let (answer, ()) = tokio::join!(ask(proxy, &request), serving);
    let answer = answer.json();
    let result = &answer["result"];
    assert_eq!(result["resultType"], "task", "{answer}");
    assert_eq!(result["status"], "working");
    assert_eq!((&result["ttlMs"], &result["pollIntervalMs"]), (&json!(60_000), &json!(500)));
    assert_eq!(result["_meta"][format!("{META}serverInfo")]["name"], "scripted");
    result["taskId"].clone()
}

#[tokio::test]
async fn discovery_offers_the_extension_of_a_server_with_tasks() {
    let (_upstream, proxy) = open().await;
    let answer = ask(&proxy, &modern_request(1, "server/discover", json!({}))).await.json();
    let capabilities = &answer["result"]["capabilities"];
    assert_eq!(capabilities["extensions"], json!({ "io.modelcontextprotocol/tasks": {} }));
    assert!(capabilities.get("tasks").is_none(), "{answer}");
}

#[tokio::test]
async fn task_of_the_upstream_is_one_of_the_extension_with_an_id_of_ours() {
    let (mut upstream, proxy) = open().await;
    let id = begin(&proxy, &mut upstream).await;
    assert!(id.as_str().unwrap().len() >= 32 && id != "u-1", "{id}");
    let mut working = state("working");
    working["statusMessage"] = json!("rowing");
    let answer = through(&proxy, &mut upstream, &get(&id), ("tasks/get", working)).await;
    let result = &answer["result"];
    assert_eq!((&result["taskId"], &result["status"]), (&id, &json!("working")));
    assert_eq!(
        (&result["resultType"], &result["statusMessage"]),
        (&json!("complete"), &json!("rowing"))
    );
    let finishing = async {
        let asked = upstream.expect("tasks/get").await;
        assert_eq!(asked.message()["params"]["taskId"], "u-1");
        asked.result(state("completed")).await;
        let asked = upstream.expect("tasks/result").await;
        assert_eq!(asked.message()["params"]["taskId"], "u-1");
        asked.tool_text("across").await;
    };
    let (answer, ()) = during(&proxy, &get(&id), finishing).await;
    let first = answer.json();
    assert_eq!(first["result"]["status"], "completed", "{first}");
    assert_eq!(first["result"]["result"]["content"][0]["text"], "across");
    // The bridge keeps the end: the upstream is not asked any more.
    let second = ask(&proxy, &get(&id)).await.json();
    assert_eq!(first, second);
}

/// The answer of `tasks/get` about a task that ended like this.
async fn ended(status: &str, payload: impl AsyncFnOnce(Exchange)) -> Value {
    let (mut upstream, proxy) = open().await;
    let id = begin(&proxy, &mut upstream).await;
    let finishing = async {
        upstream.expect("tasks/get").await.result(state(status)).await;
        if status != "cancelled" {
            payload(upstream.expect("tasks/result").await).await;
        }
    };
    let (answer, ()) = during(&proxy, &get(&id), finishing).await;
    answer.json()["result"].clone()
}

#[tokio::test]
async fn tool_that_failed_has_completed_and_only_an_error_has_failed() {
    let failed = ended("failed", async |exchange| {
        let mut result = tool_text("it leaks");
        result["isError"] = json!(true);
        exchange.result(result).await;
    });
    let failed = failed.await;
    assert_eq!(
        (&failed["status"], &failed["result"]["isError"]),
        (&json!("completed"), &json!(true))
    );
    let broken = ended("failed", async |exchange| {
        let mut message = exchange.result_message(Value::Null);
        message.as_object_mut().unwrap().remove("result");
        message["error"] = json!({ "code": -32603, "message": "sunk" });
        exchange.json(&message).await;
    });
    let broken = broken.await;
    assert_eq!(
        (&broken["status"], &broken["error"]["message"]),
        (&json!("failed"), &json!("sunk"))
    );
    let cancelled = ended("cancelled", async |_| {}).await;
    assert_eq!(cancelled["status"], "cancelled");
    assert!(cancelled.get("result").is_none() && cancelled.get("error").is_none(), "{cancelled}");
}

/// The upstream reports that it needs input, and asks on the stream of the result.
async fn asked(upstream: &mut Upstream) -> EventsOut {
    upstream.expect("tasks/get").await.result(state("input_required")).await;
    let result = upstream.expect("tasks/result").await;
    let mut events = result.events().await;
    events.message(&elicit(70, "Your name?", "u-1")).await;
    events
}

#[tokio::test]
async fn question_in_a_task_is_in_its_state_until_it_is_answered_once() {
    let (mut upstream, proxy) = open().await;
    let id = begin(&proxy, &mut upstream).await;
    let (answer, events) = during(&proxy, &get(&id), asked(&mut upstream)).await;
    let answer = answer.json();
    assert_eq!(answer["result"]["status"], "input_required", "{answer}");
    let questions = answer["result"]["inputRequests"].as_object().unwrap();
    let (key, question) = questions.iter().next().unwrap();
    assert_eq!(question["params"]["message"], "Your name?");
    assert!(question["params"].get("_meta").is_none(), "{question}");
    // The question keeps its key as long as it is open.
    let again = ("tasks/get", state("input_required"));
    let again = through(&proxy, &mut upstream, &get(&id), again).await;
    assert_eq!(again["result"]["inputRequests"], answer["result"]["inputRequests"]);

    let responses = json!({ key: { "action": "accept", "content": { "name": "Ada" } }, "x": 1 });
    let update = json!({ "taskId": id, "inputResponses": responses });
    let update = request(60, "tasks/update", update);
    let taking = async {
        let said = upstream.next().await;
        assert_eq!(said.message()["id"], 70, "{}", said.text);
        assert_eq!(said.message()["result"]["content"], json!({ "name": "Ada" }));
        said.accept().await;
    };
    let (answer, ()) = during(&proxy, &update, taking).await;
    assert_eq!(answer.json()["result"], json!({ "resultType": "complete" }));
    // A repeated answer is acknowledged, but not sent on.
    assert_eq!(ask(&proxy, &update).await.json()["result"]["resultType"], "complete");
    let working = through(&proxy, &mut upstream, &get(&id), ("tasks/get", state("working"))).await;
    assert_eq!(working["result"]["status"], "working");
    assert!(working["result"].get("inputRequests").is_none());

    // The stream is dropped as soon as the result is here.
    let done = async {
        upstream.expect("tasks/get").await.result(state("completed")).await;
        upstream.expect("tasks/result").await.tool_text("Hi").await;
        events.closed().await;
    };
    let (done, ()) = during(&proxy, &get(&id), done).await;
    assert_eq!(done.json()["result"]["result"]["content"][0]["text"], "Hi");
}

#[tokio::test]
async fn cancelling_is_acknowledged_even_if_the_upstream_refuses() {
    let (mut upstream, proxy) = open().await;
    let id = begin(&proxy, &mut upstream).await;
    let cancel = request(60, "tasks/cancel", json!({ "taskId": id }));
    let cancelled = ("tasks/cancel", state("cancelled"));
    let answer = through(&proxy, &mut upstream, &cancel, cancelled).await;
    assert_eq!(answer["result"], json!({ "resultType": "complete" }));
    let refusing = async {
        let exchange = upstream.expect("tasks/cancel").await;
        let mut message = exchange.result_message(Value::Null);
        message.as_object_mut().unwrap().remove("result");
        message["error"] = json!({ "code": -32602, "message": "it is over" });
        exchange.json(&message).await;
    };
    let (answer, ()) = during(&proxy, &cancel, refusing).await;
    assert_eq!(answer.json()["result"], json!({ "resultType": "complete" }));
}

/// The request of a client with a key.
async fn ask_as(proxy: &Proxy, who: &str, request: &Value) -> Response {
    let ask = modern_ask(request).header("authorization", &format!("Bearer key-{who}"));
    send(proxy.address, &ask).await
}

#[tokio::test]
async fn a_stranger_is_told_that_there_is_no_such_task() {
    let mut upstream = Upstream::with(&Habits::new().with_tasks()).await;
    let key = |name: &str| ApiKey { name: name.into(), key: Secret::new(format!("key-{name}")) };
    let proxy = Proxy::before_url(&upstream, patient_limits(), |config| {
        config.endpoint.auth = Arc::new(Keys::new(vec![key("ada"), key("bob")]).unwrap());
    });
    let proxy = proxy.await;
    let begin = call(2, "optional");
    let serving = async {
        list(&mut upstream).await;
        upstream.expect("tools/call").await.result(json!({ "task": state("working") })).await;
    };
    let (answer, ()) = tokio::join!(ask_as(&proxy, "ada", &begin), serving);
    let id = answer.json()["result"]["taskId"].clone();
    let unknown = ask_as(&proxy, "bob", &get(&json!("nobody's"))).await;
    for method in ["tasks/get", "tasks/cancel", "tasks/update"] {
        let params = json!({ "taskId": id, "inputResponses": {} });
        let of_stranger = ask_as(&proxy, "bob", &request(60, method, params)).await;
        assert_eq!(of_stranger.json()["error"], unknown.json()["error"]);
    }
    let asked = ("tasks/get", state("working"));
    let answering = async { upstream.expect(asked.0).await.result(asked.1).await };
    let asking = get(&id);
    let (mine, ()) = tokio::join!(ask_as(&proxy, "ada", &asking), answering);
    assert_eq!(mine.json()["result"]["taskId"], id);
}

#[tokio::test]
async fn a_client_that_does_not_know_tasks_may_not_ask_for_one() {
    let (mut upstream, proxy) = open().await;
    let id = begin(&proxy, &mut upstream).await;
    assert_eq!(ask(&proxy, &get(&json!("nobody's"))).await.code(), -32602);
    let refused = ask(&proxy, &ignorant(get(&id))).await;
    assert_eq!(refused.code(), -32021, "{}", refused.text());
}

#[tokio::test]
async fn task_holds_its_session_as_long_as_it_runs() {
    let habits = Habits::new().with_tasks();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), per_request).await;
    let id = begin(&proxy, &mut upstream).await;
    assert_eq!(habits.sessions_open(), 1);
    let finishing = async {
        upstream.expect("tasks/get").await.result(state("completed")).await;
        upstream.expect("tasks/result").await.tool_text("across").await;
    };
    let (done, ()) = during(&proxy, &get(&id), finishing).await;
    assert_eq!(done.json()["result"]["status"], "completed");
    habits.all_closed().await;
}

#[tokio::test]
async fn task_whose_time_is_over_is_cancelled_and_its_session_ends() {
    let habits = Habits::new().with_tasks();
    let mut upstream = Upstream::with(&habits).await;
    let mut limits = patient_limits();
    limits.memory.task_ttl = Duration::from_millis(300);
    let proxy = Proxy::before_url(&upstream, limits, per_request).await;
    let serving = async {
        list(&mut upstream).await;
        upstream.expect("tools/call").await.result(json!({ "task": state("working") })).await;
        upstream.expect("tasks/cancel").await.result(state("cancelled")).await;
    };
    let (answer, ()) = during(&proxy, &call(2, "optional"), serving).await;
    let result = &answer.json()["result"];
    assert_eq!(result["ttlMs"], 300);
    habits.all_closed().await;
    assert_eq!(ask(&proxy, &get(&result["taskId"])).await.code(), -32602);
}

#[tokio::test]
async fn task_of_a_session_that_is_gone_has_failed() {
    let habits = Habits::new().with_tasks();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), |_| {}).await;
    let id = begin(&proxy, &mut upstream).await;
    habits.forget();
    let lost = ask(&proxy, &get(&id)).await.json();
    assert_eq!(lost["result"]["status"], "failed", "{lost}");
    assert_eq!(lost["result"]["createdAt"], CREATED);
    assert_eq!(ask(&proxy, &get(&id)).await.json(), lost);
}

#[tokio::test]
async fn there_are_as_many_tasks_as_there_may_be() {
    let mut limits = patient_limits();
    limits.memory.tasks_max = 1;
    let (mut upstream, proxy) = open_with(limits).await;
    begin(&proxy, &mut upstream).await;
    // A client that can wait for the answer gets it.
    let serving = async {
        let call = upstream.expect("tools/call").await;
        assert!(call.message()["params"].get("task").is_none(), "{}", call.text);
        call.tool_text("at once").await;
    };
    let (answer, ()) = during(&proxy, &call(3, "optional"), serving).await;
    assert_eq!(answer.json()["result"]["content"][0]["text"], "at once");
    let refused = ask(&proxy, &call(4, "required")).await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(refused.json()["error"]["data"]["limit"], "tasks");
}

#[tokio::test]
async fn answer_at_once_is_the_answer_and_a_tool_without_tasks_is_called_as_ever() {
    let (mut upstream, proxy) = open().await;
    let serving = async {
        list(&mut upstream).await;
        upstream.expect("tools/call").await.tool_text("at once").await;
        let call = upstream.expect("tools/call").await;
        assert!(call.message()["params"].get("task").is_none(), "{}", call.text);
        call.tool_text("plain").await;
    };
    let asking = async {
        let optional = ask(&proxy, &call(2, "optional")).await.json();
        (optional, ask(&proxy, &call(3, "forbidden")).await.json())
    };
    let ((optional, forbidden), ()) = tokio::join!(asking, serving);
    assert_eq!(optional["result"]["content"][0]["text"], "at once", "{optional}");
    assert_eq!(forbidden["result"]["content"][0]["text"], "plain", "{forbidden}");
}

#[tokio::test]
async fn client_that_knows_no_tasks_waits_while_the_bridge_looks_after_its_task() {
    let mut limits = patient_limits();
    limits.calls.timeout = Duration::from_secs(2);
    let (mut upstream, proxy) = open_with(limits).await;
    let mut request = ignorant(call(2, "required"));
    request["params"]["_meta"][format!("{META}logLevel")] = json!("info");
    let serving = async {
        list(&mut upstream).await;
        upstream.expect("logging/setLevel").await.result(json!({})).await;
        let call = upstream.expect("tools/call").await;
        assert_eq!(call.message()["params"]["task"], json!({ "ttl": 3_600_000 }));
        call.result(json!({ "task": state("working") })).await;
        let result = upstream.expect("tasks/result").await;
        // Longer than a silent call would be waited for.
        for _ in 0..5 {
            let mut working = state("working");
            working["statusMessage"] = json!("rowing");
            upstream.expect("tasks/get").await.result(working).await;
        }
        result.tool_text("across").await;
    };
    let (answer, ()) = during(&proxy, &request, serving).await;
    let events = answer.text();
    assert_eq!(events.matches("rowing").count(), 1, "{events}");
    assert!(events.contains("across") && !events.contains("related-task"), "{events}");
}

#[tokio::test]
async fn question_in_a_task_that_the_bridge_waits_for_is_asked_in_rounds() {
    let (mut upstream, proxy) = open().await;
    let request = ignorant(call(2, "required"));
    let asking = async {
        list(&mut upstream).await;
        upstream.expect("tools/call").await.result(json!({ "task": state("working") })).await;
        let result = upstream.expect("tasks/result").await;
        let id = result.id();
        let mut events = result.events().await;
        events.message(&elicit(70, "Your name?", "u-1")).await;
        (events, id)
    };
    let (answer, (mut events, id)) = during(&proxy, &request, asking).await;
    let answer = answer.json();
    assert_eq!(answer["result"]["resultType"], "input_required", "{answer}");
    let mut retry = request;
    retry["id"] = json!(3);
    retry["params"]["requestState"] = answer["result"]["requestState"].clone();
    retry["params"]["inputResponses"] =
        json!({ "1.1": { "action": "accept", "content": { "name": "Ada" } } });
    let finishing = async {
        let said = upstream.next().await;
        assert_eq!(said.message()["result"]["content"], json!({ "name": "Ada" }), "{}", said.text);
        said.accept().await;
        events.message(&json!({ "jsonrpc": "2.0", "id": id, "result": tool_text("Hi Ada") })).await;
        events.end().await;
    };
    let (done, ()) = during(&proxy, &retry, finishing).await;
    assert_eq!(done.json()["result"]["content"][0]["text"], "Hi Ada", "{}", done.text());
}

#[tokio::test]
async fn client_that_hangs_up_cancels_the_task_that_it_does_not_know_of() {
    let (mut upstream, proxy) = open().await;
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&ignorant(call(2, "required")))).await;
    list(&mut upstream).await;
    upstream.expect("tools/call").await.result(json!({ "task": state("working") })).await;
    let _waiting = upstream.expect("tasks/result").await;
    drop(connection);
    let cancelled = async {
        loop {
            let exchange = upstream.next().await;
            if exchange.method() == "tasks/cancel" {
                return exchange;
            }
            exchange.accept().await;
        }
    };
    let cancelled = cancelled.await;
    assert_eq!(cancelled.message()["params"]["taskId"], "u-1");
    cancelled.result(state("cancelled")).await;
}

#[tokio::test]
async fn subscription_hears_of_a_task_until_its_end() {
    let (mut upstream, proxy) = open().await;
    let id = begin(&proxy, &mut upstream).await;
    let filter = json!({ "notifications": { "taskIds": [id, "nobody's"] } });
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&request(9, "subscriptions/listen", filter))).await;
    let mut events = connection.begun().await.events();
    let acknowledged = events.next_message().await.message();
    assert_eq!(acknowledged["params"]["notifications"]["taskIds"], json!([id]));
    upstream.expect("tasks/get").await.result(state("working")).await;
    let told = events.next_message().await.message();
    assert_eq!((&told["method"], &told["params"]["taskId"]), (&json!("notifications/tasks"), &id));
    assert_eq!(told["params"]["status"], "working");
    assert_eq!(told["params"]["_meta"][format!("{META}subscriptionId")], 9);
    // Nothing has changed, so no notification is sent.
    upstream.expect("tasks/get").await.result(state("working")).await;
    upstream.expect("tasks/get").await.result(state("completed")).await;
    upstream.expect("tasks/result").await.tool_text("across").await;
    let told = events.next_message().await.message();
    assert_eq!(told["params"]["result"]["content"][0]["text"], "across", "{told}");
}

#[tokio::test]
async fn subscription_hears_at_once_what_the_upstream_says_of_its_task() {
    let habits = Habits::new().with_tasks().with_stream();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), |_| {}).await;
    let slow = |status: &str| {
        let mut state = state(status);
        state["pollInterval"] = json!(60_000);
        state
    };
    let serving = async {
        let stream = upstream.next().await.events().await;
        list(&mut upstream).await;
        upstream.expect("tools/call").await.result(json!({ "task": slow("working") })).await;
        stream
    };
    let (answer, mut stream) = during(&proxy, &call(2, "optional"), serving).await;
    let id = answer.json()["result"]["taskId"].clone();
    let filter = json!({ "notifications": { "taskIds": [id] } });
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&request(9, "subscriptions/listen", filter))).await;
    let mut events = connection.begun().await.events();
    events.next_message().await;
    upstream.expect("tasks/get").await.result(slow("working")).await;
    assert_eq!(events.next_message().await.message()["params"]["status"], "working");
    stream.message(&note("notifications/tasks/status", slow("cancelled"))).await;
    upstream.expect("tasks/get").await.result(slow("cancelled")).await;
    assert_eq!(events.next_message().await.message()["params"]["status"], "cancelled");
}
