//! Questions and answers of one call never cross, and end.

use std::time::Duration;

use eyot_jsonrpc::{Id, Message, Request, Response};
use eyot_types::{ClientCapabilities, Method, Revision};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{RoundError, RoundLimits, Rounds, Step};

fn able() -> ClientCapabilities {
    let declared = json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} });
    serde_json::from_value(declared).unwrap()
}

/// The parameters of the next request.
fn next(rounds: &Rounds, first: &str) -> String {
    let first = Request::of_text(Id::from_number(1), "tools/call", first);
    rounds.request(&first).params().unwrap().to_owned()
}

fn rounds() -> Rounds {
    Rounds::new(Revision::V2025_11_25, RoundLimits::default())
}

fn said(result: &str) -> Response {
    Response::of_text(Id::from_number(1), result)
}

fn take(rounds: &mut Rounds, result: &str) -> Result<Step, RoundError> {
    rounds.handle_result(Method::ToolsCall, &said(result), &able(), || "minted".to_owned())
}

fn form(message: &str) -> Value {
    json!({ "method": "elicitation/create", "params": { "message": message,
        "requestedSchema": { "type": "object", "properties": {} } } })
}

fn asks(requests: &Value, state: &str) -> String {
    let requests = requests.to_string();
    format!(
        r#"{{"resultType":"input_required","inputRequests":{requests},"requestState":{state}}}"#
    )
}

fn answer(result: impl Into<Value>) -> Message {
    Message::response(Id::from_text("q"), &result.into())
}

fn accepted(name: &str) -> Message {
    answer(json!({ "action": "accept", "content": { "name": name } }))
}

#[track_caller]
fn check_error(result: Result<Step, RoundError>, part: &str) {
    let error = result.expect_err("it is refused").to_string();
    assert!(error.contains(part), "{error}");
}

