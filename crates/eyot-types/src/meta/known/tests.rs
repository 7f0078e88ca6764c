//! What is written is read.

use serde_json::json;

use super::*;

fn object(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

#[test]
fn each_member_is_found_under_its_key() {
    let mut meta = object(json!({ "com.example/x": 1 }));
    assert_eq!(server_info(&meta), None);
    let server = Implementation::new("s", "1");
    set_server_info(&mut meta, &server);
    set_related_task(&mut meta, &RelatedTask::new("t"));
    set_subscription_id(&mut meta, &Id::from_text("listen-1"));
    let expected = json!({
        "com.example/x": 1,
        SERVER_INFO: { "name": "s", "version": "1" },
        RELATED_TASK: { "taskId": "t" },
        SUBSCRIPTION_ID: "listen-1",
    });
    assert_eq!(meta, object(expected));
    assert_eq!(server_info(&meta), Some(server));
    assert_eq!(related_task(&meta), Some(RelatedTask::new("t")));
    assert_eq!(subscription_id(&meta), Some(Id::from_text("listen-1")));
}

#[test]
fn the_id_of_a_subscription_keeps_its_type() {
    let number = of_subscription(&Id::from_number(u64::MAX));
    assert_eq!(Value::Object(number.clone()), json!({ SUBSCRIPTION_ID: u64::MAX }));
    assert_eq!(subscription_id(&number), Some(Id::from_number(u64::MAX)));
    let text = of_subscription(&Id::from_text("7"));
    assert_eq!(subscription_id(&text), Some(Id::from_text("7")));
}

#[test]
fn a_long_id_of_a_subscription_is_written_as_it_was() {
    for raw in ["18446744073709551616", "-9223372036854775809", "7", "-7", "\"7\""] {
        let id = Id::parse(raw).unwrap();
        let mut meta = of_subscription(&id);
        meta.insert("x".to_owned(), json!({ "y": 1 }));
        let params = json!({ "_meta": meta, "uri": "a:b" });
        for message in [
            Message::notification("notifications/x", &params),
            Message::response(id.clone(), &params),
        ] {
            let exact = with_exact_subscription_id(message.clone(), &id);
            assert_eq!((exact.method(), exact.id()), (message.method(), message.id()));
            let text = exact.params().or_else(|| exact.result()).unwrap();
            let meta = format!(r#"{{"{SUBSCRIPTION_ID}":{raw},"x":{{"y":1}}}}"#);
            assert_eq!(text, format!(r#"{{"_meta":{meta},"uri":"a:b"}}"#));
        }
    }
    let message = Message::notification("notifications/x", &json!({ "uri": "a:b" }));
    let same = with_exact_subscription_id(message.clone(), &Id::parse(&"9".repeat(40)).unwrap());
    assert_eq!(same.to_bytes(), message.to_bytes(), "it names no subscription");
}

#[test]
fn a_member_of_the_wrong_form_is_none() {
    let meta = object(json!({ SERVER_INFO: 7, RELATED_TASK: {}, SUBSCRIPTION_ID: 1.5 }));
    assert_eq!((server_info(&meta), related_task(&meta)), (None, None));
    assert_eq!(subscription_id(&meta), None);
}

#[test]
fn a_trace_takes_the_place_of_the_one_that_was_there() {
    let mut meta = object(json!({ TRACEPARENT: "old", BAGGAGE: "a=b", "x": 1 }));
    let trace = TraceContext::of(&meta);
    assert_eq!(trace.traceparent.as_deref(), Some("old"));
    assert_eq!((trace.tracestate, trace.baggage.as_deref()), (None, Some("a=b")));
    TraceContext::new("new").write(&mut meta);
    assert_eq!(meta, object(json!({ TRACEPARENT: "new", "x": 1 })));
    assert_eq!(TraceContext::of(&object(json!({ TRACEPARENT: 7 }))), TraceContext::default());
}
