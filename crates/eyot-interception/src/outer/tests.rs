//! Names of rules that there is something for, and others.

use eyot_rules::RuleSet;

use super::*;

fn names(action: &str) -> Vec<OuterName> {
    let text = format!(
        "version: 1\ndefault: allow\nrules:\n  - {{name: r, match: {{tool: x}}, {action}}}"
    );
    RuleSet::compile("r.yaml", &text).unwrap().outer_names().collect()
}

fn told(checked: Result<(), Vec<SettingsProblem>>) -> String {
    checked.unwrap_err().remove(0).message
}

#[test]
fn a_rule_chooses_a_server_that_there_is() {
    let servers = ["staging".to_owned(), "live".to_owned()];
    assert!(check_servers(&names("route: staging"), &servers).is_ok());
    let near = "r.yaml:4:40: error: there is no server `stagign`: did you mean `staging`?";
    assert_eq!(told(check_servers(&names("route: stagign"), &servers)), near);
    let far = "r.yaml:4:40: error: there is no server `other`: there are `staging`, `live`";
    assert_eq!(told(check_servers(&names("route: other"), &servers)), far);
}

#[test]
fn a_call_is_over_before_the_time_of_all_steps() {
    let check = |timeout: u64| {
        let names = names(&format!("call: {{interceptor: a/b, timeout: {timeout}s}}"));
        told(Callable::default().check(&names, Duration::from_secs(10)))
    };
    assert!(
        check(10).starts_with("r.yaml:4:53: error: its `timeout` is over when"),
        "{}",
        check(10)
    );
    assert!(
        check(9).starts_with("r.yaml:4:53: error: there is no interceptor `a/b`"),
        "{}",
        check(9)
    );
}
