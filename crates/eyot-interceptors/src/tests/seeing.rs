//! What operators see of a message's way.

use std::io::{self, Read as _};
use std::sync::Mutex;

use eyot_jsonrpc::{Id, Request};
use eyot_service::{Call, Input, Peer};
use eyot_types::Era;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tower_service::Service as _;
use tracing::Level;

use super::{Stand, answer, deny, echo, requires, text, uppercase};
use crate::{Boundary, Phase};

/// What is logged of a call of a tool, and at its end.
fn logged(stand: &Stand, level: Level) -> String {
    logged_of(stand, level, &echo("hi"))
}

/// The same of a call with these parameters.
fn logged_of(stand: &Stand, level: Level, params: &Value) -> String {
    let (mut log, writer) = io::pipe().unwrap();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(Mutex::new(writer))
        .without_time()
        .with_ansi(false)
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let request = Request::new(Id::from_number(7), "tools/call", params);
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

#[test]
fn the_span_of_a_call_and_the_log_line_of_a_decision_name_the_trace() {
    let stand = Stand::new(Boundary::Upstream, vec![uppercase()], &[answer(&text("hi"))]);
    let mut params = echo("hi");
    params["_meta"] = json!({
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
    let trace = "trace_id=0af7651916cd43dd8448eb211c80319c";
    let info = logged_of(&stand, Level::INFO, &params);
    assert_eq!(info.matches(trace).count(), 1, "{info}");
    let debug = logged_of(&stand, Level::DEBUG, &params);
    assert!(debug.contains(&format!("{trace} parent_span_id=b7ad6b7169203331")), "{debug}");
    assert!(!logged(&stand, Level::DEBUG).contains("trace_id"), "the call has none");
}

/// The metrics of what is done with a stand, which is made after their recorder.
fn measured(make: impl FnOnce() -> Stand, act: impl AsyncFnOnce(&Stand)) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        let stand = make();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(act(&stand));
    });
    recorder.handle().render()
}

#[track_caller]
fn check_line(metrics: &str, name: &str, labels: &[&str], value: &str) {
    let of_name =
        |it: &&str| it.starts_with(&format!("{name}{{")) && it.ends_with(&format!(" {value}"));
    let found =
        metrics.lines().filter(of_name).any(|it| labels.iter().all(|label| it.contains(label)));
    assert!(found, "{name} {labels:?} {value} in\n{metrics}");
}

#[test]
fn decisions_are_counted_by_tool_and_names_that_no_list_has_told_are_counted_as_one() {
    let listed = answer(&json!({ "tools": [{ "name": "echo", "inputSchema": {} }] }));
    let make = || {
        let steps = vec![
            deny(Phase::Request, "tools/call"),
            requires("lists", "t").on(Phase::Response, ["tools/list"]),
        ];
        Stand::new(Boundary::Upstream, steps, &[listed])
    };
    let metrics = measured(make, async |stand| {
        for made_up in 0..200 {
            stand.error("tools/call", json!({ "name": format!("made-up-{made_up}") })).await;
        }
        stand.error("tools/call", echo("hi")).await;
        stand.result("tools/list", json!({})).await;
        stand.error("tools/call", echo("hi")).await;
    });
    let name = "eyot_interceptor_tool_decisions_total";
    let labels = ["interceptor=\"deny\"", "decision=\"blocked\""];
    check_line(&metrics, name, &[&labels[..], &["tool=\"other\""]].concat(), "201");
    check_line(&metrics, name, &[&labels[..], &["tool=\"echo\""]].concat(), "1");
    assert_eq!(metrics.matches(&format!("{name}{{")).count(), 2, "{metrics}");
    check_line(&metrics, "eyot_interceptor_invocations_total", &["outcome=\"blocked\""], "202");
}

#[test]
fn what_is_changed_as_a_matter_of_course_is_counted_and_is_no_decision() {
    let stand =
        || Stand::new(Boundary::Upstream, vec![uppercase().routine()], &[answer(&text("hi"))]);
    assert!(!logged(&stand(), Level::INFO).contains("changed a payload"));
    let metrics = measured(stand, async |stand| {
        stand.result("tools/call", echo("hi")).await;
    });
    check_line(&metrics, "eyot_interceptor_invocations_total", &["outcome=\"changed\""], "1");
    assert!(!metrics.contains("eyot_interceptor_tool_decisions_total{"), "{metrics}");
}

#[test]
fn one_payload_of_many_tells_how_long_its_steps_took() {
    let make = || {
        let steps = vec![uppercase(), requires("looks", "H").on(Phase::Request, ["tools/call"])];
        Stand::new(Boundary::Upstream, steps, &[answer(&text("hi"))])
    };
    let metrics = measured(make, async |stand| {
        for _ in 0..62 {
            stand.result("tools/call", echo("hi")).await;
        }
    });
    for step in ["uppercase", "looks"] {
        let labels = [&*format!("interceptor=\"{step}\"")];
        check_line(&metrics, "eyot_interceptor_seconds_count", &labels, "2");
    }
    check_line(&metrics, "eyot_interceptor_invocations_total", &["outcome=\"passed\""], "62");
}
