//! One value is not an array of one.

use serde_json::json;

use super::*;

#[track_caller]
fn check(value: &Value, expected: &[u64]) {
    let decoded: OneOrMany<u64> = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(decoded.as_slice(), expected);
    assert_eq!(decoded.iter().count(), expected.len());
    assert_eq!(serde_json::to_value(&decoded).unwrap(), *value);
    assert_eq!(decoded.into_vec(), expected);
}

#[test]
fn both_forms_are_kept() {
    check(&json!(7), &[7]);
    check(&json!([7]), &[7]);
    check(&json!([]), &[]);
    check(&json!([7, 8]), &[7, 8]);
    assert_ne!(OneOrMany::from(7), OneOrMany::Many(vec![7]));
}

#[test]
fn the_error_is_that_of_the_form() {
    let error = serde_json::from_value::<OneOrMany<u64>>(json!(["a"])).unwrap_err();
    assert!(error.to_string().contains("expected u64"), "{error}");
}
