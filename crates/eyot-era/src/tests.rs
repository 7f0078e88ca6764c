//! What both eras can say survives the way there and back, whichever way it goes first.
//!
//! Parameters keep their bytes. Results, questions and answers are decoded and encoded on the way,
//! so they keep their values.

mod values;

use crate::revision::{to_discover_result, to_initialize_result};
use eyot_jsonrpc::{ErrorObject, Id, Json, Members, Message, Request, Response, ScanLimits};
use eyot_types::{
    ClientCapabilities, Implementation, InitializeResult, InputRequests, JsonObject, Method,
    Question, Revision,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use self::values::{answer_to, capabilities, object, params_text, question, result_of, word};
use crate::legacy_to_modern::{ClientMeta, Leg, RoundLimits, Step, convert_answer};
use crate::parked::{Questions, RoundLosses};
use crate::{legacy_to_modern, modern_to_legacy};

const LEGACY: Revision = Revision::LATEST_LEGACY;

/// The methods whose requests and results both eras have.
const METHODS: [Method<'static>; 8] = [
    Method::ToolsList,
    Method::ToolsCall,
    Method::PromptsList,
    Method::PromptsGet,
    Method::ResourcesList,
    Method::ResourcesTemplatesList,
    Method::ResourcesRead,
    Method::CompletionComplete,
];

fn method() -> impl Strategy<Value = Method<'static>> {
    prop::sample::select(METHODS.to_vec())
}

fn message(text: &str) -> Message {
    Message::parse(text.to_owned().into(), &ScanLimits::default()).unwrap()
}

fn request(method: &str, params: &str) -> Request {
    let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    message(&text).into_request().unwrap()
}

fn json_of(message: &Message) -> Value {
    serde_json::from_slice(&message.to_bytes()).unwrap()
}

/// A client that can be asked everything.
fn client() -> ClientMeta {
    let able = json!({ "elicitation": { "form": {}, "url": {} }, "sampling": { "tools": {} }, "roots": {} });
    let params = json!({ "protocolVersion": LEGACY.as_str(), "capabilities": able,
        "clientInfo": { "name": "c", "version": "1" } });
    ClientMeta::of_initialize(LEGACY, &params.to_string()).unwrap().0
}

fn server() -> Implementation {
    Implementation::new("s", "1")
}

fn name_of_server() -> Json {
    Json::of(&server()).unwrap()
}

fn response(answer: &Message) -> Response {
    answer.clone().into_response().unwrap()
}

fn params_up(method: Method<'_>, params: &str) -> String {
    client().request(&request(method.as_str(), params), None).params().unwrap().to_owned()
}

fn params_down(method: Method<'_>, params: &str) -> String {
    let (request, losses) =
        modern_to_legacy::request(&request(method.as_str(), params), LEGACY).unwrap();
    assert!(losses.is_empty(), "{losses:?}");
    request.params().unwrap().to_owned()
}

/// The answer of a legacy server as a modern client gets it.
fn answer_up(method: Method<'_>, answer: &Message) -> Message {
    let id = answer.id().unwrap();
    let answered = modern_to_legacy::answer(id, method, &response(answer), &name_of_server());
    assert!(answered.losses.is_empty(), "{:?}", answered.losses);
    answered.message.into()
}

/// The answer of a modern server as a legacy client gets it.
fn answer_down(method: Method<'_>, answer: &Message) -> Message {
    let converted = convert_answer(LEGACY, method, &response(answer), None);
    assert!(converted.losses.is_empty(), "{:?}", converted.losses);
    converted.message
}

/// Asks a legacy client what a modern server asks.
fn legs(rounds: &mut legacy_to_modern::Rounds, requests: &InputRequests) -> Vec<Leg> {
    let result = json!({ "resultType": "input_required", "inputRequests": requests });
    let client = client().capabilities().clone();
    let step = rounds.handle_result(
        Method::ToolsCall,
        &Response::new(Id::from_number(1), &result),
        &client,
        || "e".to_owned(),
    );
    match step.unwrap() {
        Step::Ask(legs) => legs,
        other => panic!("{other:?}"),
    }
}

