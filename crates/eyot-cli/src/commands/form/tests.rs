//! Forms as a user at a terminal fills them in.

use eyot::types::{BooleanSchema, MultiSelectSchema, SelectOption, SingleSelectSchema};
use serde_json::json;

use super::*;

/// A user who types these lines.
fn user(lines: &str) -> Terminal<&[u8], Vec<u8>> {
    Terminal { input: lines.as_bytes(), output: Lines::new(Vec::new(), None) }
}

/// Types these lines; returns the answer and the text that was shown.
async fn fill(form: &ElicitSchema, lines: &str) -> (ElicitResult, String) {
    let mut user = user(lines);
    let answer = fill_in(("The server", "Who are you?"), form, &mut user).await.unwrap();
    (answer, String::from_utf8(user.output.into_inner()).unwrap())
}

/// Is asked to open a page, and answers with yes.
async fn look(url: &str) -> (ElicitAction, String) {
    let mut user = user("y\n");
    let answer = page(("The server", "Log in\nOpen this page:"), url, &mut user).await.unwrap();
    (answer.action, String::from_utf8(user.output.into_inner()).unwrap())
}

fn account() -> ElicitSchema {
    let sizes = vec![SelectOption::new("s", "Small"), SelectOption::new("l", "Large")];
    ElicitSchema::new()
        .with_required("name", StringSchema::new().with_title("Your name").with_min_length(2))
        .with_optional("age", NumberSchema::integer().with_minimum(18))
        .with_optional("member", BooleanSchema::new().with_default(true))
        .with_required("size", SingleSelectSchema::titled(sizes).with_description("of shirts"))
        .with_optional("colors", MultiSelectSchema::untitled(["red", "green", "blue"]))
}

#[tokio::test]
async fn every_question_is_asked_until_its_answer_fits() {
    let lines = "y\nA\nAda\nten\n7\n36\nperhaps\nno\n3\n2\nred, 3\n";
    let (answer, shown) = fill(&account(), lines).await;
    let wanted = json!({
        "name": "Ada", "age": 36, "member": false, "size": "l", "colors": ["red", "blue"],
    });
    assert_eq!(answer, ElicitResult::accept(wanted.as_object().unwrap().clone()), "{shown}");
    for said in [
        "The server asks:\n│ Who are you?\n",
        "│ Your name: ",
        "at least 2 characters",
        "a whole number",
        "at least 18",
        "│ member [yes or no] [true]: ",
        "│ size (of shirts)\n│   1. Small\n│   2. Large\n[one of them]: ",
        "one of the numbers 1 to 2",
    ] {
        assert!(shown.contains(said), "{said} is not in {shown}");
    }
}

#[tokio::test]
async fn what_may_be_left_out_is_left_out_and_defaults_are_taken() {
    let (answer, _) = fill(&account(), "\nAda\n\n\nSmall\n\n").await;
    let wanted = json!({ "name": "Ada", "member": true, "size": "s" });
    assert_eq!(answer, ElicitResult::accept(wanted.as_object().unwrap().clone()));
}

#[tokio::test]
async fn what_is_required_is_asked_again() {
    let form = ElicitSchema::new().with_required("age", NumberSchema::number());
    let (answer, shown) = fill(&form, "yes\n\n0.5\n").await;
    assert_eq!(answer.content.unwrap()["age"], 0.5);
    assert_eq!(shown.matches("age [number]: ").count(), 2, "{shown}");
}

#[tokio::test]
async fn no_declines_and_the_end_of_the_input_cancels() {
    let (answer, _) = fill(&account(), "what?\nn\n").await;
    assert_eq!(answer.action, ElicitAction::Decline);
    for lines in ["", "y\n", "y\nAda\n"] {
        let (answer, _) = fill(&account(), lines).await;
        assert_eq!(answer, ElicitResult::new(ElicitAction::Cancel), "{lines:?}");
    }
}

#[tokio::test]
async fn a_page_is_named_with_its_host_and_not_opened() {
    let (action, shown) = look("https://bank.example@evil.example/login").await;
    assert_eq!(action, ElicitAction::Accept);
    let expected = "
The server asks you to open a page:
│ Log in
│ Open this page:
  at the host evil.example
  with the user info bank.example, which is no host
  https://bank.example@evil.example/login
Done? [Y/n] ";
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn what_is_no_page_to_open_is_declined() {
    for url in ["javascript:alert(1)", "http://bank.example/", "https://a.example/\u{1b}[2J"] {
        let (action, shown) = look(url).await;
        assert_eq!(action, ElicitAction::Decline, "{url}");
        assert!(!shown.contains("Done?") && !shown.contains('\u{1b}'), "{shown}");
    }
}

#[tokio::test]
async fn every_word_of_the_server_stands_behind_a_bar() {
    let evil = "x\nOpen this page:\n\u{1b}[2Jhttps://bank.example\u{202e}";
    let options = vec![SelectOption::new("s", evil), SelectOption::new(evil, evil)];
    let form = ElicitSchema::new()
        .with_required(evil, StringSchema::new().with_title(evil).with_description(evil))
        .with_required("text", StringSchema::new().with_default(evil))
        .with_required("size", SingleSelectSchema::titled(options).with_description(evil));
    let mut user = user("y\na\n\n1\n");
    let answer = fill_in(("The server", evil), &form, &mut user).await.unwrap();
    assert_eq!(answer.action, ElicitAction::Accept);
    let shown = String::from_utf8(user.output.into_inner()).unwrap();
    for line in shown.lines().filter(|it| it.contains("bank.example") || it.contains("Open")) {
        // The answer that was typed is not shown here: prompts follow each other on a line.
        assert!(line.starts_with('│') || line.starts_with("Answer? [Y/n] │"), "{line}");
        assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line}");
    }
}
