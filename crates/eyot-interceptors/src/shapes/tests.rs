//! Results of known and unknown questions.

use super::*;

#[test]
fn an_answer_meets_the_steps_of_everything_that_it_can_be() {
    assert_eq!(questions_answered_by(r#"{"action":"accept"}"#), ["elicitation/create"]);
    assert_eq!(questions_answered_by(r#"{"model":"m","role":"user"}"#), ["sampling/createMessage"]);
    let both = questions_answered_by(r#"{"roots":[],"action":"accept"}"#);
    assert_eq!(both, ["roots/list", "elicitation/create"]);
    for unknown in ["{}", "7", r#"{"content":{}}"#] {
        assert_eq!(questions_answered_by(unknown), QUESTIONS, "{unknown}");
    }
}

#[test]
fn a_result_that_is_none_of_a_known_request_meets_nothing() {
    assert_eq!(requests_answered_by(r#"{"content":[]}"#), ["tools/call"]);
    assert!(requests_answered_by("{}").is_empty());
}
