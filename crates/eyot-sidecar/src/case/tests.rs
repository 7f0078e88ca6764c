//! Cases against a plan.

use eyot_interceptors::{Edit, Interceptor, PlanOptions, Validation, View};

use super::*;

async fn run(expected: &str) -> Result<(), String> {
    let shout = Interceptor::mutator("shout", |view: &View<'_>| {
        Ok(Edit::Replace(view.payload().replace("hi", "HI")))
    });
    let polite = Interceptor::validator("polite", |view: &View<'_>| {
        let is_polite = view.payload().contains("please");
        Ok(if is_polite { Validation::PASS } else { Validation::deny("say please") })
    });
    let steps = [shout, polite].map(|it| it.on(Phase::Request, ["tools/call"]));
    let plan = Plan::compile(steps, PlanOptions::default()).unwrap();
    let note = if expected.contains("deny") { "hi" } else { "hi, please" };
    let payload = format!(r#"{{"name":"echo","arguments":{{"note":"{note}"}}}}"#);
    let file = format!(
        r#"[{{"event":"tools/call","phase":"request","payload":{payload},"expect":{expected}}}]"#
    );
    Case::read_all(&file).unwrap()[0].run(&plan).await
}

#[tokio::test]
async fn a_case_passes_if_all_is_as_expected() {
    assert_eq!(run(r#"{"decision":"deny"}"#).await, Ok(()));
    let payload = r#"{"arguments":{"note":"HI, please"},"name":"echo"}"#;
    let expected = format!(r#"{{"decision":"allow","payload":{payload},"with":["HI"]}}"#);
    assert_eq!(run(&expected).await, Ok(()));
}

#[tokio::test]
async fn a_case_that_fails_says_what_is_not_as_expected() {
    let found = run(r#"{"decision":"allow","without":["HI"]}"#).await.unwrap_err();
    assert!(found.starts_with("`HI` is in the payload"), "{found}");
    let found = run(r#"{"decision":"allow","payload":{"name":"echo"}}"#).await.unwrap_err();
    assert!(found.starts_with("the payload is"), "{found}");
    let found = run(r#"{"decision":"deny","with":["x"]}"#).await.unwrap_err();
    assert!(found.starts_with("`x` is not in"), "{found}");
}
