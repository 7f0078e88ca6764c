//! What a modern server asks, and what it gets.

use serde_json::{Value, json};

use super::*;
use crate::{
    CallToolResult, CreateMessageParams, CreateMessageResult, ElicitAction, ElicitParams,
    ElicitResult, ElicitSchema, Method, Root, SamplingContent, SamplingMessage, StringSchema,
};

fn form() -> ElicitParams {
    let schema = ElicitSchema::new()
        .with_required("zip", StringSchema::new())
        .with_optional("city", StringSchema::new());
    ElicitParams::form("Where?", schema)
}

#[test]
fn the_result_type_alone_decides_what_a_result_is() {
    let decode = |text: &str| RoundResult::<CallToolResult>::decode(text);
    let complete = r#"{"content":[]}"#;
    assert!(matches!(decode(complete), Ok(RoundResult::Complete(_))), "without it it is complete");
    let asked = r#"{"resultType":"input_required","content":[]}"#;
    assert!(matches!(decode(asked), Ok(RoundResult::InputRequired(_))));
    let task = r#"{"resultType":"task","taskId":"t","status":"working","createdAt":"","lastUpdatedAt":"","ttlMs":null}"#;
    let Ok(RoundResult::Task(created)) = decode(task) else { panic!("no task") };
    assert_eq!((created.task.task_id.as_str(), created.task.ttl_ms), ("t", None));
    let unknown = decode(r#"{"resultType":"later","content":[]}"#).unwrap_err();
    assert_eq!(unknown.to_string(), "unknown resultType \"later\"");
    assert!(decode(r#"{"resultType":"complete"}"#).is_err(), "the content is missing");
}

#[test]
fn a_request_is_encoded_as_a_method_and_its_parameters() {
    let params = CreateMessageParams::new(vec![SamplingMessage::user("a")], 7);
    let requests = [InputRequest::from(form()), params.into(), Question::roots().into()];
    let methods = requests.each_ref().map(|request| request.question.method());
    let sampling = Method::SamplingCreateMessage;
    assert_eq!(methods, [Method::ElicitationCreate, sampling, Method::RootsList]);
    let encoded: Vec<_> = requests.iter().map(|it| serde_json::to_string(it).unwrap()).collect();
    assert_eq!(encoded[2], r#"{"method":"roots/list"}"#);
    assert!(encoded[1].contains(r#""maxTokens":7"#), "{}", encoded[1]);
    for (request, encoded) in requests.iter().zip(encoded) {
        assert_eq!(*request, serde_json::from_str(&encoded).unwrap());
    }
}

#[test]
fn a_form_keeps_its_order_on_its_way() {
    let requests = InputRequests::from([("a".to_owned(), form().into())]);
    let text = serde_json::to_string(&InputRequiredResult::new(requests)).unwrap();
    assert!(text.find("zip") < text.find("city"), "{text}");
    let result: InputRequiredResult = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&result).unwrap(), text);
    let task = format!(
        r#"{{"taskId":"t","status":"input_required","createdAt":"","lastUpdatedAt":"","ttlMs":1,{}"#,
        text.split_once(',').unwrap().1
    );
    let task: crate::GetTaskResult = serde_json::from_str(&task).unwrap();
    let text = serde_json::to_string(&task).unwrap();
    assert!(text.find("zip") < text.find("city"), "{text}");
}

#[test]
fn parameters_that_are_text_keep_their_order() {
    let text = r#"{"message":"m","requestedSchema":{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"boolean"}}}}"#;
    let question = Question::decode_text("elicitation/create", Some(text)).unwrap();
    let Question::Elicitation(params) = question else { panic!("{question:?}") };
    let form = params.requested_schema.unwrap();
    assert_eq!(form.properties.iter().map(|it| it.0).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(Question::decode_text("roots/list", None).unwrap(), Question::roots());
    assert!(Question::decode_text("elicitation/create", None).is_err());
    let known = Question::decode_text("x/y", Some(r#"{"a":1}"#)).unwrap();
    assert_eq!(known, Question::decode("x/y", Some(json!({ "a": 1 }))).unwrap());
}

#[test]
fn a_request_is_understood_in_any_order_of_its_members() {
    let text = r#"{"params":{"message":"m","x":1},"id":7,"method":"elicitation/create"}"#;
    let request: InputRequest = serde_json::from_str(text).unwrap();
    assert!(matches!(&request.question, Question::Elicitation(it) if it.message == "m"));
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(request).unwrap(), value);
}

#[test]
fn a_question_that_nobody_knows_is_kept() {
    let value = json!({ "method": "com.example/ask", "params": null, "x": 1 });
    let request: InputRequest = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(request.question.method(), Method::Other("com.example/ask"));
    assert_eq!(serde_json::to_value(&request).unwrap(), value);
    let answer = request.question.decode_answer(json!(7)).unwrap();
    assert_eq!(answer, Answer::Other(json!(7)));
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let error = serde_json::from_str::<InputRequest>(text).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_request_that_makes_no_sense_is_refused() {
    check_refused(r#"{"params":{}}"#, "missing field `method`");
    check_refused(r#"{"method":"elicitation/create"}"#, "missing field `params`");
    check_refused(r#"{"method":"elicitation/create","params":{}}"#, "missing field `message`");
    check_refused(r#"{"params":{},"method":"elicitation/create"}"#, "missing field `message`");
    check_refused(r#"{"method":"a","method":"b"}"#, "duplicate field `method`");
    check_refused(r#"{"method":"a","params":1,"params":2}"#, "duplicate field `params`");
    check_refused("7", "invalid type: integer `7`, expected an object with a method");
}

#[test]
fn only_the_question_says_what_an_answer_is() {
    let responses = InputResponses::new()
        .with("who", ElicitResult::new(ElicitAction::Decline))
        .with("what", CreateMessageResult::new("m", SamplingContent::text("a")))
        .with("where", crate::ListRootsResult::new(vec![Root::new("file:///a")]));
    let decode = |question: Question, name: &str| question.decode_answer(responses.0[name].clone());
    let who = decode(form().into(), "who").unwrap();
    assert_eq!(who, ElicitResult::new(ElicitAction::Decline).into());
    let sampling = CreateMessageParams::new(Vec::new(), 1);
    assert!(matches!(decode(sampling.into(), "what"), Ok(Answer::Sampling(_))));
    assert!(matches!(decode(Question::roots(), "where"), Ok(Answer::Roots(_))));
    assert!(decode(form().into(), "where").is_err(), "an answer to another question");
    let roots: crate::ListRootsResult = responses.decode("where").unwrap().unwrap();
    assert_eq!(roots.roots.len(), 1);
    assert!(responses.decode::<ElicitResult>("when").unwrap().is_none());
    assert!(responses.decode::<ElicitResult>("where").is_err());
}

#[test]
fn a_round_without_questions_needs_its_state() {
    let result = serde_json::to_value(InputRequiredResult::again("s")).unwrap();
    assert_eq!(result, json!({ "resultType": "input_required", "requestState": "s" }));
}

#[track_caller]
fn check_unmet(method: &str, params: Value, declared: Value, required: &Value) {
    let question = Question::decode(method, Some(params)).unwrap();
    let unmet = question.unmet(&serde_json::from_value(declared).unwrap());
    assert_eq!(json!(unmet), *required, "{question:?}");
}

#[test]
fn questions_need_what_their_client_declares() {
    let page = || json!({ "mode": "url", "message": "m", "url": "https://a/" });
    let form = || json!(form());
    let elicitation = |mode: &str| json!({ "elicitation": { mode: {} } });
    let nothing = Value::Null;
    let elicit = "elicitation/create";
    check_unmet(elicit, form(), json!({ "elicitation": {} }), &nothing);
    check_unmet(elicit, form(), json!({ "elicitation": { "url": {} } }), &elicitation("form"));
    check_unmet(elicit, page(), json!({ "elicitation": { "url": {} } }), &nothing);
    check_unmet(elicit, page(), json!({ "elicitation": {} }), &elicitation("url"));
    let sample = "sampling/createMessage";
    let with_tools = json!({ "messages": [], "maxTokens": 1, "tools": [] });
    let wanted = json!({ "sampling": { "tools": {} } });
    check_unmet(sample, with_tools, json!({ "sampling": {} }), &wanted);
    let plain = json!({ "messages": [], "maxTokens": 1 });
    check_unmet(sample, plain.clone(), json!({ "sampling": {} }), &nothing);
    check_unmet(sample, plain, json!({}), &json!({ "sampling": {} }));
    check_unmet("roots/list", json!({}), json!({}), &json!({ "roots": {} }));
    check_unmet("vendor/ask", json!({}), json!({}), &nothing);
}
