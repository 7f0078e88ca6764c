//! References are written as references, and nothing else is.

use super::{END, Part, START, parts, written};

#[track_caller]
fn check(text: &str, expected: &str) {
    let text = text.replace('<', &START.to_string()).replace('>', &END.to_string());
    assert_eq!(written(&text), expected);
}

#[test]
fn references_are_written_as_our_own_form_has_them() {
    check("Bearer <env:TOKEN>", "Bearer ${env:TOKEN}");
    check("<workspaceFolder>/a<env:B:-c>", "${workspaceFolder}/a${env:B:-c}");
}

#[test]
fn what_only_looks_like_a_reference_is_none() {
    check("${A} $B", "$${A} $B");
    check("$<env:A>", "${EYOT_NO_VARIABLE:-$}${env:A}");
    check("no end <env:A", &format!("no end {START}env:A"));
}

#[test]
fn parts_have_no_empty_literals() {
    let text = format!("{START}a{END}{START}b{END}");
    assert_eq!(parts(&text), [Part::Reference("a"), Part::Reference("b")]);
    assert_eq!(parts(""), []);
}
