//! What operators see of a message's way.

use std::io::{self, Read as _};
use std::sync::Mutex;

use eyot_jsonrpc::{Id, Request};
use eyot_service::{Call, Input, Peer};
use eyot_types::Era;
use tower_service::Service as _;
use tracing::Level;

use super::{Stand, answer, deny, echo, requires, text, uppercase};
use crate::{Boundary, Phase};

/// What is logged of a call of a tool, and at its end.
fn logged(stand: &Stand, level: Level) -> String {
    let (mut log, writer) = io::pipe().unwrap();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(Mutex::new(writer))
        .without_time()
        .with_ansi(false)
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let request = Request::new(Id::from_number(7), "tools/call", &echo("hi"));
        let call = Call::new(Input::Request(request), Peer::ourselves(Era::Modern)).in_span();
        let span = call.span.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        span.in_scope(|| {
            runtime.block_on(stand.service.clone().call(call)).unwrap();
            tracing::info!("done");
        });
    });
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_span_of_a_call_names_the_steps_that_its_request_and_its_answer_meet() {
    let both = |name| requires(name, "c").on_both(["tools/call"]);
    let steps = || vec![uppercase(), both("second"), both("first")];
    for (boundary, request, response) in [
        (
            Boundary::Upstream,
            "upstream.request=tools/call: uppercase > first > second",
            "upstream.response",
        ),
        (
            Boundary::Downstream,
            "downstream.request=tools/call: first > second > uppercase",
            "downstream.response",
        ),
    ] {
        let stand = Stand::new(boundary, steps(), &[answer(&text("hi"))]);
        let log = logged(&stand, Level::DEBUG);
        assert!(log.contains(&format!("interceptors.{request} ")), "{log}");
        assert!(
            log.contains(&format!("interceptors.{response}=tools/call: first > second}}")),
            "{log}"
        );
        assert!(!logged(&stand, Level::INFO).contains("interceptors."), "there is no span");
    }
}

#[test]
fn the_log_line_of_a_decision_names_the_steps_up_to_it() {
    let after = requires("later", "h").on(Phase::Request, ["tools/call"]);
    let steps = vec![after, uppercase(), deny(Phase::Request, "tools/call")];
    let stand = Stand::new(Boundary::Upstream, steps, &[answer(&text("hi"))]);
    let log = logged(&stand, Level::INFO);
    let of = |what: &str| log.lines().find(|it| it.contains(what)).unwrap().to_owned();
    assert!(of("changed a payload").ends_with("chain=uppercase"), "{log}");
    assert!(of("blocked a payload").ends_with("chain=uppercase > deny"), "{log}");
}
