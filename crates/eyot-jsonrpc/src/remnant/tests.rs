//! The id is found wherever it stands, and none is taken that is not the message's own.

mod properties;

use super::Remnant;

/// What is seen of a text: whose answer it is, or which request.
fn seen(remnant: &Remnant) -> (bool, Vec<&str>, Option<&str>) {
    let answered = remnant.answered().map(crate::Id::as_raw).collect();
    (remnant.is_answer(), answered, remnant.request_id().map(crate::Id::as_raw))
}

#[track_caller]
fn check_answer(text: impl AsRef<[u8]>, ids: &[&str]) {
    let remnant = Remnant::of(text.as_ref());
    let expected = (true, ids.to_vec(), None);
    assert_eq!(seen(&remnant), expected, "{}", text.as_ref().escape_ascii());
}

#[track_caller]
fn check_request(text: &str, id: Option<&str>) {
    assert_eq!(seen(&Remnant::of(text.as_bytes())), (false, vec![], id), "{text}");
}

/// What makes a result unreadable, and leaves its structure whole.
const UNREADABLE: [&[u8]; 14] = [
    br#""cut emoji \ud83d""#,
    b"\"caf\xe9\"",
    b"\"a\tb\"",
    b"\"a\nb\"",
    br#""\x""#,
    b"NaN",
    b"-Infinity",
    b"undefined",
    b"[1,2,]",
    b"{\"a\":1,}",
    b"{\"id\":5,\"id\":6}",
    b"[[[[{\"id\":5}]]]]",
    b"1e400",
    br#"{"a":",\"id\":5}","b":"}}"}"#,
];

