//! Questions: how long silence is borne, in virtual time.

use std::future::pending;
use std::time::Duration;

use eyot_jsonrpc::{Id, Message};
use eyot_service::Limits;
use eyot_upstream::CallClock;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::Questions;

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.calls.timeout = Duration::from_secs(60);
    limits.calls.question_timeout = Duration::from_secs(600);
    limits
}

fn asked() -> Questions {
    let questions = Questions::new();
    questions.heard(&Message::request(Id::from_number(1), "elicitation/create", &json!({})));
    questions
}

async fn waited(questions: &Questions) -> u64 {
    let (limits, began) = (limits(), Instant::now());
    let clock = CallClock::start(&limits.calls);
    questions.wait(&limits, &clock, pending::<()>()).await.expect_err("nobody says anything");
    began.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn silence_without_a_question_ends_after_the_call_timeout() {
    let questions = Questions::new();
    questions.heard(&Message::notification("notifications/message", &json!({})));
    assert_eq!(waited(&questions).await, 60);
}

#[tokio::test(start_paused = true)]
async fn silence_ends_after_the_question_timeout_while_a_question_is_open() {
    assert_eq!(waited(&asked()).await, 600);
}

#[tokio::test(start_paused = true)]
async fn question_that_nobody_answers_does_not_lengthen_later_calls_for_ever() {
    let questions = asked();
    sleep(Duration::from_secs(700)).await;
    assert_eq!(waited(&questions).await, 60);
}

#[tokio::test(start_paused = true)]
async fn upstream_has_the_whole_call_timeout_after_an_answer() {
    let questions = asked();
    let answering = async {
        sleep(Duration::from_secs(90)).await;
        questions.answered();
    };
    let (waited, ()) = tokio::join!(waited(&questions), answering);
    assert_eq!(waited, 150);
}

#[tokio::test(start_paused = true)]
async fn question_taken_back_or_lost_with_its_session_is_waited_for_no_longer() {
    let taken_back = asked();
    taken_back.heard(&Message::notification("notifications/cancelled", &json!({ "requestId": 1 })));
    assert_eq!(waited(&taken_back).await, 60);
    let lost = asked();
    lost.forget();
    assert_eq!(waited(&lost).await, 60);
}

#[tokio::test(start_paused = true)]
async fn question_that_comes_during_the_wait_lengthens_it() {
    let questions = Questions::new();
    let asking = async {
        sleep(Duration::from_secs(30)).await;
        questions.heard(&Message::request(
            Id::from_number(1),
            "sampling/createMessage",
            &json!({}),
        ));
    };
    let (waited, ()) = tokio::join!(waited(&questions), asking);
    assert_eq!(waited, 630);
}
