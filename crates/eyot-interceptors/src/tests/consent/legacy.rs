//! Legacy clients: they are asked on the stream of the call, and answer in a message of its own.

use eyot_session::{Fence, SessionId, SessionState};
use futures_util::{FutureExt as _, StreamExt as _};

use super::*;

/// A session of a client that can ask its user.
struct Client<'a> {
    asking: &'a Asking,
    session: Arc<SessionHandle>,
}

impl<'a> Client<'a> {
    async fn new(asking: &'a Asking, capabilities: Value) -> Self {
        let id = SessionId::parse("0123456789abcdef0123456789abcdef").unwrap();
        let (store, state) = (Arc::new(KeyStore), SessionState::default());
        let session = Arc::new(SessionHandle::new(id, None, Fence(1), state, store));
        let client = Self { asking, session };
        let params = json!({ "capabilities": capabilities });
        let request = Request::new(Id::from_number(0), "initialize", &params);
        drop(client.send(Input::Request(request)).await);
        asking.came.lock().clear();
        client
    }

    async fn send(&self, input: Input) -> Reply {
        let mut call = Call::new(input, Peer::ourselves(Era::Legacy));
        call.session = Some(Arc::clone(&self.session));
        self.asking.call(call).await.unwrap()
    }

    async fn call_tool(&self, id: u64) -> Reply {
        self.send(Input::Request(Request::new(Id::from_number(id), "tools/call", &echo("")))).await
    }

    /// Calls a tool, and returns what was asked with the rest of the reply.
    async fn asked(&self, id: u64) -> (Request, Messages) {
        let Reply::Stream(mut messages) = self.call_tool(id).await else { panic!("no stream") };
        let question = next(&mut messages).await.into_request().unwrap();
        assert_eq!(question.method(), "elicitation/create");
        (question, messages)
    }

    async fn answer(&self, question: &Request, action: &str) {
        let answer = question.answer(&json!({ "action": action, "content": {} }));
        let reply = self.send(Input::Response(answer)).await;
        assert!(matches!(reply, Reply::None));
    }
}

async fn next(messages: &mut Messages) -> Message {
    messages.next().await.unwrap().unwrap().into_message().unwrap()
}

/// The text of the error that ends a reply.
async fn error_in(messages: &mut Messages) -> String {
    next(messages).await.into_response().unwrap().error_object().unwrap().message
}

#[tokio::test]
async fn a_call_goes_on_once_its_user_consents_and_the_server_sees_nothing_of_it() {
    let asking = Asking::new(vec![asks("a", "first?"), asks("b", "second?")]);
    let client = Client::new(&asking, json!({ "elicitation": {} })).await;
    let (first, mut messages) = client.asked(1).await;
    assert_eq!(first.decode_params::<Value>().unwrap()["message"], "first?");
    assert!(messages.next().now_or_never().is_none());
    client.answer(&first, "accept").await;
    let second = next(&mut messages).await.into_request().unwrap();
    assert_eq!(second.decode_params::<Value>().unwrap()["message"], "second?");
    assert_ne!(first.id(), second.id());
    assert!(asking.params_that_came().is_empty());
    client.answer(&second, "accept").await;
    let answer = next(&mut messages).await.into_response().unwrap();
    assert_eq!(answer.decode_result::<Value>().unwrap(), text("done"));
    assert!(messages.next().await.is_none());
    assert_eq!(asking.params_that_came(), [echo("")]);
}

#[tokio::test]
async fn a_call_ends_when_its_user_does_not_consent() {
    let asking = Asking::new(vec![asks("pay", "pay?")]);
    let client = Client::new(&asking, json!({ "elicitation": {} })).await;
    let (question, mut messages) = client.asked(1).await;
    client.answer(&question, "decline").await;
    assert_eq!(error_in(&mut messages).await, "it was not consented to");
    assert!(asking.params_that_came().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_not_answered_in_time_is_taken_back() {
    let asking = Asking::new(vec![asks("pay", "pay?")]);
    let client = Client::new(&asking, json!({ "elicitation": {} })).await;
    let start = tokio::time::Instant::now();
    let (question, mut messages) = client.asked(1).await;
    let taken_back = next(&mut messages).await;
    assert!(taken_back.is_method("notifications/cancelled"));
    assert!(taken_back.params().unwrap().contains(question.id().as_raw()));
    assert_eq!(error_in(&mut messages).await, "it was not consented to in time");
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    client.answer(&question, "accept").await;
    assert!(asking.came.lock().is_empty());
}

#[tokio::test]
async fn a_client_that_cannot_ask_its_user_is_told_what_it_lacks() {
    let asking = Asking::new(vec![asks("pay", "pay?")]);
    let client = Client::new(&asking, json!({ "elicitation": { "url": {} } })).await;
    let answer = client.call_tool(1).await.answer(drop).await.unwrap();
    let message = answer.error_object().unwrap().message;
    assert!(message.contains("capability `elicitation`"), "{message}");
}

#[tokio::test]
async fn a_call_that_is_cancelled_ends_without_an_answer_and_no_server_hears_of_it() {
    let asking = Asking::new(vec![asks("pay", "pay?")]);
    let client = Client::new(&asking, json!({ "elicitation": {} })).await;
    let (_question, mut messages) = client.asked(1).await;
    let cancelled = |id: u32| {
        let params = json!({ "requestId": id });
        Input::Notification(eyot_jsonrpc::Notification::new("notifications/cancelled", &params))
    };
    assert!(matches!(client.send(cancelled(1)).await, Reply::None));
    assert!(messages.next().await.is_none());
    assert!(asking.came.lock().is_empty());
    client.send(cancelled(2)).await;
    assert_eq!(asking.came.lock().len(), 1);
}

#[tokio::test]
async fn questions_of_a_session_are_bounded_and_make_room_when_their_calls_end() {
    let asking = Asking::new(vec![asks("pay", "pay?")]);
    let client = Client::new(&asking, json!({ "elicitation": {} })).await;
    let mut open = Vec::new();
    for id in 1..=8 {
        open.push(client.asked(id).await);
    }
    let answer = client.call_tool(9).await.answer(drop).await.unwrap();
    assert_eq!(answer.error_object().unwrap().message, "too many questions are open");
    drop(open.pop());
    open.push(client.asked(10).await);
    client.send(Input::Close).await;
    for (_, messages) in &mut open {
        assert!(messages.next().await.is_none());
    }
}

#[tokio::test]
async fn a_server_asks_as_well_and_gets_the_answers_to_its_own_questions() {
    let steps = vec![asks("pay", "pay?")];
    let asking = Asking::new(steps);
    let client = Client::new(&asking, json!({ "elicitation": {} })).await;
    let answer = Response::new(Id::from_text("1.\"q\""), &json!({ "action": "accept" }));
    client.send(Input::Response(answer)).await;
    let came = asking.came.lock().pop().unwrap().into_kind();
    assert!(matches!(came, MessageKind::Response(it) if it.id().unwrap().as_raw().contains("1.")));
}

#[tokio::test]
async fn calls_that_meet_no_question_are_answered_at_once() {
    let asking = Asking::new(vec![asks("pay", "pay?").audit()]);
    let client = Client::new(&asking, json!({ "elicitation": {} })).await;
    assert!(matches!(client.call_tool(1).await, Reply::One(answer) if !answer.is_error()));
}
