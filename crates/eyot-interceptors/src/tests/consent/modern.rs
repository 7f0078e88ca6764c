//! Modern clients: they are asked by the answer, and come back with the consent.

use super::*;

/// Parameters of a client that can ask its user, without rounds.
fn paying(amount: u32) -> Value {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "c", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} },
    });
    json!({ "name": "pay", "arguments": { "amount": amount }, "_meta": meta })
}

/// The next round of a call: what was asked is answered so.
fn round(mut params: Value, asked: &Value, action: &str) -> Value {
    let names = asked["inputRequests"].as_object().unwrap().keys();
    let answers = names.map(|it| (it.clone(), json!({ "action": action })));
    params["inputResponses"] = answers.collect::<serde_json::Map<_, _>>().into();
    params["requestState"] = asked["requestState"].clone();
    params
}

impl Asking {
    /// The result of a call of the principal of this name, or the message of the error.
    async fn result_for(&self, principal: &str, params: &Value) -> Result<Value, String> {
        let request = Request::new(Id::from_number(1), "tools/call", params);
        let principal = Some(Principal::new(principal));
        let peer = Peer { principal, ..Peer::ourselves(Era::Modern) };
        let reply = self.call(Call::new(Input::Request(request), peer)).await.unwrap();
        let answer = reply.answer(drop).await.unwrap();
        match answer.error_object() {
            Some(error) => Err(error.message),
            None => Ok(answer.decode_result().unwrap()),
        }
    }

    async fn result(&self, params: &Value) -> Result<Value, String> {
        self.result_for("ann", params).await
    }
}

fn message_of(asked: &Value) -> &str {
    assert_eq!(asked["resultType"], "input_required");
    let questions = asked["inputRequests"].as_object().unwrap();
    assert_eq!(questions.len(), 1);
    let question = questions.values().next().unwrap();
    assert_eq!(question["method"], "elicitation/create");
    question["params"]["message"].as_str().unwrap()
}

#[tokio::test]
async fn a_call_goes_on_as_it_came_once_its_user_consents() {
    let asking = Asking::new(vec![asks("pay", "A payment is to be made. Is that right?")]);
    let asked = asking.result(&paying(5)).await.unwrap();
    assert_eq!(message_of(&asked), "A payment is to be made. Is that right?");
    assert!(asking.params_that_came().is_empty());
    assert_eq!(asking.result(&round(paying(5), &asked, "accept")).await, Ok(text("done")));
    assert_eq!(asking.params_that_came(), [paying(5)]);
}

#[tokio::test]
async fn a_call_ends_when_its_user_does_not_consent() {
    let asking = Asking::new(vec![asks("pay", "pay?")]);
    for action in ["decline", "cancel", "something else"] {
        let asked = asking.result(&paying(5)).await.unwrap();
        let refused = asking.result(&round(paying(5), &asked, action)).await;
        assert_eq!(refused, Err("it was not consented to".to_owned()));
    }
    assert!(asking.params_that_came().is_empty());
}

#[tokio::test]
async fn a_consent_is_for_one_principal_and_one_request_and_one_time() {
    let asking = Asking::new(vec![asks("pay", "pay?")]);
    let asked = asking.result(&paying(5)).await.unwrap();
    let accepted = |amount| round(paying(amount), &asked, "accept");
    let refused = Err("Invalid or expired requestState".to_owned());
    assert_eq!(asking.result(&accepted(6)).await, refused);
    assert_eq!(asking.result_for("bob", &accepted(5)).await, refused);
    assert!(asking.result(&accepted(5)).await.is_ok());

    let hasty = Asking::new(vec![asks_within("pay", "pay?", Duration::ZERO)]);
    let asked = hasty.result(&paying(5)).await.unwrap();
    assert_eq!(hasty.result(&round(paying(5), &asked, "accept")).await, refused);
    assert!(hasty.params_that_came().is_empty());
}

#[tokio::test]
async fn a_consent_to_other_words_or_by_another_name_does_not_count() {
    let before = Asking::new(vec![asks("pay", "pay?")]);
    let asked = before.result(&paying(5)).await.unwrap();
    for other in [asks("pay", "pay twice?"), asks("spend", "pay?")] {
        let after = Asking::new(vec![other]);
        let again = after.result(&round(paying(5), &asked, "accept")).await.unwrap();
        assert_eq!(again["resultType"], "input_required");
        assert!(after.params_that_came().is_empty());
    }
}

#[tokio::test]
async fn a_restart_with_the_key_of_the_store_forgets_no_consent() {
    let before = Asking::new(vec![asks("pay", "pay?")]);
    let asked = before.result(&paying(5)).await.unwrap();
    let after = Asking::new(vec![asks("pay", "pay?")]);
    assert!(after.result(&round(paying(5), &asked, "accept")).await.is_ok());
    assert_eq!(after.params_that_came().len(), 1);
}

