//! Every message is of one kind, and a view is the message and nothing else.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use crate::{Id, Message, MessageKind, ScanLimits};

fn parse(text: &str) -> Message {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()), &ScanLimits::default()).unwrap()
}

#[test]
fn a_message_that_is_of_another_kind_comes_back() {
    let request = || parse(r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#);
    let notification = || parse(r#"{"jsonrpc":"2.0","method":"m"}"#);
    let response = || parse(r#"{"jsonrpc":"2.0","id":1,"result":1}"#);
    for message in [request(), notification()] {
        assert_eq!(message.clone().into_response().unwrap_err().to_bytes(), message.to_bytes());
    }
    assert!(notification().into_request().unwrap_err().is_notification());
    assert!(response().into_notification().unwrap_err().is_response());
    let error = parse(r#"{"jsonrpc":"2.0","error":{"code":1,"message":""}}"#);
    assert!(error.into_response().unwrap().is_error());
}

/// A text of a message, with a method or an id in unusual spelling.
fn any_message() -> impl Strategy<Value = (String, Option<String>, Option<Id>)> {
    let id = prop_oneof![
        any::<i64>().prop_map(|it| it.to_string()),
        any::<String>().prop_map(|it| json!(it).to_string()),
    ];
    let payload = select(vec!["params", "result", "error"]);
    (prop::option::of(id), "(?s).+", payload, any::<bool>()).prop_map(
        |(id, method, payload, is_escaped)| {
            let id = if payload == "result" { id.or_else(|| Some("0".to_owned())) } else { id };
            let head = id.as_ref().map(|it| format!(r#""id":{it},"#)).unwrap_or_default();
            let (tail, method) = match payload {
                "result" => (r#""result":{}"#.to_owned(), None),
                "error" => (r#""error":{"code":1,"message":"m"}"#.to_owned(), None),
                _ => (
                    format!(r#""method":{},"params":{{}}"#, spelt(&method, is_escaped)),
                    Some(method),
                ),
            };
            (
                format!(r#"{{"jsonrpc":"2.0",{head}{tail}}}"#),
                method,
                id.and_then(|it| Id::parse(&it)),
            )
        },
    )
}

fn spelt(text: &str, is_escaped: bool) -> String {
    if is_escaped {
        let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        return format!("\"{units}\"");
    }
    json!(text).to_string()
}

proptest! {
    #[test]
    fn a_view_shows_what_the_message_has((text, method, id) in any_message()) {
        let message = parse(&text);
        let again = match message.clone().into_kind() {
            MessageKind::Request(request) => {
                prop_assert_eq!(Some(request.method()), method.as_deref());
                prop_assert_eq!(Some(request.id()), id);
                prop_assert!(message.is_request() && request.is_method(request.method()));
                request.into_message()
            }
            MessageKind::Notification(notification) => {
                prop_assert_eq!(Some(notification.method()), method.as_deref());
                prop_assert_eq!(id, None);
                prop_assert!(message.is_notification());
                notification.into_message()
            }
            MessageKind::Response(response) => {
                prop_assert_eq!(method, None);
                prop_assert_eq!(response.id(), id);
                prop_assert!(message.is_response());
                response.into_message()
            }
        };
        prop_assert_eq!(again.to_bytes(), text);
        prop_assert_eq!(MessageKind::from(message).into_message().to_bytes(), again.to_bytes());
    }
}
