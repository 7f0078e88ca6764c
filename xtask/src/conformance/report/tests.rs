//! Scored and unscored scenarios are counted apart, and surprises are named.

use super::*;
use crate::conformance::catalog::Scenario;
use crate::conformance::checks::Checks;

fn row(
    name: &str,
    unscored: Option<&str>,
    verdict: Verdict,
    it: Judgement,
) -> (Judgement, Outcome) {
    let scenario = Scenario { name: name.to_owned(), unscored: unscored.map(str::to_owned) };
    let failed_count = usize::from(matches!(verdict, Verdict::Failed(_)));
    let checks = Checks { passed_count: 2, failed_count, ..Checks::default() };
    let (side, leg) = (Side::Server, Leg::Modern);
    (it, Outcome { side, leg, scenario, checks, verdict })
}

fn leg() -> LegReport {
    let failed = |why: &str| Verdict::Failed(why.to_owned());
    let rows = vec![
        row("ping", None, Verdict::Passed, Judgement::Fine),
        row("tools", None, failed("a: b | c\nd"), Judgement::Unexpected),
        row("caching", None, Verdict::Passed, Judgement::Stale),
        row("tasks", Some("extension"), failed("later"), Judgement::KnownFailure),
        row("news", Some("pending"), Verdict::Skipped("empty".to_owned()), Judgement::Fine),
    ];
    LegReport::new(Side::Server, Leg::Modern, rows)
}

#[test]
fn scored_and_unscored_scenarios_are_counted_apart() {
    let want = "server 2026-07-28: 2 of 3 scored and 0 of 2 (1 skipped) unscored \
        scenarios passed, 10 checks passed and 2 failed";
    assert_eq!(leg().to_string(), want);
}

#[test]
fn surprises_are_failures_and_stale_expectations() {
    let want = ["tools: a: b | c d", "caching: expected to fail, and did not"];
    assert_eq!(leg().surprises().collect::<Vec<_>>(), want);
}

#[test]
fn report_has_a_table_of_versions_one_of_legs_and_one_for_each_leg() {
    let mut report = Report::new(&[("suite", "1.0".to_owned())]);
    assert!(report.is_empty());
    report.add_version("server", "ours");
    report.add_leg(leg());
    assert_eq!(report.surprises_count(), 2);
    let want = "\
# Conformance

| what | version |
|---|---|
| suite | 1.0 |
| server | ours |

| side | leg | scored | unscored | checks passed | checks failed |
|---|---|---|---|---|---|
| server | 2026-07-28 | 2 of 3 | 0 of 2 (1 skipped) | 10 | 2 |

## server 2026-07-28

| scenario | scored | result | checks passed | failed | why |
|---|---|---|---|---|---|
| ping | yes | passed | 2 | 0 |  |
| tools | yes | failed, **not expected** | 2 | 1 | a: b \\| c d |
| caching | yes | passed, **not expected** | 2 | 0 |  |
| tasks | no: extension | failed, as expected | 2 | 1 | later |
| news | no: pending | skipped | 2 | 0 | empty |
";
    assert_eq!(report.to_string(), want);
}

#[test]
fn long_reason_is_cut_between_characters() {
    let reason = "é".repeat(400);
    assert_eq!(brief(&reason), format!("{}…", "é".repeat(300)));
}

#[test]
fn score_of_others_stands_beside_ours() {
    let mut report = Report::new(&[]);
    report.add_leg(leg().beside(Some("another passes 1 of 3".to_owned())));
    let want = "server 2026-07-28: 2 of 3 scored scenarios pass; another passes 1 of 3 before the \
        same server.";
    assert!(report.to_string().lines().any(|it| it == want), "{report}");
}