/// The question of a leg, as a legacy server might have asked it.
fn asked(number: u64, leg: &Leg) -> Message {
    let params = leg.params.as_ref().map_or("{}", |it| it.get());
    let Leg { method, .. } = leg;
    message(&format!(r#"{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{params}}}"#))
}

/// Questions by keys as a modern server asks them.
fn requests(questions: &[(String, Value)]) -> InputRequests {
    let decoded = questions.iter().enumerate().map(|(number, (method, params))| {
        let params = (!params.is_null()).then(|| params.clone());
        (format!("key {number}"), Question::decode(method, params).unwrap().into())
    });
    decoded.collect()
}

/// Names and raw values: the white space between them does not count.
fn members(params: &str) -> Vec<(std::borrow::Cow<'_, str>, &str)> {
    Members::of(params).unwrap().collect()
}

proptest! {
    #[test]
    fn parameters_of_a_legacy_client_keep_their_bytes(
        method in method(), params in params_text(),
    ) {
        let up = params_up(method, &params);
        let down = params_down(method, &up);
        prop_assert_eq!(members(&down), members(&params));
    }

    #[test]
    fn parameters_of_a_modern_client_keep_their_bytes(
        method in method(), params in params_text(),
    ) {
        let modern = params_up(method, &params);
        let again = params_up(method, &params_down(method, &modern));
        prop_assert_eq!(members(&again), members(&modern));
    }

    #[test]
    fn results_survive_both_ways(
        (method, result) in method().prop_flat_map(|it| (Just(it), result_of(it))),
    ) {
        let legacy = Message::response(Id::from_text("i"), &result);
        let modern = answer_up(method, &legacy);
        let back = answer_down(method, &modern);
        prop_assert_eq!(json_of(&back), json_of(&legacy));
        prop_assert_eq!(json_of(&answer_up(method, &back)), json_of(&modern));
    }

    #[test]
    fn errors_survive_both_ways(
        code in prop_oneof![-32_700_i64..=-32_600, -31_999_i64..3_000],
        (said, data) in (word(), object()),
        method in method(),
    ) {
        let error = ErrorObject::new(code, said).with_data(data);
        let legacy = Message::error_response(Some(Id::from_text("i")), &error);
        let modern = answer_up(method, &legacy);
        prop_assert_eq!(json_of(&modern), json_of(&legacy));
        prop_assert_eq!(json_of(&answer_down(method, &modern)), json_of(&legacy));
    }

    #[test]
    fn what_a_server_says_of_itself_survives_both_ways(
        able in capabilities(), instructions in prop::option::of(word()), vendor in object(),
    ) {
        let mut legacy = InitializeResult::new(LEGACY, serde_json::from_value(able).unwrap(), server());
        legacy.instructions = instructions;
        legacy.meta = Some(JsonObject::from_iter([("vendor/x".to_owned(), vendor)]));
        let (modern, losses) = to_discover_result(&[Revision::MODERN], legacy.clone());
        prop_assert!(losses.is_empty());
        let unnamed = Implementation::new("unnamed", "0");
        let (back, losses) = to_initialize_result(LEGACY, modern.clone(), unnamed);
        prop_assert!(losses.is_empty());
        prop_assert_eq!(&back, &legacy);
        prop_assert_eq!(to_discover_result(&[Revision::MODERN], back).0, modern);
    }

    /// From a legacy server over a modern client's round to a legacy client, and back with answers.
    #[test]
    fn questions_and_answers_of_legacy_peers_survive(
        questions in prop::collection::vec(question(), 1..6),
    ) {
        let mut server = Questions::default();
        for (number, (method, params)) in (0..).zip(&questions) {
            let text = json!({ "jsonrpc": "2.0", "id": number, "method": method, "params": params });
            server.ask(&message(&text.to_string()).into_request().unwrap(), 32).unwrap();
        }
        server.begin_round();
        let modern = server.requests();
        let mut client = legacy_to_modern::Rounds::new(LEGACY, RoundLimits::default());
        let legs = legs(&mut client, &modern);
        prop_assert_eq!(legs.len(), questions.len());
        let mut answers = Vec::new();
        for (leg, (method, params)) in legs.iter().zip(&questions) {
            let text = leg.params.as_ref().map_or("{}", |it| it.get());
            prop_assert_eq!((&leg.method, &serde_json::from_str::<Value>(text).unwrap()), (method, params));
            let answer = answer_to(method, &leg.key);
            client.handle_answer(&leg.key, &Message::response(Id::from_text("a"), &answer)).unwrap();
            answers.push(answer);
        }
        let retry: Value = client.request(&request("tools/call", "{}")).decode_params().unwrap();
        let responses = retry["inputResponses"].as_object().unwrap().clone().into_iter().collect();
        let said = server.answer(&responses, LEGACY).unwrap();
        let said: Vec<_> = said.iter().map(|it| json_of(it)["result"].clone()).collect();
        prop_assert_eq!(said, answers);
        prop_assert_eq!(server.take_losses(), RoundLosses::default());
    }

    /// From a modern server over a legacy client's session to a modern client, and back.
    #[test]
    fn questions_and_answers_of_modern_peers_survive(
        questions in prop::collection::vec(question(), 1..6),
    ) {
        let wanted = requests(&questions);
        let mut client = legacy_to_modern::Rounds::new(LEGACY, RoundLimits::default());
        let legs = legs(&mut client, &wanted);
        let mut server = Questions::default();
        for (number, leg) in (0..).zip(&legs) {
            server.ask(&asked(number, leg).into_request().unwrap(), 32).unwrap();
        }
        server.begin_round();
        let modern = server.requests();
        prop_assert_eq!(modern.values().collect::<Vec<_>>(), wanted.values().collect::<Vec<_>>());
        let answers: JsonObject = modern
            .iter()
            .map(|(key, it)| (key.clone(), answer_to(it.question.method().as_str(), key)))
            .collect();
        for said in server.answer(&answers, LEGACY).unwrap() {
            let number = said.id().and_then(|it| it.as_u64()).unwrap();
            let leg = &legs[usize::try_from(number).unwrap()];
            client.handle_answer(&leg.key, &said).unwrap();
        }
        let retry: Value = client.request(&request("tools/call", "{}")).decode_params().unwrap();
        let given: Vec<_> = retry["inputResponses"].as_object().unwrap().values().collect();
        prop_assert_eq!(given, answers.values().collect::<Vec<_>>());
        prop_assert!(client.take_losses().is_empty());
    }
}

#[test]
fn a_resource_that_is_not_there_has_the_code_of_its_era_both_ways() {
    let error = |code| {
        let error = ErrorObject::new(code, "none").with_data(json!({ "uri": "a:b" }));
        Message::error_response(Some(Id::from_text("i")), &error)
    };
    let (legacy, modern) = (error(-32_002), error(-32_602));
    let method = Method::ResourcesRead;
    let id = Id::from_text("i");
    let answered = modern_to_legacy::answer(id, method, &response(&legacy), &name_of_server());
    let answered = answered.message.into();
    assert_eq!(json_of(&answered), json_of(&modern));
    assert_eq!(json_of(&answer_down(method, &answered)), json_of(&legacy));
}

#[test]
fn what_the_client_can_be_asked_is_declared_both_ways() {
    let modern = params_up(Method::ToolsCall, r#"{"name":"a"}"#);
    let modern = request("tools/call", &modern);
    let declared = modern_to_legacy::capabilities(modern.client_capabilities()).unwrap();
    assert_eq!(&declared, client().capabilities());
    assert_ne!(declared, ClientCapabilities::default());
}
