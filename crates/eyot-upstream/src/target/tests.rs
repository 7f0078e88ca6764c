//! What names an upstream, and what it can do.

use std::sync::Arc;

use eyot_era::detect::Carrier;
use eyot_service::{InProcess, Limits, Serving};
use eyot_stdio::Command;
use eyot_types::Era;
use eyot_types::codes::Outcome;
use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{
    IntoTarget, LegacyConnection, LineConnection, ModernConnection, Runtime, Target, TargetError,
};

const URL: &str = "http://[::1]:80/mcp";

/// A server that serves no client.
#[derive(Debug)]
struct Idle;

impl InProcess for Idle {
    fn attach(&self, _io: DuplexStream) -> Serving {
        Box::pin(std::future::ready(()))
    }
}

fn runtime() -> Runtime {
    Runtime::new(TaskTracker::new(), CancellationToken::new(), Arc::default())
}

fn from_args(args: &[&str]) -> Result<Target, TargetError> {
    Target::from_args(args.iter().copied(), Limits::default())
}

fn every_target() -> [Target; 5] {
    let url = |url| Target::url(url, Limits::default()).unwrap();
    let (url, socket) = (url(URL), url("WS://[::1]/ws?key=secret"));
    [
        url,
        socket,
        Target::command("p", ["a"]),
        Target::in_process(Idle),
        Target::stream(duplex(1).0),
    ]
}

fn identity(target: &Target) -> String {
    target.identity().expose().clone()
}

#[test]
fn a_target_says_what_it_is_and_what_it_can_do() {
    let said = every_target().map(|it| {
        let abilities = [it.can_reconnect(), it.can_resume(), it.has_headers()];
        assert_eq!(it.is_shared_channel(), it.carrier() == Carrier::Pipe);
        assert_eq!(it.http_link().is_some(), it.carrier() == Carrier::Http);
        (it.label(), identity(&it), abilities)
    });
    let expected = [
        ("http://[::1]:80", URL, [true, true, true]),
        ("ws://[::1]:80", "ws://[::1]:80/ws", [true, false, false]),
        ("p", "\"p\" [\"a\"] in None", [true, false, false]),
        ("in process", "in process", [true, false, false]),
        ("a stream", "a stream", [false, false, false]),
    ];
    let owned = |(label, identity, abilities): (&str, &str, _)| {
        (label.to_owned(), identity.to_owned(), abilities)
    };
    assert_eq!(said, expected.map(owned));
}

#[test]
fn whatever_names_an_upstream_becomes_its_target() {
    #[track_caller]
    fn check(named: impl IntoTarget, expected: &str) {
        let target = named.into_target(Limits::default()).unwrap();
        assert_eq!(identity(&target), expected);
    }
    let command = Command { program: "p".to_owned(), args: vec![], env: vec![], cwd: None };
    let server: Arc<dyn InProcess> = Arc::new(Idle);
    check(URL, URL);
    let url = URL.to_owned();
    check(&url, URL);
    check(url, URL);
    check(command, "\"p\" [] in None");
    check(server, "in process");
    check(Target::stream(duplex(1).0), "a stream");
    let refused = "no url".into_target(Limits::default());
    assert!(matches!(refused, Err(TargetError::Url(_))), "{refused:?}");
}

#[test]
fn no_error_of_a_target_repeats_a_secret() {
    for args in [
        &["http://u:S3CRET@a/mcp"][..],
        &["http://u:S3CRET@ho st/mcp"],
        &["ftp://u:S3CRET@a/mcp"],
        &["://u:S3CRET@a"],
        &["http://a/m cp?token=S3CRET"],
        &[URL, "http://a/?token=S3CRET"],
    ] {
        let refused = from_args(args).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("S3CRET"), "{refused:?}");
    }
}

#[test]
fn a_url_on_a_command_line_stands_alone() {
    assert_eq!(identity(&from_args(&[URL]).unwrap()), URL);
    let refused = from_args(&[URL, "stdio"]).unwrap_err();
    assert_eq!(refused.to_string(), "`stdio` after a URL");
    let refused = from_args(&["ftp://[::1]/"]).unwrap_err();
    assert_eq!(refused.to_string(), "scheme `ftp` is not supported; http, https and unix are");
}

#[test]
fn a_program_on_a_command_line_gets_the_words_after_it() {
    let target = from_args(&["npx", "-y", "a://b"]).unwrap();
    let Target::Command(command) = target else { panic!("{target:?}") };
    assert_eq!((command.program.as_str(), command.args.len()), ("npx", 2));
    assert_eq!(command.args, ["-y", "a://b"]);
}

#[test]
fn an_empty_command_line_is_told_what_to_name() {
    let refused = from_args(&[]).unwrap_err();
    assert_eq!(refused.to_string(), "name a URL, or a program and its arguments");
}

#[test]
fn a_header_that_cannot_be_sent_is_named_for_every_target() {
    for target in every_target() {
        let refused = target.clone().with_header("x tenant", "t1").unwrap_err();
        assert_eq!(refused.to_string(), "header \"x tenant\" cannot be sent");
        let before = identity(&target);
        assert_eq!(identity(&target.with_header("x-tenant", "t1").unwrap()), before);
    }
}

#[tokio::test]
async fn one_connection_can_be_made_of_a_stream_and_its_clones() {
    let (ours, mut theirs) = duplex(1 << 10);
    let target = Target::stream(ours);
    let runtime = runtime();
    let (connection, driver) =
        LineConnection::open(&target, Era::Legacy, None, &runtime).await.unwrap();
    let again = [
        LineConnection::open(&target.clone(), Era::Legacy, None, &runtime).await.map(drop),
        ModernConnection::open(&target, None, &runtime).await.map(drop),
    ];
    for again in again {
        let fault = again.unwrap_err();
        assert_eq!(Outcome::of(&fault.error), Some(Outcome::NotSent));
        let reason = "the stream to the upstream is used up and cannot be opened again";
        assert_eq!(fault.error.data.unwrap()["reason"], reason);
    }
    let session = crate::ResumedSession { session_id: Some("s"), ..Default::default() };
    let peer = eyot_service::Peer::ourselves(Era::Legacy);
    assert!(LegacyConnection::resume(&target, &peer, &session, &runtime).is_none());
    drop((connection, target));
    driver.run().await;
    assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0);
}

#[test]
fn a_web_socket_is_named_by_its_url() {
    for url in ["ws://h:80/ws", "wss://h:443/ws"] {
        let target = Target::url(url, Limits::default()).unwrap();
        assert!(matches!(target, Target::WebSocket(_)), "{url}");
        let origin = url.strip_suffix("/ws").unwrap();
        assert!(origin.starts_with(&target.label()), "{origin} {}", target.label());
    }
    let refused = Target::url("ws://u:p@h/ws", Limits::default()).unwrap_err();
    assert!(matches!(refused, TargetError::Url(_)), "{refused}");
}
