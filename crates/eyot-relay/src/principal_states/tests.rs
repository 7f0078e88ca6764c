//! Which states leave sealed, and which come back.

use bytes::Bytes;
use eyot_jsonrpc::ScanLimits;
use eyot_service::{Peer, Principal, ReplyItem};
use eyot_session::LogLimits;
use eyot_store_memory::MemoryStore;
use eyot_types::Era;
use eyot_upstream::Target;
use futures_util::stream;
use serde_json::{Value, json};

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

fn states_before(url: &str, store: Option<Arc<dyn Store>>, ttl: Duration) -> PrincipalStates {
    let target = Target::url(url, Default::default()).unwrap();
    PrincipalStates::new(Arc::new(TargetName::new(&target)), store, ttl)
}

fn states() -> PrincipalStates {
    states_before("http://server.example/mcp", None, HOUR)
}

fn call(user: Option<&str>, params: &Value) -> Call {
    let mut peer = Peer::ourselves(Era::Modern);
    peer.principal = user.map(Principal::new);
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params });
    Call::new(parsed(&request.to_string()).into(), peer)
}

fn parsed(text: &str) -> Message {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()), &ScanLimits::default()).unwrap()
}

fn answer(result: &str) -> Response {
    let text = format!(r#"{{"jsonrpc":"2.0","id":7,"result":{result}}}"#);
    parsed(&text).into_response().unwrap()
}

/// What the client `user` is answered with `result`.
async fn told(states: &PrincipalStates, user: Option<&str>, result: &str) -> String {
    let call = call(user, &json!({ "name": "greet" }));
    let reply = states.guard(call, |_| async { Ok(Reply::One(answer(result))) }).await.unwrap();
    reply.answer(drop).await.unwrap().result().unwrap().to_owned()
}

/// The state that `user` is given in the place of `own`.
async fn given(states: &PrincipalStates, user: &str, own: &str) -> Value {
    let asks = format!(r#"{{"resultType":"input_required","requestState":{own}}}"#);
    let told = told(states, Some(user), &asks).await;
    serde_json::from_str::<Value>(&told).unwrap()["requestState"].take()
}

/// The parameters that the server sees of this call; or the error for its client.
async fn seen(
    states: &PrincipalStates,
    user: Option<&str>,
    params: &Value,
) -> Result<String, String> {
    let mut seen = None;
    let ask = |call: Call| {
        let Input::Request(request) = &call.input else { panic!("{call:?}") };
        seen = request.params().map(str::to_owned);
        ready(Ok(Reply::One(answer("{}"))))
    };
    let reply = states.guard(call(user, params), ask).await.unwrap();
    match reply.answer(drop).await.unwrap().error_object() {
        Some(error) => Err(format!("{} {}", error.code, error.message)),
        None => Ok(seen.unwrap()),
    }
}

fn back(state: &Value) -> Value {
    json!({ "name": "greet", "requestState": state })
}

#[track_caller]
fn assert_refused(seen: &Result<String, String>) {
    assert_eq!(*seen, Err("-32602 Invalid or expired requestState".to_owned()));
}

#[tokio::test]
async fn state_comes_back_as_the_server_wrote_it() {
    let states = states();
    for own in [r#""s""#, r#""\u0041\/ Grüße \" \\""#, r#""""#, r#"{"n":1.50}"#] {
        let state = given(&states, "alice", own).await;
        assert!(state.is_string() && state != serde_json::from_str::<Value>(own).unwrap());
        let seen = seen(&states, Some("alice"), &back(&state)).await.unwrap();
        assert!(seen.contains(&format!(r#""requestState":{own}"#)), "{seen}");
        assert!(seen.contains(r#""name":"greet""#), "{seen}");
    }
}

#[tokio::test]
async fn only_the_principal_can_bring_its_state_back_and_only_to_the_same_tool() {
    let states = states();
    let state = given(&states, "alice", r#""s""#).await;
    assert_refused(&seen(&states, Some("bob"), &back(&state)).await);
    let other = json!({ "name": "delete", "requestState": state });
    assert_refused(&seen(&states, Some("alice"), &other).await);
    let with_arguments = json!({ "name": "greet", "arguments": { "n": 1 }, "requestState": state });
    assert!(seen(&states, Some("alice"), &with_arguments).await.is_ok());
}

#[tokio::test]
async fn what_is_no_sealed_state_is_refused() {
    let states = states();
    let state = given(&states, "alice", r#""s""#).await;
    let mut changed = state.as_str().unwrap().to_owned();
    let last = changed.pop().unwrap();
    changed.push(if last == 'A' { 'Q' } else { 'A' });
    for state in [json!("s"), json!(""), json!(changed), json!(7), json!({}), json!([state])] {
        assert_refused(&seen(&states, Some("alice"), &back(&state)).await);
    }
}

#[tokio::test]
async fn state_expires() {
    let states = states_before("http://server.example/mcp", None, Duration::ZERO);
    let state = given(&states, "alice", r#""s""#).await;
    assert_refused(&seen(&states, Some("alice"), &back(&state)).await);
}

#[tokio::test]
async fn state_belongs_to_its_server_also_where_the_store_is_shared() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(LogLimits::default()));
    let before = |url| states_before(url, Some(Arc::clone(&store)), HOUR);
    let first = before("http://server.example/mcp");
    let state = given(&first, "alice", r#""s""#).await;
    let again = before("http://server.example/mcp");
    assert!(seen(&again, Some("alice"), &back(&state)).await.is_ok());
    let other = before("http://other.example/mcp");
    assert_refused(&seen(&other, Some("alice"), &back(&state)).await);
    let without_store = states();
    assert_refused(&seen(&without_store, Some("alice"), &back(&state)).await);
}

#[tokio::test]
async fn what_has_no_principal_or_asks_nothing_passes_as_it_came() {
    let states = states();
    let asks = r#"{ "resultType":"input_required", "requestState" : "s" }"#;
    assert_eq!(told(&states, None, asks).await, asks);
    for result in [
        r#"{ "resultType":"complete", "requestState" : "s" }"#,
        r#"{ "requestState" : "s" }"#,
        r#"{ "resultType":"input_required", "inputRequests" : {} }"#,
        r#"{ "resultType":"input_required", "requestState" : null }"#,
        "[1, 2]",
    ] {
        assert_eq!(told(&states, Some("alice"), result).await, result);
    }
    let params = back(&json!("s"));
    assert_eq!(seen(&states, None, &params).await, Ok(params.to_string()));
    let answers = json!({ "name": "greet", "inputResponses": {}, "requestState": null });
    assert_eq!(seen(&states, Some("alice"), &answers).await, Ok(answers.to_string()));
}

#[tokio::test]
async fn state_is_sealed_in_every_place_where_a_reader_may_look() {
    let states = states();
    for asks in [
        r#"{"result\u0054ype":"input_required","requestState":"secret"}"#,
        r#"{"resultType":"input_required","request\u0053tate":"secret"}"#,
        r#"{"resultType":"input_required","requestState":"secret","requestState":"secret"}"#,
        r#"{"resultType":"complete","resultType":"input_required","requestState":"secret"}"#,
        r#"{"requestState":"secret","resultType":"unknown"}"#,
    ] {
        let told = told(&states, Some("alice"), asks).await;
        assert!(!told.contains("secret"), "{told}");
        let state = serde_json::from_str::<Value>(&told).unwrap()["requestState"].take();
        let seen = seen(&states, Some("alice"), &back(&state)).await.unwrap();
        assert!(seen.contains(r#""requestState":"secret""#), "{seen}");
    }
}

#[tokio::test]
async fn answer_at_the_end_of_a_stream_is_sealed_and_the_rest_passes() {
    let states = states();
    let note =
        r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"requestState":"s"}}"#;
    let asks = answer(r#"{"resultType":"input_required","requestState":"s"}"#);
    let items: [Result<ReplyItem, Fault>; 2] = [Ok(parsed(note).into()), Ok(asks.into())];
    let reply = Reply::Stream(Messages::new(stream::iter(items)));
    let call = call(Some("alice"), &json!({ "name": "greet" }));
    let reply = states.guard(call, |_| ready(Ok(reply))).await.unwrap();
    let mut others = Vec::new();
    let answer = reply.answer(|it| others.push(it.to_bytes())).await.unwrap();
    assert_eq!(others, [Bytes::from_static(note.as_bytes())]);
    let result: Value = answer.decode_result().unwrap();
    let seen = seen(&states, Some("alice"), &back(&result["requestState"])).await.unwrap();
    assert!(seen.contains(r#""requestState":"s""#), "{seen}");
}
