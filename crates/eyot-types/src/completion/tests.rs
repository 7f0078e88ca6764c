//! Answers stay within what the specification allows.

use super::*;

#[test]
fn a_completion_of_too_many_values_says_how_many_there_are() {
    let values = |count: usize| (0..count).map(|it| it.to_string()).collect::<Vec<_>>();
    let few = Completion::new(values(COMPLETION_VALUES_MAX));
    assert_eq!((few.values.len(), few.total, few.has_more), (100, Some(100), Some(false)));
    let many = Completion::new(values(COMPLETION_VALUES_MAX + 1));
    assert_eq!((many.values.len(), many.total, many.has_more), (100, Some(101), Some(true)));
    assert_eq!(many.values.first().map(String::as_str), Some("0"));
}

#[test]
fn a_reference_says_its_type() {
    assert_eq!(CompletionReference::prompt("n").kind(), "ref/prompt");
    assert_eq!(CompletionReference::resource("a:{b}").kind(), "ref/resource");
    let unknown = serde_json::json!({ "type": "ref/x", "a": 1 });
    let reference: CompletionReference = serde_json::from_value(unknown.clone()).unwrap();
    assert_eq!(reference.kind(), "ref/x");
    assert_eq!(serde_json::to_value(reference).unwrap(), unknown);
}
