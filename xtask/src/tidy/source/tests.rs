//! Untidy code is noticed, and text that only looks like it is not.

use super::*;

#[track_caller]
fn check_source(text: &str, want: &[&str]) {
    let file = File { name: "a.rs".to_owned(), text: text.to_owned() };
    assert_eq!(check(&file), want);
}

#[test]
fn prefixed_test_name_is_reported() {
    let want = ["a.rs:2: name the test after the behavior, without `test_`"];
    check_source("#[test]\nfn test_it() {}\n", &want);
    check_source("#[tokio::test]\nasync fn test_it() {}\n", &want);
    check_source("#[test]\nfn it_is_tested() {}\nfn test_support() {}\n", &[]);
}

#[test]
fn getter_with_a_prefix_is_reported() {
    let want = ["a.rs:2: a getter has the name of the field, without `get_`"];
    check_source("impl A {\nfn get_b(&self) {}\n}\n", &want);
    check_source("fn get_stream_is_opened() {}\n", &[]);
    check_source("impl A {\nasync fn get_stream(&self) {}\n}\n", &[]);
    check_source("impl A {\nfn get_after(&self, id: &str) {}\n}\n", &[]);
}

#[test]
fn tests_in_the_file_of_the_code_are_reported() {
    let want = ["a.rs:1: tests live in their own file (`mod tests;`)"];
    check_source("mod tests {}\n", &want);
    check_source("mod tests;\n", &[]);
}

#[test]
fn tests_before_the_code_are_reported() {
    let want = ["a.rs:1: `mod tests;` is the last line of the file"];
    check_source("mod tests;\nfn a() {}\n", &want);
}

#[test]
fn lint_is_expected_and_not_allowed() {
    let want = ["a.rs:1: write `#[expect(lint, reason = \"...\")]`"];
    check_source("#[allow(dead_code)]\nfn a() {}\n", &want);
    check_source("#![allow(dead_code)]\n", &want);
    check_source("#[cfg_attr(test, allow(dead_code))]\nfn a() {}\n", &want);
    check_source("// #[allow(dead_code)]\nconst A: &str = \"#[allow(dead_code)]\";\n", &[]);
}

#[test]
fn ignored_test_is_reported() {
    let want = ["a.rs:2: a test that does not run proves nothing: mend or remove it"];
    check_source("#[test]\n#[ignore]\nfn a() {}\n", &want);
    check_source("#[test]\n#[ignore = \"slow\"]\nfn a() {}\n", &want);
}

#[test]
fn code_that_is_no_rust_is_reported() {
    let file = File { name: "a.rs".to_owned(), text: "fn\n".to_owned() };
    let problems = check(&file);
    assert!(matches!(&*problems, [it] if it.starts_with("a.rs:1: ")), "{problems:?}");
}
