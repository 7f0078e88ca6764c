//! What is said about facts.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use eyot_http::TlsFacts;
use eyot_types::Oddities;
use serde_json::json;

use crate::network::judge_tls;
use crate::program::Heard;
use crate::protocol::judge_list;
use crate::words::shortened;
use crate::{Ailment, Report, Verdict};

const DAY: Duration = Duration::from_secs(86_400);

fn facts(days: u32) -> TlsFacts {
    let mut facts = TlsFacts::default();
    facts.version = Some("TLS 1.3");
    facts.subject = Some("mcp.test".to_owned());
    facts.issuer = Some("An Authority".to_owned());
    facts.expires_at = Some(UNIX_EPOCH + DAY * days);
    facts
}

#[test]
fn certificate_is_told_with_its_issuer_and_its_days() {
    let finding = judge_tls(&facts(90), false, UNIX_EPOCH);
    let detail = "TLS 1.3, certificate of mcp.test, from An Authority, good for 90 more days";
    assert_eq!((finding.verdict, &*finding.detail), (Verdict::Ok, detail));
}

#[test]
fn certificate_that_ends_soon_is_warned_of() {
    let finding = judge_tls(&facts(13), false, UNIX_EPOCH);
    assert_eq!(finding.verdict, Verdict::Warning);
    assert!(finding.advice.unwrap().starts_with("renew"));
}

#[test]
fn what_was_not_verified_is_warned_of() {
    let finding = judge_tls(&facts(0), true, UNIX_EPOCH + DAY);
    assert!(finding.detail.ends_with("expired"), "{finding:?}");
    assert!(finding.advice.unwrap().contains("nothing was verified"));
}

#[test]
fn banner_before_the_first_message_is_a_warning() {
    let scan = eyot_service::Limits::default().messages.scan;
    let mut heard = Heard::default();
    heard.hear(&Bytes::from_static(b"listening on stdio"), &scan);
    heard.hear(&Bytes::from_static(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"), &scan);
    let finding = heard.judge(DAY).unwrap();
    assert_eq!(finding.verdict, Verdict::Warning);
    assert_eq!(finding.detail, "a line on stdout is no message: `listening on stdio`");
}

#[test]
fn log_without_a_message_is_a_failure() {
    let scan = eyot_service::Limits::default().messages.scan;
    let mut heard = Heard::default();
    heard.hear(&Bytes::from_static(b"{\"level\":\"info\"}"), &scan);
    let (ailment, finding) = heard.judge(Duration::from_secs(10)).unwrap_err();
    assert_eq!(ailment, Ailment::Failed);
    assert!(
        finding.detail.ends_with("`{\"level\":\"info\"}`; and no message in 10s"),
        "{finding:?}"
    );
}

#[test]
fn name_that_two_tools_have_is_warned_of() {
    let names = ["add", "echo", "add"].map(str::to_owned);
    let finding = judge_list(&names, &Oddities::default());
    assert_eq!((finding.verdict, &*finding.detail), (Verdict::Warning, "3; `add` more than once"));
    assert_eq!(judge_list(&names[..2], &Oddities::default()).detail, "2");
}

#[test]
fn long_lines_of_others_are_cut() {
    assert_eq!(shortened(" one \n two"), "one");
    let shown = shortened(&"ä".repeat(200));
    assert_eq!((shown.chars().count(), shown.ends_with('…')), (101, true));
}

#[test]
fn server_with_an_impossible_entry_has_a_report_as_well() {
    let report = Report::misconfigured("files", "mcp.json:3: there is no command");
    let step = report.steps.first().unwrap();
    assert_eq!(step.to_string(), "FAIL  config           0 ms  mcp.json:3: there is no command");
    let document = report.document();
    assert_eq!(
        (&document["target"], &document["verdict"], &document["steps"][0]["step"]),
        (&json!("files"), &json!("failed"), &json!("configuration"))
    );
}
