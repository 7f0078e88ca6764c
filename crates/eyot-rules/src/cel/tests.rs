//! Expressions: what is refused, what they see, and what they may cost.

use proptest::prelude::*;

use super::{Named, Program};
use crate::subject::Subject;
use crate::truth::{Truth, Undecidable};
use crate::view::View;

fn compile(text: &str) -> Result<Program, String> {
    let sets = Named::from([
        ("admins".to_owned(), vec!["ann".to_owned()]),
        ("globs".to_owned(), vec!["a*".to_owned()]),
        ("many".to_owned(), (0..10_000).map(|it| format!("n{it}")).collect()),
    ]);
    Program::compile(text, &sets)
}

fn holds(text: &str, params: &str) -> Result<Truth, String> {
    let scopes = ["read".into(), "write".into()];
    let subject = Subject {
        method: "tools/call",
        principal: Some("ann"),
        scopes: Some(&scopes),
        payload: Some(params),
        ..Subject::default()
    };
    let view = View::new(&subject, subject.payload);
    compile(text).unwrap().holds(&view).map_err(|Undecidable(it)| it)
}

const PARAMS: &str = r#"{"name":"pay","arguments":{"amount":120,"to":"x@y","items":[{"n":1},{"n":2}],"big":9223372036854775808,"r":1.5,"q":"a\"b"}}"#;

#[track_caller]
fn yes(text: &str) {
    assert_eq!(holds(text, PARAMS), Ok(Truth::Yes), "{text}");
}

