//! The consent of another principal: who is asked, what is shown, and what comes of each answer.

use eyot_jsonrpc::Notification;
use eyot_session::{Fence, SessionId, SessionState};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::time::Instant;

use super::*;
use crate::Approvers;

/// Asks one of those whose names begin so before each call of a tool.
fn asks_those_of(beginning: &'static str) -> Interceptor {
    Interceptor::mutator("approval", move |view: &View<'_>| {
        let approvers =
            Approvers::new(format!("`{beginning}*`"), move |it| it.starts_with(beginning));
        let consent = Consent::new("pay", "pay?").within(Duration::from_secs(60)).of(approvers);
        Ok(match view.origin().has_consent(&consent) {
            true => Edit::Keep,
            false => Edit::Ask(consent),
        })
    })
    .on(Phase::Request, ["tools/call"])
    .asking()
}

fn asking() -> Asking {
    Asking::new(vec![asks_those_of("ops")])
}

fn peer(era: Era, name: Option<&str>) -> Peer {
    Peer { principal: name.map(Principal::new), ..Peer::ourselves(era) }
}

/// A session of a principal.
struct Client<'a> {
    asking: &'a Asking,
    peer: Peer,
    session: Arc<SessionHandle>,
}

impl<'a> Client<'a> {
    async fn new(asking: &'a Asking, name: Option<&str>) -> Self {
        Self::with(asking, name, json!({ "elicitation": {} })).await
    }

    async fn with(asking: &'a Asking, name: Option<&str>, capabilities: Value) -> Self {
        let id = SessionId::parse("0123456789abcdef0123456789abcdef").unwrap();
        let (store, state) = (Arc::new(KeyStore), SessionState::default());
        let principal = name.map(Arc::from);
        let session = Arc::new(SessionHandle::new(id, principal, Fence(1), state, store));
        let client = Self { asking, peer: peer(Era::Legacy, name), session };
        let params = json!({ "capabilities": capabilities });
        let request = Request::new(Id::from_number(0), "initialize", &params);
        drop(client.send(Input::Request(request)).await);
        asking.came.lock().clear();
        client
    }

    async fn send(&self, input: Input) -> Reply {
        self.begin(input).await.unwrap()
    }

    fn begin(&self, input: Input) -> BoxFuture<'static, Result<Reply, Fault>> {
        let mut call = Call::new(input, self.peer.clone());
        call.session = Some(Arc::clone(&self.session));
        self.asking.call(call)
    }

    /// Opens the stream of the session.
    async fn listen(&self) -> Messages {
        let Reply::Stream(messages) = self.send(Input::Listen { cursor: None }).await else {
            panic!("no stream")
        };
        messages
    }

    async fn answer(&self, question: &Request, result: Value) {
        let answer = Input::Response(question.answer(&result));
        assert!(matches!(self.send(answer).await, Reply::None));
    }

    async fn decide(&self, question: &Request, action: &str) {
        self.answer(question, json!({ "action": action, "content": {} })).await;
    }
}

fn pay() -> Input {
    let params = json!({ "name": "pay", "arguments": { "to": "e\u{200b}ve\nCaller: ops" } });
    Input::Request(Request::new(Id::from_number(1), "tools/call", &params))
}

fn modern(asking: &Asking, name: Option<&str>) -> BoxFuture<'static, Result<Reply, Fault>> {
    asking.call(Call::new(pay(), peer(Era::Modern, name)))
}

async fn outcome(reply: impl Future<Output = Result<Reply, Fault>>) -> Result<Value, String> {
    let answer = reply.await.unwrap().answer(drop).await.unwrap();
    match answer.error_object() {
        Some(error) => Err(error.message),
        None => Ok(answer.decode_result().unwrap()),
    }
}

/// What is on a stream by now.
fn shown(messages: &mut Messages) -> Option<Message> {
    messages.next().now_or_never()?.unwrap().unwrap().into_message()
}

fn question(messages: &mut Messages) -> Request {
    let question = shown(messages).unwrap().into_request().unwrap();
    assert_eq!(question.method(), "elicitation/create");
    question
}