#[test]
fn the_id_of_an_answer_is_found_wherever_it_stands() {
    let deep = [b"[".repeat(3_000), b"]".repeat(3_000)].concat();
    for damage in UNREADABLE.into_iter().chain([deep.as_slice()]) {
        let result = [b"{\"content\":[", damage, b",{\"id\":9}]}"].concat();
        let result = result.as_slice();
        check_answer([b"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":", result, b"}"].concat(), &["7"]);
        check_answer([b"{\"result\":", result, b",\"jsonrpc\":\"2.0\",\"id\":7}"].concat(), &["7"]);
        let between =
            [b" {\"x\":", result, b",\r\n\"\\u0069d\" : \"a\\\"b\" , \"error\" :", result];
        check_answer([between.concat().as_slice(), b"} "].concat(), &["\"a\\\"b\""]);
    }
}

#[test]
fn the_id_behind_a_place_that_breaks_the_structure_is_found_from_the_end() {
    let too_deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let breaks: [&[u8]; 6] =
        [b"\"say \"hi\" now\"", b"\"5\" nails\"", b"{]", b"}", b"\"a\" \"b\"", &too_deep];
    for damage in breaks {
        let text = [b"{\"result\":{\"id\":5,\"t\":", damage, b"},\"jsonrpc\":\"2.0\",\"id\":7}"];
        check_answer(text.concat(), &["7"]);
        let text = [b"{\"result\":[", damage, b"],\"id\" : 7 ,\"jsonrpc\":\"2.0\" }\r"];
        check_answer(text.concat(), &["7"]);
        let text = [b"{\"id\":7,\"result\":[", damage, b",{\"x\":[],\"id\":5}]}"];
        check_answer(text.concat(), &["7"]);
    }
}

#[test]
fn no_id_is_taken_from_a_string_or_from_a_nested_object() {
    check_answer(r#"{"result":{"id":5},"jsonrpc":"2.0"}"#, &[]);
    check_answer(r#"{"result":{"user":{"name":"x","id":5}"#, &[]);
    check_answer(r#"{"result":{"text":"{\"a\":{},\"id\":5}"#, &[]);
    check_answer(r#"{"result":{"t":"5" nails","u":{"id":5}"#, &[]);
    check_answer(r#"{"result":{"t":"5" nails","u":{"name":"x","id":5}}}"#, &[]);
    check_answer(r#"{"result":"a"b","x":",\"id\":5}"#, &[]);
    check_answer(r#"{"jsonrpc":"2.0","result":{}},"id":"#, &[]);
    check_answer(r#"{"result":{"a":"b":{}},"id":5},"x":[]}"#, &[]);
    check_answer(r#"{"result":{"a":,"b":{}},"id":5},"jsonrpc":"2.0"}"#, &[]);
}

#[test]
fn two_ids_are_none() {
    check_answer(r#"{"id":7,"result":NaN,"id":8}"#, &[]);
    check_answer(r#"{"id":7,"result":"a"b","id":8}"#, &[]);
    check_answer(r#"{"id":7,"result":NaN,"id":null}"#, &[]);
    check_answer(r#"{"id":7,"result":NaN,"id":7}"#, &["7"]);
}

#[test]
fn what_is_no_id_is_none() {
    for id in ["1.5", "1e1", "-0", "null", "true", "{}", "[7]", "7 7", "\"\\ud83d\"", ""] {
        check_answer(format!("{{\"id\":{id},\"result\":NaN}}"), &[]);
    }
    check_answer(format!("{{\"id\":\"{}\",\"result\":1}}", "i".repeat(1_023)), &[]);
    check_answer(r#"{"jsonrpc":"2.0","result":{},"id":7"#, &[]);
}

#[test]
fn an_answer_with_a_null_id_is_nobodys() {
    let names_no_request = |text: &str| Remnant::of(text.as_bytes()).names_no_request();
    assert!(names_no_request(r#"{"jsonrpc":"2.0","result":NaN,"id":null}"#));
    for other in [r#"{"result":NaN}"#, r#"{"result":NaN,"id":1.5}"#, r#"{"id":null,"params":NaN}"#]
    {
        assert!(!names_no_request(other), "{other}");
    }
}

#[test]
fn each_answer_of_several_is_found() {
    check_answer(
        r#"[{"id":1,"result":NaN},{"result":{},"id":2} , {"id":3,"error":"#,
        &["1", "2", "3"],
    );
    check_answer(r#"{"id":1,"result":{}}{"result":{},"jsonrpc":"2.0","id":2}"#, &["1", "2"]);
    let mixed = r#"[{"id":1,"method":"ping"},{"id":2,"result":{}}]"#;
    check_answer(mixed, &["2"]);
}

#[test]
fn a_request_is_no_answer() {
    let bad = r#"{"t":NaN}"#;
    check_request(&format!(r#"{{"jsonrpc":"2.0","id":7,"method":"m","params":{bad}}}"#), Some("7"));
    check_request(&format!(r#"{{"params":{bad},"jsonrpc":"2.0","id":7}}"#), Some("7"));
    check_request(&format!(r#"{{"jsonrpc":"2.0","method":"m","params":{bad}}}"#), None);
    check_request(r#"{"id":7,"x":1}"#, Some("7"));
    check_request(r#"[{"id":7,"method":"m"}]"#, None);
}

#[test]
fn what_is_no_message_has_nothing() {
    for text in [
        "",
        "{",
        "{\"jsonrpc\":",
        "{\"jsonrpc\":\"2.0\"",
        "listening on 8080",
        "INFO {\"id\":7,\"result\":1}",
        "null",
        "[",
        "7",
    ] {
        check_request(text, None);
    }
}

#[test]
fn an_answer_without_a_result_is_one() {
    // Or a request without a method: both ends are told.
    for text in [r#"{"jsonrpc":"2.0","id":7}"#, "\u{FEFF}{\"jsonrpc\":\"2.0\",\"id\":7}"] {
        let expected = (true, vec!["7"], Some("7"));
        assert_eq!(seen(&Remnant::of(text.as_bytes())), expected);
    }
}

#[test]
fn the_two_ends_of_a_text_are_enough() {
    let seen_of_ends = |head: &str, tail: &str| {
        let remnant = Remnant::of_ends(1_000, head.as_bytes(), tail.as_bytes());
        let answered = remnant.answered().next().map(|it| it.as_raw().to_owned());
        (remnant.is_answer(), answered)
    };
    let found = (true, Some("7".to_owned()));
    assert_eq!(seen_of_ends(r#"{"jsonrpc":"2.0","id":7,"result":{"a":"aaa"#, r#"aa"}}"#), found);
    assert_eq!(seen_of_ends(r#"{"result":{"a":"aaa"#, r#"aa"},"jsonrpc":"2.0","id":7}"#), found);
    assert_eq!(seen_of_ends(r#"{"result":"aaa"#, r#"aa","id":7}"#), found);
    assert_eq!(seen_of_ends(r#"{"result":{"a"#, r#"a","id":7}]}}"#), (true, None));
    assert_eq!(seen_of_ends(r#"{"id":7,"params":{"a"#, r#"aa"}}"#), (false, None));
    assert_eq!(
        seen_of_ends("a long line of a log", r#"[],"id":7,"jsonrpc":"2.0"}"#),
        (false, None)
    );
}
