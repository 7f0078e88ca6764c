//! A text is read once, and few are kept.

use std::sync::Arc;

use super::{KnownCapabilities, TEXTS_MAX};

#[test]
fn the_same_words_are_read_once() {
    let known = KnownCapabilities::default();
    let first = known.read(Some(r#"{"roots":{}}"#), 100).unwrap();
    let again = known.read(Some(r#"{"roots":{}}"#), 100).unwrap();
    assert!(Arc::ptr_eq(&first, &again));
}

#[test]
fn clients_that_can_do_the_same_are_of_one_class_however_they_say_it() {
    let known = KnownCapabilities::default();
    let class = |raw| known.read(raw, 100).unwrap().class;
    let plain = class(Some(r#"{"roots":{}}"#));
    assert_eq!(class(Some(r#"{ "roots" : {}, "extensions" : {"x":{}} }"#)), plain);
    assert_ne!(class(Some(r#"{"sampling":{}}"#)), plain);
    assert_eq!(class(None), class(Some("{}")));
}

#[test]
fn what_is_refused_is_refused_again() {
    let known = KnownCapabilities::default();
    let long = format!(r#"{{"roots":{{"x":"{}"}}}}"#, "y".repeat(100));
    for _ in 0..2 {
        assert!(known.read(Some("[]"), 100).is_err());
        assert!(known.read(Some(&long), 100).is_err());
    }
}

#[test]
fn no_more_than_a_few_texts_are_kept() {
    let known = KnownCapabilities::default();
    for number in 0..10 * TEXTS_MAX {
        known.read(Some(&format!(r#"{{"roots":{{}},"x{number}":1}}"#)), 100).unwrap();
        assert!(known.0.lock().len() <= TEXTS_MAX);
    }
    let long = format!(r#"{{"x":"{}"}}"#, "y".repeat(10_000));
    known.read(Some(&long), 100).unwrap();
    assert!(!known.0.lock().contains_key(&*long));
}
