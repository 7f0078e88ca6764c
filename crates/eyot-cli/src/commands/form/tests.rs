//! Forms as a user at a terminal fills them in.

use eyot::types::{BooleanSchema, MultiSelectSchema, SelectOption, SingleSelectSchema};
use serde_json::json;

use super::*;

/// Types these lines; returns the answer and the text that was shown.
async fn fill(form: &ElicitSchema, lines: &str) -> (ElicitResult, String) {
    let mut terminal = (lines.as_bytes(), Vec::new());
    let answer = fill_in("Who are you?", form, &mut terminal).await.unwrap();
    (answer, String::from_utf8(terminal.1).unwrap())
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
        "The server asks: Who are you?",
        "Your name: ",
        "at least 2 characters",
        "a whole number",
        "at least 18",
        "member [yes or no] [true]: ",
        "size (of shirts)\n  1. Small\n  2. Large\n : ",
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
async fn a_page_is_named_and_not_opened() {
    let mut terminal = ("y\n".as_bytes(), Vec::new());
    let answer = page("Log in", "https://a.example/\u{1b}[2J", &mut terminal).await.unwrap();
    assert_eq!(answer, ElicitResult::new(ElicitAction::Accept));
    let shown = String::from_utf8(terminal.1).unwrap();
    assert!(shown.contains("https://a.example/\\u{1b}[2J"), "{shown}");
}
