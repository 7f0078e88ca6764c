//! Secrets on their way between servers.

use eyot_interceptors::{Decision, Origin, Plan, PlanOptions};
use eyot_service::Peer;
use eyot_types::Era;

use super::*;

fn key() -> String {
    ["AKIA", "5MZXN8QRF3WBY6OE"].concat()
}

struct Flow(Plan);

impl Flow {
    fn new() -> Self {
        let guard = TaintGuard::new(Secrets::known()).interceptor();
        Self(Plan::compile([guard], PlanOptions::default()).unwrap())
    }

    async fn is_denied(&self, phase: Phase, (session, server): (&str, &str)) -> bool {
        let origin = Origin::of_client(Peer::ourselves(Era::Modern));
        let origin = origin.in_session(session).at_server(server);
        let payload = format!(r#"{{"name":"t","arguments":{{"q":"{}"}}}}"#, key());
        let outcome = self.0.apply("tools/call", phase, &payload, &origin).await.unwrap();
        outcome.decision == Decision::Deny
    }

    async fn reads(&self, session: &str, server: &str) {
        assert!(!self.is_denied(Phase::Response, (session, server)).await);
    }

    async fn sends(&self, session: &str, server: &str) -> bool {
        !self.is_denied(Phase::Request, (session, server)).await
    }
}

#[tokio::test]
async fn what_one_server_has_told_is_not_sent_to_another() {
    let flow = Flow::new();
    assert!(flow.sends("a", "sqlite").await, "it was never read");
    flow.reads("a", "files").await;
    assert!(!flow.sends("a", "sqlite").await);
    assert!(flow.sends("a", "files").await, "it may be written back");
    assert!(flow.sends("b", "sqlite").await, "another session has not read it");
    flow.reads("a", "sqlite").await;
    assert!(flow.sends("a", "sqlite").await, "both have told it");
}

#[test]
fn what_is_remembered_has_a_bound_and_the_longest_unused_goes_first() {
    let mut seen = Seen::default();
    let server: Arc<str> = "files".into();
    for number in 0..=SESSIONS_MAX {
        seen.note(&format!("{number}").into(), 7, &server);
        // The first one is used all the time.
        seen.is_foreign(&"0".into(), 7, &server);
    }
    assert_eq!(seen.sessions.len(), SESSIONS_MAX);
    assert_eq!(seen.order.len(), SESSIONS_MAX);
    let other: Arc<str> = "other".into();
    assert!(seen.is_foreign(&"0".into(), 7, &other));
    assert!(!seen.is_foreign(&"1".into(), 7, &other), "it has made room");
    let first: Arc<str> = "0".into();
    (0..1_000).for_each(|digest| seen.note(&first, digest, &server));
    assert_eq!(seen.sessions[&first].secrets.len(), SECRETS_MAX);
}