#[tokio::test]
async fn two_interceptors_ask_one_after_the_other() {
    let asking = Asking::new(vec![asks("a", "first?"), asks("b", "second?")]);
    let first = asking.result(&paying(5)).await.unwrap();
    assert_eq!(message_of(&first), "first?");
    let second = asking.result(&round(paying(5), &first, "accept")).await.unwrap();
    assert_eq!(message_of(&second), "second?");
    assert!(asking.params_that_came().is_empty());
    assert_eq!(asking.result(&round(paying(5), &second, "accept")).await, Ok(text("done")));
    assert_eq!(asking.params_that_came(), [paying(5)]);
}

#[tokio::test]
async fn a_round_without_an_answer_is_asked_again() {
    let asking = Asking::new(vec![asks("pay", "pay?")]);
    let asked = asking.result(&paying(5)).await.unwrap();
    let mut silent = paying(5);
    silent["requestState"] = asked["requestState"].clone();
    assert_eq!(message_of(&asking.result(&silent).await.unwrap()), "pay?");
}

/// A server that asks for a name once, and keeps a state or none.
fn curious(state: Option<&'static str>) -> impl Fn(&Request) -> Response {
    move |request| {
        let params: Value = request.decode_params().unwrap();
        let asks = json!({ "method": "elicitation/create", "params": { "message": "name?" } });
        let mut result =
            json!({ "resultType": "input_required", "inputRequests": { "consent": asks } });
        if let Some(state) = state {
            result["requestState"] = state.into();
        }
        match params.get("inputResponses") {
            None => request.answer(&result),
            Some(answers) => request.answer(&text(&answers.to_string())),
        }
    }
}

#[tokio::test]
async fn a_server_asks_behind_us_and_gets_its_own_state_and_answers_only() {
    for state in [None, Some("of the server")] {
        let steps = vec![asks("pay", "pay?")];
        let asking = Asking::before(Boundary::Downstream, steps, curious(state));
        let ours = asking.result(&paying(5)).await.unwrap();
        let theirs = asking.result(&round(paying(5), &ours, "accept")).await.unwrap();
        assert_eq!(message_of(&theirs), "name?");
        let done = asking.result(&round(paying(5), &theirs, "accept")).await.unwrap();
        assert_eq!(done, text(r#"{"consent":{"action":"accept"}}"#));
        let mut second = paying(5);
        second["inputResponses"] = json!({ "consent": { "action": "accept" } });
        if let Some(state) = state {
            second["requestState"] = state.into();
        }
        assert_eq!(asking.params_that_came(), [paying(5), second]);
    }
}

#[tokio::test]
async fn a_consent_is_bound_to_the_call_as_it_came_whatever_is_changed_on_the_way() {
    let double = Interceptor::mutator("double", |view: &View<'_>| {
        view.set("/arguments/amount", &eyot_jsonrpc::Json::of(&10).unwrap())
    })
    .on(Phase::Request, ["tools/call"]);
    for place in [-1, 1] {
        let steps = vec![asks("pay", "pay?"), double.clone().priority(place)];
        let asking = Asking::before(Boundary::Downstream, steps, curious(Some("s")));
        let ours = asking.result(&paying(5)).await.unwrap();
        let theirs = asking.result(&round(paying(5), &ours, "accept")).await.unwrap();
        assert!(asking.result(&round(paying(5), &theirs, "accept")).await.is_ok());
        let amounts = asking.params_that_came().into_iter().map(|it| it["arguments"].clone());
        assert_eq!(Vec::from_iter(amounts), vec![json!({ "amount": 10 }); 2]);
    }
}

#[tokio::test]
async fn what_a_client_has_brought_for_the_server_goes_on_behind_our_question() {
    let asking = Asking::new(vec![asks("pay", "pay?")]);
    let mut brings = paying(5);
    brings["inputResponses"] = json!({ "who": { "action": "decline" } });
    brings["requestState"] = "of the server".into();
    let asked = asking.result(&brings).await.unwrap();
    assert_eq!(message_of(&asked), "pay?");
    assert!(asking.result(&round(paying(5), &asked, "accept")).await.is_ok());
    assert_eq!(asking.params_that_came(), [brings]);
}

#[tokio::test]
async fn a_client_that_cannot_ask_its_user_is_told_what_it_lacks() {
    let asking = Asking::new(vec![asks("pay", "pay?")]);
    let mut params = paying(5);
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    let denied = asking.result(&params).await.unwrap_err();
    assert!(denied.contains("capability `elicitation`"), "{denied}");
}

#[tokio::test]
async fn rounds_without_a_consent_pass_as_they_came() {
    let asking = Asking::before(Boundary::Downstream, vec![uppercase()], curious(Some("s.t")));
    let asked = asking.result(&paying(5)).await.unwrap();
    assert_eq!(asked["requestState"], "s.t");
    let next = round(paying(5), &asked, "accept");
    assert!(asking.result(&next).await.is_ok());
    assert_eq!(asking.params_that_came(), [paying(5), next]);
}

#[tokio::test]
async fn an_interceptor_on_trial_asks_no_user() {
    let asking = Asking::new(vec![asks("pay", "pay?").audit()]);
    assert_eq!(asking.result(&paying(5)).await, Ok(text("done")));
}