proptest! {
    /// Answers in any order go under the key of their question; the state keeps its bytes.
    #[test]
    fn answers_go_under_their_keys_and_the_state_comes_back_as_it_was(
        keys in proptest::collection::btree_set("[ -~]{0,8}", 1..8),
        state in any::<String>(),
        order in any::<prop::sample::Index>(),
    ) {
        let state = serde_json::to_string(&state).unwrap().replace('a', r"\u0061");
        let requests: serde_json::Map<_, _> =
            keys.iter().map(|key| (key.clone(), form(key))).collect();
        let mut rounds = rounds();
        let step = take(&mut rounds, &asks(&Value::Object(requests), &state)).unwrap();
        let Step::Ask(mut legs) = step else { panic!("it asks") };
        prop_assert_eq!(legs.len(), keys.len());
        let len = legs.len();
        legs.rotate_left(order.index(len));
        for (at, leg) in legs.iter().enumerate() {
            let params: Value = serde_json::from_str(leg.params.as_ref().unwrap().get()).unwrap();
            let said = params["message"].as_str().unwrap();
            prop_assert_eq!(said, &leg.key);
            let is_last = rounds.handle_answer(&leg.key, &accepted(said)).unwrap();
            prop_assert_eq!(is_last, at + 1 == len);
        }
        let next = next(&rounds, r#"{ "name":"x" , "z":1.50}"#);
        prop_assert!(next.ends_with(r#","name":"x" , "z":1.50}"#), "{}", next);
        let echoed = format!(r#""requestState":{state},"#);
        prop_assert!(next.contains(&echoed), "{}", next);
        let next: Value = serde_json::from_str(&next).unwrap();
        let responses = next["inputResponses"].as_object().unwrap();
        prop_assert_eq!(responses.len(), keys.len());
        for (key, response) in responses {
            prop_assert_eq!(&response["content"]["name"], key);
        }
    }

    /// Whatever the server does, there is an end.
    #[test]
    fn no_server_asks_for_ever(kinds in proptest::collection::vec(any::<bool>(), 9..20)) {
        let mut rounds = rounds();
        let mut taken = 0;
        for is_idle in kinds {
            let requests = if is_idle { json!({}) } else { json!({ "k": form("?") }) };
            match take(&mut rounds, &asks(&requests, "1")) {
                Ok(Step::Pause(pause)) => prop_assert!(pause <= Duration::from_secs(5)),
                Ok(Step::Ask(_)) => {
                    rounds.handle_answer("k", &accepted("n")).unwrap();
                }
                Ok(Step::Complete) => prop_assert!(false, "nothing is complete"),
                Err(error) => {
                    prop_assert_eq!(error, RoundError::TooManyRounds(8));
                    break;
                }
            }
            taken += 1;
        }
        prop_assert_eq!(taken, 8);
    }
}

#[test]
fn rounds_without_questions_are_paced_and_a_question_starts_the_pace_anew() {
    let mut rounds = rounds();
    let mut pauses = Vec::new();
    for requests in [json!({}), json!({}), json!({ "k": form("?") }), json!({})] {
        match take(&mut rounds, &asks(&requests, "1")).unwrap() {
            Step::Pause(pause) => pauses.push(pause.as_millis()),
            _ => pauses.push(0),
        }
    }
    assert_eq!(pauses, [250, 500, 0, 250]);
}

#[test]
fn only_what_the_last_round_gave_goes_into_the_next() {
    let mut rounds = rounds();
    take(&mut rounds, &asks(&json!({ "k": form("?") }), "1")).unwrap();
    rounds.handle_answer("k", &accepted("n")).unwrap();
    let bare = r#"{"resultType":"input_required","inputRequests":{"j":{"method":"roots/list"}}}"#;
    take(&mut rounds, bare).unwrap();
    let roots = answer(json!({ "roots": [] }));
    assert!(rounds.handle_answer("k", &accepted("late")).is_ok_and(|is_last| !is_last));
    assert!(rounds.handle_answer("j", &roots).unwrap());
    assert_eq!(next(&rounds, "{ }"), r#"{"inputResponses":{"j":{"roots":[]}}}"#);
}

#[test]
fn a_result_without_a_type_is_complete_and_of_an_unknown_one_invalid() {
    assert!(matches!(take(&mut rounds(), "{}"), Ok(Step::Complete)));
    assert!(matches!(take(&mut rounds(), r#"{"resultType":"complete"}"#), Ok(Step::Complete)));
    check_error(take(&mut rounds(), r#"{"resultType":"task"}"#), "resultType");
    check_error(take(&mut rounds(), r#"{"resultType":"input_required"}"#), "names none");
    let asked = asks(&json!({ "k": form("?") }), "1");
    let listed = rounds().handle_result(Method::ToolsList, &said(&asked), &able(), String::new);
    check_error(listed, "resultType");
}

#[test]
fn a_client_is_not_asked_what_it_has_not_declared() {
    let asked = asks(&json!({ "k": { "method": "roots/list" } }), "1");
    let client = ClientCapabilities::default();
    let refused = rounds().handle_result(Method::ToolsCall, &said(&asked), &client, String::new);
    check_error(refused, "not declared: roots");
    let url = json!({ "method": "elicitation/create",
        "params": { "mode": "url", "message": "go", "url": "https://x/" } });
    let only_form: ClientCapabilities =
        serde_json::from_value(json!({ "elicitation": {} })).unwrap();
    let asked = asks(&json!({ "k": url }), "1");
    let refused = rounds().handle_result(Method::ToolsCall, &said(&asked), &only_form, String::new);
    check_error(refused, "elicitation.url");
}

#[test]
fn a_page_to_visit_gets_the_name_that_its_revision_demands() {
    let url = json!({ "method": "elicitation/create",
        "params": { "mode": "url", "message": "go", "url": "https://x/" } });
    let Ok(Step::Ask(legs)) = take(&mut rounds(), &asks(&json!({ "k": url }), "1")) else {
        panic!("it asks");
    };
    let params: Value = serde_json::from_str(legs[0].params.as_ref().unwrap().get()).unwrap();
    assert_eq!(params["elicitationId"], "minted");
}

#[test]
fn a_failure_is_a_result_for_tools_and_an_error_for_others() {
    let error = RoundError::TimedOut(Duration::from_secs(600));
    let told = error.answer(Id::from_number(1), Method::ToolsCall);
    let told: Value = told.decode_result().unwrap();
    assert_eq!(told["isError"], true);
    let told = error.answer(Id::from_number(1), Method::PromptsGet);
    assert_eq!(told.decode_error().unwrap().code, -32603);
}

#[test]
fn an_error_and_an_answer_of_another_kind_fail_the_call() {
    let mut rounds = rounds();
    take(&mut rounds, &asks(&json!({ "k": form("?"), "l": form("?") }), "1")).unwrap();
    let no = eyot_jsonrpc::ErrorObject::new(-1, "User rejected");
    let no = Message::error_response(Some(Id::from_text("q")), &no);
    assert!(rounds.handle_answer("k", &no).unwrap_err().to_string().contains("User rejected"));
    let wrong = rounds.handle_answer("l", &answer(json!({ "roots": [] })));
    assert!(wrong.unwrap_err().to_string().contains("invalid"));
}
