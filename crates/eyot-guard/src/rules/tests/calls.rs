//! Rules that call interceptors: what these say, and what they make of a payload.

use eyot_interceptors::Seen;

use super::*;

/// Interceptors of the test: by their names, they answer in one way.
#[derive(Debug, Default)]
struct Said(Mutex<Vec<String>>);

impl Callees for Said {
    fn call(
        &self,
        name: &str,
        seen: Seen,
        timeout: Option<Duration>,
    ) -> BoxFuture<'static, Result<Edit, Failure>> {
        self.0.lock().push(seen.view().payload().to_owned());
        let said = match name {
            "s/deny" => Ok(Edit::Refuse(Box::new(ErrorObject::new(1, "a key is in it")))),
            "s/large" => Ok(Edit::Replace(seen.view().payload().replace("ann", "ANN"))),
            "s/other" => Ok(Edit::Replace(r#"{"name":"drop"}"#.to_owned())),
            "s/none" => Ok(Edit::Replace(r#"{"arguments":{}}"#.to_owned())),
            "s/text" => Ok(Edit::Replace("{".to_owned())),
            "s/ask" => Ok(Edit::Ask(Consent::new("a", "b"))),
            "s/hang" => Err(Failure::TimedOut(timeout.unwrap())),
            _ => Ok(Edit::Keep),
        };
        let wait = if name == "s/hang" { timeout.unwrap() } else { Duration::ZERO };
        Box::pin(async move {
            tokio::time::sleep(wait).await;
            said
        })
    }
}

/// What `echo` gives back for these rules, and what was shown to interceptors.
async fn echoed(rules: &str, arguments: Value) -> (Result<Value, String>, Vec<String>) {
    let text = format!("version: 1\ndefault: allow\nrules:\n{rules}");
    let set = RuleSet::compile("rules.yaml", &text).unwrap();
    let tools = Arc::new(Tools::new(Trust::Latest));
    let said = Arc::new(Said::default());
    let rules = Rules::new(set, tools, Arc::default()).calling(Arc::<Said>::clone(&said));
    let plan = Plan::compile([rules.interceptor("rules")], PlanOptions::default()).unwrap();
    let stand = Stand::of(plan, Boundary::Upstream);
    let answer = stand.ask("tools/call", call("echo", &arguments)).await;
    let shown = std::mem::take(&mut *said.0.lock());
    (answer, shown)
}

fn rule(call: &str) -> String {
    format!("  - {{name: r, match: {{tool: echo}}, call: {call}}}")
}

#[tokio::test]
async fn an_interceptor_denies_in_its_own_words_or_lets_pass() {
    let ann = || json!({ "who": "ann" });
    assert_eq!(echoed(&rule("s/deny"), ann()).await.0, Err("a key is in it".to_owned()));
    assert_eq!(echoed(&rule("s/pass"), ann()).await.0, Ok(call("echo", &ann())));
}

#[tokio::test]
async fn what_an_interceptor_makes_is_what_rules_below_see_and_what_goes_on() {
    let rules = "
  - {name: dry, match: {tool: echo}, set: {arguments.dry: true}}
  - {name: large, match: {tool: echo}, call: s/large}
  - {name: again, match: {tool: echo, arguments: {who: ANN}}, call: s/pass}";
    let (answer, shown) = echoed(rules, json!({ "who": "ann" })).await;
    assert_eq!(answer, Ok(call("echo", &json!({ "who": "ANN", "dry": true }))));
    assert_eq!(shown.len(), 2);
    assert!(shown[0].contains("\"dry\":true") && shown[0].contains("ann"), "{shown:?}");
    assert!(shown[1].contains("\"dry\":true") && shown[1].contains("ANN"), "{shown:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_as_the_rule_says_and_what_the_rule_has_changed_is_undone() {
    let start = tokio::time::Instant::now();
    for name in ["s/hang", "s/other", "s/none", "s/text", "s/ask"] {
        let call_of = |on_error: &str| {
            format!(
                "  - {{name: r, on_error: {on_error}, match: {{tool: echo}}, set: {{arguments.a: 1}}, \
                 call: {{interceptor: {name}, timeout: 3s}}}}"
            )
        };
        let sent = json!({ "who": "ann" });
        let denied = echoed(&call_of("deny"), sent.clone()).await.0.unwrap_err();
        assert_eq!(denied, "a rule could not be applied to this message", "{name}");
        assert_eq!(echoed(&call_of("skip"), sent.clone()).await.0, Ok(call("echo", &sent)));
    }
    assert_eq!(start.elapsed(), Duration::from_secs(6));
}

#[tokio::test]
async fn a_rule_on_trial_calls_nothing() {
    let rules = "  - {name: r, mode: audit, match: {tool: echo}, call: s/deny}";
    let (answer, shown) = echoed(rules, json!({})).await;
    assert!(answer.is_ok() && shown.is_empty(), "{answer:?} {shown:?}");
}
