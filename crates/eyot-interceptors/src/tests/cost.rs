//! What steps cost that have nothing to say, in allocations.

use eyot_jsonrpc::{Id, Request};
use eyot_service::{Call, Entered, Input, Peer, ServiceLayer};
use eyot_types::Era;

use super::echo;
use crate::{
    Boundary, Edit, Failure, Interceptor, InterceptorLayer, Interceptors, Phase, Plan, PlanOptions,
    Validation, View,
};

/// Ten steps that look at the event and the name of the tool.
fn ten() -> impl Iterator<Item = Interceptor> {
    let is_forbidden = |view: &View<'_>| {
        view.event() == "tools/call" && view.name().as_deref() == Some("forbidden")
    };
    (0..10).map(move |number| match number % 2 {
        0 => Interceptor::validator(format!("step-{number}"), move |view: &View<'_>| {
            Ok(if is_forbidden(view) { Validation::deny("no") } else { Validation::PASS })
        }),
        _ => Interceptor::mutator(format!("step-{number}"), move |view: &View<'_>| {
            if is_forbidden(view) { Err(Failure::new("no")) } else { Ok(Edit::Keep) }
        }),
    })
}

fn layer(steps: impl Iterator<Item = Interceptor>) -> ServiceLayer {
    let plan = Plan::compile(steps, PlanOptions::default()).unwrap();
    InterceptorLayer::new(&Interceptors::new(plan), Boundary::Upstream).into()
}

fn request(method: &str) -> Request {
    let written = Request::new(Id::from_number(7), method, &echo("hi"));
    // As it comes from a client: in one piece.
    super::message(&serde_json::from_slice(&written.to_bytes()).unwrap()).into_request().unwrap()
}

/// What comes of a request before the layers, and how often the allocator is asked meanwhile.
fn entered(layer: &ServiceLayer, request: &Request) -> (Option<Entered>, u64) {
    let (request, mut entered) = (request.clone(), None);
    let measured = allocation_counter::measure(|| {
        entered = Some(
            layer.enter(request, |it| Call::new(Input::Request(it), Peer::ourselves(Era::Modern))),
        );
    });
    (entered, measured.count_total)
}

#[test]
fn ten_steps_that_look_at_the_name_of_a_tool_allocate_nothing() {
    let layer = layer(ten().map(|it| it.on(Phase::Request, ["tools/call"])));
    let (entered, allocations) = entered(&layer, &request("tools/call"));
    assert!(matches!(entered, Some(Entered::Past(_))));
    assert_eq!(allocations, 0);
}

#[test]
fn a_request_that_no_step_sees_allocates_nothing_and_passes_no_layer() {
    let layer = layer(ten().map(|it| it.on_both(["resources/read"])));
    let (entered, allocations) = entered(&layer, &request("tools/call"));
    assert!(matches!(entered, Some(Entered::Unconcerned(_))));
    assert_eq!(allocations, 0);
}

#[test]
fn a_request_whose_answer_is_seen_has_to_pass_the_layers() {
    let layer = layer(ten().map(|it| it.on_both(["tools/call"])));
    assert!(matches!(entered(&layer, &request("tools/call")).0, Some(Entered::Through(_))));
}

#[test]
fn what_a_step_denies_or_changes_at_once_needs_no_layers_either() {
    let denying = layer([super::deny(Phase::Request, "tools/call")].into_iter());
    let (Some(Entered::Answered(answered)), _) = entered(&denying, &request("tools/call")) else {
        panic!("it is not answered")
    };
    assert!(matches!(answered, Ok(eyot_service::Reply::One(answer)) if answer.error().is_some()));
    let changing = layer([super::uppercase()].into_iter());
    let (Some(Entered::Past(call)), _) = entered(&changing, &request("tools/call")) else {
        panic!("it does not pass")
    };
    let Input::Request(request) = call.input else { panic!("it is no request") };
    assert!(request.params().unwrap().contains("\"HI\""));
}