/// Goes on with a call until it waits.
fn waits(call: &mut BoxFuture<'static, Result<Reply, Fault>>) {
    assert!(call.now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_the_yes_of_another_and_its_own_client_is_not_asked() {
    for era in [Era::Legacy, Era::Modern] {
        let asking = asking();
        let caller = Client::new(&asking, Some("ann")).await;
        let (mut own, ops) = (caller.listen().await, Client::new(&asking, Some("ops-1")).await);
        let mut stream = ops.listen().await;
        let mut call = match era {
            Era::Legacy => caller.begin(pay()),
            Era::Modern => modern(&asking, Some("ann")),
        };
        waits(&mut call);
        let question = question(&mut stream);
        let message = question.decode_params::<Value>().unwrap()["message"].clone();
        assert_eq!(
            message,
            "pay?\n\nCaller: ann\nCall: tools/call\nParameters: \"arguments\": \
             {\"to\":\"e\\u{200b}ve\\nCaller: ops\"}, \"name\": \"pay\""
        );
        // An answer of the caller to it is none.
        caller.decide(&question, "accept").await;
        waits(&mut call);
        assert!(asking.came.lock().is_empty() && shown(&mut own).is_none());
        ops.decide(&question, "accept").await;
        assert_eq!(outcome(call).await, Ok(text("done")), "{era:?}");
        assert_eq!(asking.came.lock().len(), 1);
        assert!(shown(&mut stream).is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_when_the_other_says_no_or_nothing() {
    for action in ["decline", "cancel"] {
        let asking = asking();
        let ops = Client::new(&asking, Some("ops")).await;
        let mut stream = ops.listen().await;
        let mut call = modern(&asking, None);
        waits(&mut call);
        ops.decide(&question(&mut stream), action).await;
        assert_eq!(outcome(call).await, Err("`ops*` has not consented to it".to_owned()));
        assert!(asking.came.lock().is_empty());
    }
    let asking = asking();
    let ops = Client::new(&asking, Some("ops")).await;
    let (mut stream, start) = (ops.listen().await, Instant::now());
    let mut call = modern(&asking, None);
    waits(&mut call);
    let late = question(&mut stream);
    assert_eq!(outcome(call).await, Err("`ops*` has not consented to it in time".to_owned()));
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    let taken_back = shown(&mut stream).unwrap();
    assert!(taken_back.is_method("notifications/cancelled"));
    ops.decide(&late, "accept").await;
    assert!(asking.came.lock().is_empty());
}

#[tokio::test]
async fn no_one_is_asked_who_is_not_meant_has_no_stream_or_no_forms() {
    let nobody = "`ops*` has to consent to this: no session of its client can be asked now";
    let asking = asking();
    let caller = Client::new(&asking, Some("ann")).await;
    let unnamed = Client::new(&asking, None).await;
    let _streams = (caller.listen().await, unnamed.listen().await);
    let ops = Client::new(&asking, Some("ops")).await;
    for call in [caller.begin(pay()), unnamed.begin(pay()), modern(&asking, Some("ops"))] {
        assert_eq!(outcome(call).await, Err(nobody.to_owned()));
    }
    drop(ops.listen().await);
    assert_eq!(outcome(modern(&asking, None)).await, Err(nobody.to_owned()));
    let formless = Client::with(&asking, Some("ops-2"), json!({})).await;
    let _stream = formless.listen().await;
    let said = outcome(modern(&asking, None)).await.unwrap_err();
    assert!(said.ends_with("has not declared the capability `elicitation`"), "{said}");
    assert!(asking.came.lock().is_empty());
}

#[tokio::test]
async fn a_caller_that_is_meant_itself_is_asked_in_its_own_session() {
    let asking = asking();
    let ops = Client::new(&asking, Some("ops")).await;
    let mut stream = ops.listen().await;
    let mut call = ops.begin(pay());
    waits(&mut call);
    ops.decide(&question(&mut stream), "accept").await;
    assert_eq!(outcome(call).await, Ok(text("done")));
}

#[tokio::test]
async fn another_session_is_asked_when_one_ends_or_its_client_cannot_ask() {
    let asking = asking();
    let (first, second) =
        (Client::new(&asking, Some("ops-1")).await, Client::new(&asking, Some("ops-2")).await);
    let third = Client::new(&asking, Some("ops-3")).await;
    let (mut oldest, mut older) = (first.listen().await, second.listen().await);
    let newest = third.listen().await;
    let mut call = modern(&asking, None);
    waits(&mut call);
    assert!(shown(&mut older).is_none());
    drop(newest);
    waits(&mut call);
    let asked = question(&mut older);
    let error = Input::Response(asked.refuse(&eyot_jsonrpc::ErrorObject::new(-32603, "no")));
    second.send(error).await;
    waits(&mut call);
    first.decide(&question(&mut oldest), "accept").await;
    assert_eq!(outcome(call).await, Ok(text("done")));
}

#[tokio::test]
async fn the_end_of_the_last_session_is_no_consent() {
    let asking = asking();
    let ops = Client::new(&asking, Some("ops")).await;
    let mut stream = ops.listen().await;
    let mut call = modern(&asking, None);
    waits(&mut call);
    question(&mut stream);
    ops.send(Input::Close).await;
    let said = outcome(call).await.unwrap_err();
    assert!(said.ends_with("its session has ended before it has answered"), "{said}");
}

#[tokio::test]
async fn a_call_that_is_given_up_takes_its_question_back() {
    let asking = asking();
    let (caller, ops) =
        (Client::new(&asking, Some("ann")).await, Client::new(&asking, Some("ops")).await);
    let mut stream = ops.listen().await;
    let mut call = modern(&asking, None);
    waits(&mut call);
    let asked = question(&mut stream);
    drop(call);
    let taken_back = shown(&mut stream).unwrap();
    assert!(taken_back.params().unwrap().contains(asked.id().as_raw()));
    // One that was not shown yet is not shown at all.
    let mut call = caller.begin(pay());
    waits(&mut call);
    let cancelled = Notification::new("notifications/cancelled", &json!({ "requestId": 1 }));
    assert!(matches!(caller.send(Input::Notification(cancelled)).await, Reply::None));
    assert!(matches!(call.await.unwrap(), Reply::None));
    assert!(shown(&mut stream).is_none() && asking.came.lock().is_empty());
}

#[tokio::test]
async fn what_is_too_long_to_be_shown_is_not_consented_to() {
    let asking = asking();
    let ops = Client::new(&asking, Some("ops")).await;
    let mut stream = ops.listen().await;
    let params = json!({ "name": "pay", "arguments": { "to": "x".repeat(8_000) } });
    let request = Request::new(Id::from_number(1), "tools/call", &params);
    let call = Call::new(Input::Request(request), peer(Era::Modern, None));
    let said = outcome(asking.call(call)).await.unwrap_err();
    assert!(said.contains("too long to be shown"), "{said}");
    assert!(shown(&mut stream).is_none());
}

#[tokio::test]
async fn questions_to_one_session_are_bounded() {
    let asking = asking();
    let ops = Client::new(&asking, Some("ops")).await;
    let _stream = ops.listen().await;
    let mut calls: Vec<_> = (0..8).map(|_| modern(&asking, None)).collect();
    calls.iter_mut().for_each(waits);
    let said = outcome(modern(&asking, None)).await.unwrap_err();
    assert!(said.ends_with("too many questions to it are open"), "{said}");
    calls.pop();
    waits(&mut modern(&asking, None));
}

#[tokio::test]
async fn the_messages_of_a_stream_go_on_beside_questions_and_its_end_is_its_end() {
    let messages =
        [json!({ "jsonrpc": "2.0", "method": "notifications/a" })].map(|it| message(&it));
    let stand = stream::iter(messages).map(|it| Ok(it.into()));
    let inner = Reply::Stream(Messages::new(stand));
    let asking = asking();
    let ops = Client::new(&asking, Some("ops")).await;
    let mut call = Call::new(Input::Listen { cursor: None }, ops.peer.clone());
    call.session = Some(Arc::clone(&ops.session));
    let listener = crate::consent::AskableSessions::default().listener(&call).unwrap();
    let Reply::Stream(mut beside) = listener.beside(inner) else { panic!("no stream") };
    assert!(shown(&mut beside).unwrap().is_method("notifications/a"));
    assert!(beside.next().await.is_none());
}
