//! What is counted of rules.

use eyot_rules::{Answer, Progress, RuleSet, Subject};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::Meters;

const RULES: &str = "version: 1
default: allow
rules:
  - {name: noted, match: {tool: '*'}, tag: seen}
  - {name: on-trial, match: {tool: drop}, mode: audit, deny: true}
  - {name: blind, match: {tool: add}, when: params.arguments.x > 1, deny: true, on_error: skip}
  - {name: no-drops, match: {tool: drop}, deny: true}
";

#[test]
fn each_rule_is_counted_by_what_it_made_of_a_message_and_measured_for_one_of_sixty_one() {
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        let set = RuleSet::compile("rules.yaml", RULES).unwrap();
        let meters = Meters::of(&set);
        for name in ["drop", "add", "add"].into_iter().cycle().take(123) {
            let params = format!("{{\"name\":\"{name}\"}}");
            let subject =
                Subject { method: "tools/call", payload: Some(&params), ..Subject::default() };
            let mut evaluation = set.evaluate(&subject);
            let mut laps = meters.laps();
            loop {
                match evaluation.poll_noting(|rule| laps.behind(rule)) {
                    Progress::Demand(_) => evaluation.answer(Answer::Pass),
                    Progress::Done(verdict) => break meters.count(&verdict),
                }
            }
        }
    });
    let metrics = recorder.handle().render();
    for (rule, decision, count) in [
        ("noted", "applied", 123),
        ("on-trial", "audit", 41),
        ("blind", "failed", 82),
        ("no-drops", "deny", 41),
    ] {
        let line = format!(
            "eyot_rule_decisions_total{{rule=\"{rule}\",decision=\"{decision}\"}} {count}\n"
        );
        assert!(metrics.contains(&line), "{line} in\n{metrics}");
    }
    // Messages 0, 61 and 122: the rule about `drop` has seen the first.
    for (rule, count) in [("noted", 3), ("no-drops", 1)] {
        let line = format!("eyot_rule_seconds_count{{rule=\"{rule}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} in\n{metrics}");
    }
}
