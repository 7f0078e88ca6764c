//! A gateway before members that are functions, in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, Id, Message, Request};
use eyot_service::{
    BoxService, Call, ChosenServer, Fault, Input, Limits, Peer, Reply, SessionHandle,
};
use eyot_session::{Fence, LogLimits, SessionId, SessionRecord, SessionState, Store};
use eyot_store_memory::MemoryStore;
use eyot_types::{Era, Revision, codes};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

use crate::{Gateway, GatewayOptions, Member, Prefix};

/// What a member says to a request for a page that begins at a cursor, after some time.
type Says = fn(Option<&str>) -> Result<Value, ErrorObject>;

/// A member that answers each list after `time`, and counts.
fn member(name: &str, time: Duration, says: Says) -> (Member, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let service = BoxService::from_fn(move |call| {
        counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            sleep(time).await;
            let Input::Request(request) = call.input else { return Ok(Reply::None) };
            let params: Value = request.decode_params().unwrap_or_default();
            let said = says(params["cursor"].as_str()).map_err(Fault::upstream)?;
            Ok(Reply::One(request.answer(&said)))
        })
    });
    (Member::new(name, Member::slot_of(name), service), asked)
}

fn gateway(members: Vec<Member>) -> Gateway {
    let options = GatewayOptions {
        prefix: Prefix::Auto,
        limits: Arc::new(Limits::default()),
        tasks: TaskTracker::new(),
        over: CancellationToken::new(),
        store: Arc::new(MemoryStore::new(LogLimits::default())),
    };
    Gateway::new(members, options)
}

async fn ask(gateway: &Gateway, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({ "io.modelcontextprotocol/clientCapabilities": {} });
    let request = Request::new(Id::from_number(7), method, &params);
    let call = Call::new(Input::Request(request), Peer::ourselves(Era::Modern));
    let answer = gateway.service().call(call).await.unwrap().answer(drop).await.unwrap();
    serde_json::from_slice(&Message::from(answer).to_bytes()).unwrap()
}

/// A session of a legacy client, which its store has.
async fn session(id: &str) -> Arc<SessionHandle> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(LogLimits::default()));
    let id = SessionId::parse(id).unwrap();
    let record = SessionRecord {
        id: id.clone(),
        principal: None,
        revision: Revision::LATEST_LEGACY,
        initialize: "{}".into(),
        state: SessionState::default(),
        owner: None,
        fence: Fence(1),
        created_ms: 0,
        expires_ms: u64::MAX,
    };
    store.create(record).await.unwrap();
    Arc::new(SessionHandle::new(id, None, Fence(1), SessionState::default(), store))
}

async fn ask_in(session: &Arc<SessionHandle>, gateway: &Gateway, name: &str) -> Value {
    let request = Request::new(Id::from_number(7), "tools/call", &json!({ "name": name }));
    let mut call = Call::new(Input::Request(request), Peer::ourselves(Era::Legacy));
    call.session = Some(Arc::clone(session));
    let answer = gateway.service().call(call).await.unwrap().answer(drop).await.unwrap();
    serde_json::from_slice(&Message::from(answer).to_bytes()).unwrap()
}

async fn tools(gateway: &Gateway) -> (Vec<String>, Value) {
    let listed = ask(gateway, "tools/list", json!({})).await;
    (names(&listed), listed["result"]["_meta"]["io.eyot/partial"].clone())
}

