//! The order of steps.

use eyot_interceptors::{Boundary, Edit, PlanOptions, Validation, View};

use super::*;

#[test]
fn a_request_is_mutated_first_and_a_result_last() {
    let judge = Interceptor::validator("judge", |_: &View<'_>| Ok(Validation::PASS));
    let change = Interceptor::mutator("change", |_: &View<'_>| Ok(Edit::Keep)).priority(-5);
    let steps = [
        judge.on_both(["tools/call"]).fail_open(),
        change.on(Phase::Response, ["*"]).on(Phase::Request, ["tools/*"]).audit(),
    ];
    let plan = Plan::compile(steps, PlanOptions::default()).unwrap();
    let shown = StepOrder::of(&plan, Boundary::Upstream, None).into_iter().map(|it| {
        let steps = it.steps.iter().map(|step| format!("{}: {}", step.name, step.manner()));
        (it.event, it.phase, steps.collect::<Vec<_>>())
    });
    let shown: Vec<_> = shown.collect();
    let (judge, change) =
        ("judge: validates, fails open", "change: mutates, priority -5, in audit mode");
    let expected = [
        ("*", Phase::Response, vec![change]),
        ("tools/*", Phase::Request, vec![change]),
        ("tools/*", Phase::Response, vec![change]),
        ("tools/call", Phase::Request, vec![change, judge]),
        ("tools/call", Phase::Response, vec![judge, change]),
    ];
    let expected = expected.map(|(event, phase, steps)| {
        (event.to_owned(), phase, steps.into_iter().map(str::to_owned).collect::<Vec<_>>())
    });
    assert_eq!(shown, expected);
    assert!(StepOrder::of(&plan, Boundary::Upstream, Some("notifications/progress")).is_empty());
}

#[test]
fn what_is_before_one_server_alone_is_met_behind_what_is_before_all() {
    let plan = |name: &str| {
        let step = Interceptor::validator(name, |_: &View<'_>| Ok(Validation::PASS));
        Plan::compile([step.on_both(["tools/call"])], PlanOptions::default()).unwrap()
    };
    let names = |it: StepOrder| it.steps.into_iter().map(|it| (it.name, it.is_own));
    let orders = StepOrder::of_server(&plan("all"), &plan("own"), None);
    let met: Vec<_> = orders.into_iter().map(|it| names(it).collect::<Vec<_>>()).collect();
    let (all, own) = (("all".to_owned(), false), ("own".to_owned(), true));
    assert_eq!(met, [vec![all.clone(), own.clone()], vec![own, all]]);
}
