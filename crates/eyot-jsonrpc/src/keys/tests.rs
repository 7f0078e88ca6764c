//! Keys that are there twice, and keys that only look like others.

use proptest::prelude::*;

use super::{Key, KeySet, Vocabulary, Word};
use crate::scan::vocabulary::{MESSAGE, META, PARAMS};

fn key(inner: &str) -> Key<'_> {
    Key { inner, is_escaped: inner.contains('\\'), offset: 0 }
}

#[track_caller]
fn check(vocabulary: &Vocabulary, inner: &str, expected: Word) {
    assert_eq!(vocabulary.word(&key(inner)), expected, "{inner}");
}

#[test]
fn a_name_is_known_however_it_is_written() {
    check(&MESSAGE, "method", Word::Member("method"));
    check(&MESSAGE, "\\u006dethod", Word::Member("method"));
    check(&PARAMS, "_meta", Word::Member("_meta"));
    check(&PARAMS, "\\u005f\\u006d\\u0065\\u0074\\u0061", Word::Member("_meta"));
    check(&META, "io.modelcontextprotocol\\/logLevel", Word::Member(META.members[4]));
}

#[test]
fn a_name_in_other_cases_is_misspelled() {
    check(&MESSAGE, "Method", Word::Misspelled("method"));
    check(&MESSAGE, "ID", Word::Misspelled("id"));
    check(&MESSAGE, "paramſ", Word::Misspelled("params"));
    check(&MESSAGE, "param\\u017f", Word::Misspelled("params"));
    check(&MESSAGE, "\u{131}d", Word::Misspelled("id"));
    check(&PARAMS, "requestid", Word::Misspelled("requestId"));
    check(&PARAMS, "progressTo\u{212A}en", Word::Misspelled("progressToken"));
    check(&PARAMS, "\\u004eame", Word::Misspelled("name"));
    check(&META, "IO.modelcontextprotocol/x", Word::Misspelled("io.modelcontextprotocol/"));
    check(&META, "io.modelcontextprotocol/LogLevel", Word::Misspelled(META.members[4]));
}

#[test]
fn a_key_in_ascii_is_told_apart_as_any_other_is() {
    for vocabulary in [&MESSAGE, &PARAMS, &META] {
        let names = vocabulary.members.iter().copied().chain(["x", "io.modelcontextprotocol/x"]);
        for name in names {
            for written in [name.to_owned(), name.to_uppercase(), format!("{name}s")] {
                let key = key(&written);
                let folded = vocabulary.folded_word(&key);
                assert_eq!(vocabulary.word(&key), folded, "{written}");
            }
        }
    }
}

#[test]
fn other_keys_are_left_alone() {
    for other in ["", "i", "idx", "methods", "meth\u{f6}d", "x-method", "\\u0000", "jsonrpc2"] {
        check(&MESSAGE, other, Word::Other);
    }
    check(&META, "io.modelcontextprotocol/ui", Word::Other);
    check(&META, "io.modelcontextprotoco", Word::Other);
    check(&META, "com.example/io.modelcontextprotocol/", Word::Other);
    check(&PARAMS, "IO.modelcontextprotocol/x", Word::Other);
}

#[test]
fn a_key_is_new_only_once_however_it_is_written() {
    let mut keys = KeySet::new();
    assert!(keys.insert(&key("a")));
    assert!(keys.insert(&key("A")));
    assert!(!keys.insert(&key("\\u0061")));
    assert!(keys.insert(&key("")));
    assert!(!keys.insert(&key("")));
    assert!(keys.insert(&key("\\n")));
    assert!(!keys.insert(&key("\\u000a")));
}

proptest! {
    #[test]
    fn any_number_of_keys_is_told_apart_like_in_a_set(
        numbers in prop::collection::vec((0..40u8, any::<bool>()), 0..60),
    ) {
        let written: Vec<String> = numbers
            .iter()
            .map(|(number, is_escaped)| {
                format!("k{}{number}", if *is_escaped { "\\u005f" } else { "_" })
            })
            .collect();
        let mut keys = KeySet::new();
        let mut seen = std::collections::HashSet::new();
        for (inner, (number, _)) in written.iter().zip(&numbers) {
            prop_assert_eq!(keys.insert(&key(inner)), seen.insert(number));
        }
    }
}