fn names(listed: &Value) -> Vec<String> {
    let tools = listed["result"]["tools"].as_array().unwrap();
    tools.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

const AT_ONCE: Duration = Duration::ZERO;

fn one(_: Option<&str>) -> Result<Value, ErrorObject> {
    Ok(json!({ "tools": [{ "name": "one" }] }))
}

fn two(_: Option<&str>) -> Result<Value, ErrorObject> {
    Ok(json!({ "tools": [{ "name": "two" }] }))
}

fn broken(_: Option<&str>) -> Result<Value, ErrorObject> {
    Err(codes::upstream_unreached("it is away", false))
}

/// Twelve thousand tools, in pages of three thousand.
fn many(cursor: Option<&str>) -> Result<Value, ErrorObject> {
    let start: usize = cursor.map_or(0, |it| it.parse().unwrap());
    let tools: Vec<_> =
        (start..start + 3_000).map(|it| json!({ "name": format!("t{it}") })).collect();
    let mut page = json!({ "tools": tools });
    if start + 3_000 < 12_000 {
        page["nextCursor"] = json!((start + 3_000).to_string());
    }
    Ok(page)
}

#[tokio::test(start_paused = true)]
async fn a_long_list_comes_in_pages_each_tool_once() {
    let gateway = gateway(vec![member("a", AT_ONCE, many).0, member("b", AT_ONCE, one).0]);
    let (mut all, mut pages, mut params) = (Vec::new(), 0, json!({}));
    loop {
        let listed = ask(&gateway, "tools/list", params).await;
        all.extend(names(&listed));
        pages += 1;
        let next = &listed["result"]["nextCursor"];
        if next.is_null() {
            break;
        }
        params = json!({ "cursor": next });
    }
    let expected = (0..12_000).map(|it| format!("t{it}")).chain(["one".to_owned()]);
    assert_eq!((pages, all), (3, expected.collect()));
}

#[tokio::test(start_paused = true)]
async fn a_slow_list_is_asked_for_once_and_is_there_when_it_comes() {
    let (slow, asked) = member("slow", Duration::from_secs(20), two);
    let gateway = gateway(vec![member("a", AT_ONCE, one).0, slow]);
    let began = Instant::now();
    for _ in 0..3 {
        let (names, partial) = tools(&gateway).await;
        assert_eq!(names, ["one"]);
        assert_eq!(partial[0]["server"], "slow", "{partial}");
    }
    assert_eq!(began.elapsed(), Duration::from_secs(15));
    sleep(Duration::from_secs(6)).await;
    assert_eq!(tools(&gateway).await, (vec!["one".to_owned(), "two".to_owned()], Value::Null));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_session_does_not_wait_for_a_server_that_hangs_to_call_another() {
    let hangs = member("hangs", Duration::from_secs(3_600), two).0;
    let gateway = gateway(vec![member("a", AT_ONCE, one).0, hangs]);
    let mut took = Vec::new();
    for id in ["session-number-one", "session-number-two"] {
        let (session, began) = (session(id).await, Instant::now());
        let answer = ask_in(&session, &gateway, "one").await;
        assert!(answer["result"].is_object(), "{answer}");
        took.push(began.elapsed());
    }
    assert_eq!(took, [Limits::default().upstream.list_timeout, Duration::ZERO]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_is_looked_after_by_one_task_and_not_by_its_clients() {
    let (sick, asked) = member("sick", AT_ONCE, broken);
    let gateway = gateway(vec![member("a", AT_ONCE, one).0, sick]);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        let (names, partial) = tools(&gateway).await;
        assert_eq!(names, ["one"]);
        assert_eq!(partial[0]["reason"], "it is away", "{partial}");
        sleep(Duration::from_millis(10)).await;
    }
    // After 1, 2, 3, … seconds, and then each ten; a client may come in between once each time.
    let asked = asked.load(Ordering::Relaxed);
    assert!((8..=30).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_known_is_not_asked_for_before_it_is_old() {
    let (known, asked) = member("a", AT_ONCE, one);
    let gateway = gateway(vec![known]);
    for _ in 0..10 {
        tools(&gateway).await;
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    sleep(Limits::default().memory.known_lists_ttl).await;
    tools(&gateway).await;
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn other_servers_take_the_place_of_those_that_go_and_those_that_stay_are_not_asked_again() {
    let (stays, asked) = member("a", AT_ONCE, one);
    let gateway = gateway(vec![stays.clone(), member("b", AT_ONCE, broken).0]);
    tools(&gateway).await;
    gateway.set_members(vec![stays, member("b", AT_ONCE, two).0]);
    assert_eq!(tools(&gateway).await, (vec!["one".to_owned(), "two".to_owned()], Value::Null));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_of_a_server_that_is_gone() {
    let (goes, held) = member("b", AT_ONCE, two);
    let gateway = gateway(vec![member("a", AT_ONCE, one).0, goes]);
    tools(&gateway).await;
    gateway.set_members(vec![member("a", AT_ONCE, one).0]);
    assert_eq!(tools(&gateway).await.0, ["one"]);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test(start_paused = true)]
async fn servers_that_were_started_say_how_to_use_them_and_no_handshake_waits_for_that() {
    fn says(_: Option<&str>) -> Result<Value, ErrorObject> {
        Ok(json!({ "tools": [], "instructions": "Be brief." }))
    }
    async fn told(gateway: &Gateway) -> Value {
        let began = Instant::now();
        let answer = ask(gateway, "server/discover", json!({})).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        answer["result"]["instructions"].clone()
    }
    let (eager, asked) = member("a", Duration::from_secs(2), says);
    let (lazy, not_asked) = member("b", AT_ONCE, says);
    let gateway = gateway(vec![eager.clone(), lazy]);
    gateway.start(&eager);
    assert_eq!(told(&gateway).await, Value::Null);
    // Virtual time: it passes only when all that was started waits.
    sleep(Duration::from_secs(10)).await;
    let merged = told(&gateway).await;
    assert!(merged.as_str().unwrap().ends_with("## a\n\n> Be brief.\n"), "{merged}");
    assert_eq!((asked.load(Ordering::Relaxed), not_asked.load(Ordering::Relaxed)), (2, 0));
    // A server that is gone says nothing any more.
    gateway.set_members(Vec::new());
    assert_eq!(told(&gateway).await, Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_was_told_leads_where_it_led_although_another_server_has_it_now() {
    fn echo(_: Option<&str>) -> Result<Value, ErrorObject> {
        Ok(json!({ "tools": [{ "name": "one" }], "from": "b" }))
    }
    let (first, _) = member("a", AT_ONCE, one);
    let gateway = gateway(vec![first.clone()]);
    assert_eq!(tools(&gateway).await.0, ["one"]);
    gateway.set_members(vec![first, member("b", AT_ONCE, echo).0]);
    assert_eq!(tools(&gateway).await.0, ["a_one", "b_one"]);
    let called = async |name: &str| ask(&gateway, "tools/call", json!({ "name": name })).await;
    assert_eq!(called("one").await["result"]["from"], Value::Null);
    assert_eq!(called("b_one").await["result"]["from"], "b");
}

/// A member that has the tools of `one`, and says its own name to a call of one.
fn named(name: &'static str) -> Member {
    let service = BoxService::from_fn(move |call| {
        let Input::Request(request) = call.input else { panic!("no request") };
        let called = request.name().map(|it| it.into_owned());
        let said = match called {
            Some(tool) => json!({ "server": name, "tool": tool }),
            None => one(None).unwrap(),
        };
        Box::pin(std::future::ready(Ok(Reply::One(request.answer(&said)))))
    });
    Member::new(name, Member::slot_of(name), service)
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_to_the_server_that_a_layer_has_chosen_under_its_own_name() {
    let gateway = gateway(vec![named("a"), named("b")]);
    let call_at = async |tool: &str, chosen: &str| {
        let request = Request::new(Id::from_number(7), "tools/call", &json!({ "name": tool }));
        let mut call = Call::new(Input::Request(request), Peer::ourselves(Era::Modern));
        call.extensions.insert(ChosenServer(chosen.into()));
        let answer = gateway.service().call(call).await.unwrap().answer(drop).await.unwrap();
        serde_json::from_slice::<Value>(&Message::from(answer).to_bytes()).unwrap()
    };
    for tool in ["a_one", "b_one", "one"] {
        let answer = call_at(tool, "b").await;
        assert_eq!(answer["result"], json!({ "server": "b", "tool": "one" }), "{tool}");
    }
    let answer = call_at("a_one", "c").await;
    let message = "this is sent to the server `c`, which is not there";
    assert_eq!(answer["error"]["message"], message, "{answer}");
}
