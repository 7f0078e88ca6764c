//! What is read and written.

use super::TraceParent;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn what_the_standard_allows_is_read_and_the_rest_is_not() {
    let span = "b7ad6b7169203331";
    for (text, read) in [
        (format!("00-{TRACE}-{span}-01"), Some("01")),
        (format!("00-{TRACE}-{span}-00"), Some("00")),
        (format!("00-{TRACE}-{span}-ff"), Some("03")),
        (format!("cc-{TRACE}-{span}-01"), Some("01")),
        (format!("cc-{TRACE}-{span}-01-more"), Some("01")),
        (format!("cc-{TRACE}-{span}-01.more"), None),
        (format!("00-{TRACE}-{span}-01-more"), None),
        (format!("ff-{TRACE}-{span}-01"), None),
        (format!("00-{}-{span}-01", "0".repeat(32)), None),
        (format!("00-{TRACE}-{}-01", "0".repeat(16)), None),
        (format!("00-{}-{span}-01", TRACE.to_uppercase()), None),
        (format!("00-{TRACE}-{span}-1"), None),
        (format!("00-{TRACE}-{span}-+1"), None),
        (format!("00-{TRACE}{span}--01"), None),
        ("00-ä".to_owned(), None),
        (String::new(), None),
    ] {
        let expected = read.map(|flags| format!("00-{TRACE}-{span}-{flags}"));
        assert_eq!(TraceParent::parse(&text).map(|it| it.to_string()), expected, "{text}");
    }
}

#[test]
fn a_child_is_another_span_of_its_trace() {
    let first = TraceParent::begin(true);
    let child = first.child();
    assert_eq!(TraceParent::parse(&child.to_string()), Some(child));
    assert_eq!(first.trace_id().to_string(), child.trace_id().to_string());
    assert_ne!(first.span_id().to_string(), child.span_id().to_string());
    assert!(
        child.to_string().ends_with("-01")
            && TraceParent::begin(false).to_string().ends_with("-00")
    );
    assert_ne!(first.trace_id().to_string(), TraceParent::begin(true).trace_id().to_string());
}

#[test]
fn of_two_that_readers_could_take_neither_counts() {
    let text = TraceParent::begin(true).to_string();
    let one = format!("{{\"x\":1,\"traceparent\":\"{text}\"}}");
    assert_eq!(TraceParent::of_meta(&one).map(|it| it.to_string()), Some(text.clone()));
    let two = format!("{{\"traceparent\":\"{text}\",\"traceparent\":\"{text}\"}}");
    for meta in [&*two, "{\"traceparent\":7}", "{}", "7"] {
        assert_eq!(TraceParent::of_meta(meta), None, "{meta}");
    }
}
