//! The table of methods against itself; `crate::tests` holds it against the schemas.

use super::*;

#[test]
fn every_known_name_reads_back_as_its_method() {
    for &method in Method::KNOWN {
        assert_eq!(Method::parse(method.as_str()), method);
    }
}

#[test]
fn an_unknown_name_is_kept() {
    for text in ["", "tools/Call", "notifications/com.example/done"] {
        assert_eq!(Method::parse(text), Method::Other(text));
        assert_eq!(Method::parse(text).as_str(), text);
    }
    assert!(Method::parse("notifications/com.example/done").is_notification());
}

#[test]
fn nothing_that_only_reads_is_a_notification() {
    for method in Method::KNOWN.iter().filter(|method| method.is_read_only()) {
        assert!(!method.is_notification(), "{method}");
    }
}

#[test]
fn only_a_servers_requests_need_a_client_capability() {
    for method in Method::KNOWN.iter().filter(|method| method.client_capability().is_some()) {
        assert_eq!(
            (method.sender(), method.is_notification()),
            (Sender::Server, false),
            "{method}"
        );
    }
}

#[test]
fn a_call_a_read_and_a_task_name_what_they_are_about() {
    let mirrored: Vec<_> = Method::KNOWN
        .iter()
        .filter_map(|method| Some((method.as_str(), method.needs_name_header()?.member())))
        .collect();
    let expected = [
        ("tools/call", "name"),
        ("prompts/get", "name"),
        ("resources/read", "uri"),
        ("tasks/get", "taskId"),
        ("tasks/update", "taskId"),
        ("tasks/cancel", "taskId"),
    ];
    assert_eq!(mirrored, expected);
}

#[test]
fn the_mirrored_value_is_a_text_of_the_parameters() {
    #[track_caller]
    fn check(source: NameSource, params: &str, expected: Option<&str>) {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#);
        let request = Message::parse(text.into(), &eyot_jsonrpc::ScanLimits::default()).unwrap();
        assert_eq!(source.value(&request).as_deref(), expected, "{params}");
    }
    let params = r#"{"name":"a","uri":"b","taskId":"c\n","_meta":{}}"#;
    check(NameSource::Name, params, Some("a"));
    check(NameSource::Uri, params, Some("b"));
    check(NameSource::TaskId, params, Some("c\n"));
    check(NameSource::TaskId, r#"{"taskId":7}"#, None);
    check(NameSource::TaskId, "{}", None);
}
