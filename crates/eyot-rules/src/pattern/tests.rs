//! Patterns that are refused, and those that only look bad.

use super::Pattern;

#[track_caller]
fn refuse(text: &str, part: &str) {
    let error = Pattern::compile(text).unwrap_err();
    assert!(error.contains(part), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn patterns_that_explode_elsewhere_take_linear_time() {
    let pattern = Pattern::compile("^(a+)+$").unwrap();
    assert!(!pattern.is_in(&format!("{}b", "a".repeat(100_000))));
}

#[test]
fn patterns_have_bounds() {
    refuse("(a{1000}){1000}", "make its repetitions smaller");
    refuse(&"a".repeat(3_000), "2048 bytes");
    refuse(&format!("{}a{}", "(".repeat(100), ")".repeat(100)), "nest");
}

#[test]
fn what_is_no_pattern_is_said_in_one_line() {
    refuse("a(", "unclosed group");
    refuse("(?=a)", "look-around");
}

#[test]
fn pattern_that_is_in_every_text_is_known() {
    assert!(Pattern::compile("a*").unwrap().is_in_all());
    assert!(!Pattern::compile("a+").unwrap().is_in_all());
}

#[test]
fn replacement_is_taken_to_the_letter() {
    let pattern = Pattern::compile("k(e)y").unwrap();
    assert_eq!(pattern.replace("a key", "$1"), "a $1");
}