#[track_caller]
fn refuse(text: &str, part: &str) {
    let error = compile(text).unwrap_err();
    assert!(error.contains(part), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn expressions_see_the_message() {
    yes("params.arguments.amount > 100 && item == 'pay'");
    yes("params['arguments'].items[1].n == 2");
    yes("params.arguments.items.exists(i, i.n == 2)");
    yes("params.arguments.items.all(i, has(i.n) && i.n < 3)");
    yes("params.arguments.items.filter(i, i.n > 1).size() == 1");
    yes("params.arguments.items.map(i, i.n) == [1, 2]");
    yes("params.arguments.items.exists_one(i, i.n == 1)");
    yes("has(params.arguments.to) && !has(params.arguments.cc)");
    yes("params.arguments.to.matches('^[^@]+@') && matches(params.arguments.to, 'y$')");
    yes("'write' in scopes && principal in sets.admins");
    yes("session == null && method == 'tools/call'");
    yes("params.arguments.big > 5u && params.arguments.r < 2.0");
    yes("params.arguments.q == 'a\"b'");
    assert_eq!(holds("params.arguments.amount > 500", PARAMS), Ok(Truth::No));
}

#[test]
fn unknown_names_are_refused() {
    refuse("princpal == 'x'", "did you mean `principal`");
    refuse("param.x == 1", "did you mean `params`");
    refuse("sets.admin == []", "did you mean `admins`");
    refuse("item in sets.globs", "to the letter");
    refuse("params.x.startWith('a')", "did you mean `startsWith`");
    refuse("principal.name == 'x'", "no members");
    refuse("sets == 1", "sets.x");
}

#[test]
fn names_that_shadow_are_refused() {
    refuse("params.x.all(params, params == 1)", "has a meaning already");
    refuse("params.x.all(i, params.y.all(i, i == 1))", "has a meaning already");
}

#[test]
fn expressions_that_cannot_be_bounded_are_refused() {
    refuse("params.a.matches(params.b)", "in quotes");
    refuse("params.a.matches('(a{1000}){1000}')", "repetitions");
    refuse("[1].all(a, [1].all(b, [1].all(c, true)))", "loops in each other");
    refuse(&vec!["1"; 600].join(" + "), "200 signs");
    refuse(&"(".repeat(3_000), "deep");
    refuse(&"true ? 1 : ".repeat(100), "deep");
    refuse(&" ".repeat(5_000), "4096 bytes");
    refuse("{'a': 1}.a == 1", "maps");
    refuse("1 +", "character");
}

#[test]
fn what_is_missing_is_an_error_that_says_what_to_do() {
    let error = holds("params.arguments.cc == 'x'", PARAMS).unwrap_err();
    assert!(error.contains("has(params.arguments.cc)"), "{error}");
    let error = holds("params.arguments.amount == 'x' || 1", PARAMS).unwrap_err();
    assert!(!error.contains("120"), "{error}");
    assert!(holds("params.arguments.amount", PARAMS).unwrap_err().contains("type int"));
}

#[test]
fn key_that_is_there_twice_is_an_error() {
    let error = holds("params.a.b == 1", r#"{"a":{"b":1,"b":2}}"#).unwrap_err();
    assert!(error.contains("twice"), "{error}");
    let error = holds("has(params.a.b)", r#"{"a":{"B":1}}"#).unwrap_err();
    assert!(error.contains("another case"), "{error}");
    let error = holds("params.a.size() == 1", r#"{"a":{"b":1,"b":2}}"#).unwrap_err();
    assert!(error.contains("twice"), "{error}");
}

#[test]
fn cost_has_a_bound_that_grows_with_no_message() {
    let items = vec!["\"abcdefgh\""; 20_000].join(",");
    let params = format!("{{\"a\":[{items}]}}");
    let error = holds("params.a.all(x, params.a.all(y, x == y))", &params).unwrap_err();
    assert!(error.contains("too large"), "{error}");
    let error = holds("params.a.all(x, params.a.size() > 1)", &params).unwrap_err();
    assert!(error.contains("too large"), "{error}");
    assert_eq!(holds("params.a.all(x, x == 'abcdefgh')", &params), Ok(Truth::Yes));
    let error = holds("params.a.all(x, !(x in sets.many))", &params).unwrap_err();
    assert!(error.contains("too large"), "{error}");
    assert_eq!(holds("'n7' in sets.many", &params), Ok(Truth::Yes));
    let params = format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20));
    assert!(holds("params.a == 'x'", &params).unwrap_err().contains("too large"));
}

/// What an expression makes can be larger than the message: that has a bound as well.
#[test]
fn lists_that_grow_faster_than_the_message_have_a_bound() {
    let items = vec!["\"abcdefgh\""; 2_000].join(",");
    let numbers = vec!["1"; 100_000].join(",");
    let params = format!("{{\"a\":[{items}],\"one\":[[{numbers}]],\"s\":\"{numbers}\"}}");
    for text in [
        "params.a.map(x, params.a).size() > 1",
        "params.a.map(x, [params.a]).size() > 1",
        "params.a.map(x, true ? params.a : []).size() > 1",
        "params.a.all(x, [params.a, params.a].size() > 1)",
        "params.a.map(x, params.s + x).size() > 1",
        "params.a.map(x, params.a.map(y, x + y)).size() > 1",
        "params.one.map(x, params.a.map(y, x)).size() > 0",
        "params.a.map(x, params.one.filter(y, true)).size() > 0",
    ] {
        let told = holds(text, &params);
        assert!(told.as_ref().is_err_and(|it| it.contains("too large")), "{text}: {told:?}");
    }
    for text in [
        "params.a.map(x, x).size() == 2000",
        "params.a.map(x, x + 'y').filter(x, x.endsWith('y')).size() == 2000",
        "params.a.filter(x, x in ['abcdefgh', 'b']).size() == 2000",
        "[params.a, params.a].size() == 2",
        "params.one.map(x, x.size()) == [100000]",
    ] {
        assert_eq!(holds(text, &params), Ok(Truth::Yes), "{text}");
    }
}

#[test]
fn what_could_be_anything_decides_only_where_it_does_not_matter() {
    let subject = Subject { method: "tools/call", item: Some("pay"), ..Subject::default() };
    let view = View::hypothetical(&subject);
    let holds = |text: &str| compile(text).unwrap().holds(&view);
    assert_eq!(holds("params.arguments.x == 1"), Ok(Truth::Unknown));
    assert_eq!(holds("has(params.arguments.x)"), Ok(Truth::Unknown));
    assert_eq!(holds("item == 'x' && params.arguments.x == 1"), Ok(Truth::No));
    assert_eq!(holds("item == 'pay' || params.arguments.x == 1"), Ok(Truth::Yes));
    assert_eq!(holds("params.a.all(x, x == 1)"), Ok(Truth::Unknown));
    assert_eq!(holds("has(params.x) || !has(annotations.x)"), Ok(Truth::Yes));
    assert_eq!(holds("annotations.destructiveHint"), Ok(Truth::Yes));
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_an_error(text in "\\PC{0,40}") {
        drop(compile(&text));
    }

    #[test]
    fn any_mix_of_words_is_an_expression_or_an_error(
        words in prop::collection::vec(prop::sample::select(vec![
            "params", ".", "a", "[", "]", "(", ")", "'x'", "1", "+", "&&", "||", "!", "has", "all",
            "exists", "map", ",", "x", "==", "in", "?", ":", "{", "}", "-", "matches", "\"", "1u",
            "0x", "b'", "r'", "`",
        ]), 0..16),
    ) {
        if let Ok(program) = compile(&words.join("")) {
            let subject = Subject { payload: Some(PARAMS), ..Subject::default() };
            drop(program.holds(&View::new(&subject, subject.payload)));
        }
        drop(compile(&words.join(" ")));
    }
}

#[test]
fn deepest_expressions_that_are_read_fit_the_stack_of_a_thread() {
    for (open, close) in
        [("!(", ")"), ("[", "]"), ("size(", ")"), ("a ? 1 : ", ""), ("-(1 + ", ")")]
    {
        let deep = format!("{}1{}", open.repeat(12), close.repeat(12));
        drop(compile(&deep));
        let deep = format!("[1].all(x, [x].all(y, {}1{}))", open.repeat(9), close.repeat(9));
        drop(compile(&deep));
    }
    let sum = vec!["params.a"; 99].join("+");
    assert_eq!(holds(&format!("{sum}==99"), r#"{"a":1}"#), Ok(Truth::Yes));
    assert_eq!(holds(&vec!["true"; 99].join(" && "), "{}"), Ok(Truth::Yes));
    assert_eq!(holds(&vec!["false"; 99].join(" || "), "{}"), Ok(Truth::No));
    drop(compile(&format!("{}true", "!".repeat(198))));
    drop(compile(&format!("{}1", "-".repeat(198))));
}
