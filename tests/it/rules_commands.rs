//! `eyot rules` and `eyot pin`, run by a shell.

use serde_json::json;
use tempfile::TempDir;

use crate::commands::eyot;
use crate::support::program::program;

const RULES: &str = "\
version: 1
default: allow
rules:
  - name: no-drops
    match: {tool: drop, principal: guest}
    deny: nothing is dropped
tests:
  - name: guests drop nothing
    given: {method: tools/call, principal: guest, params: {name: drop}}
    expect: {decision: deny, rule: no-drops}
";

#[tokio::test]
async fn rules_are_checked_tested_and_explained_without_a_server() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("rules.yaml"), RULES).unwrap();
    let call =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "drop" } });
    std::fs::write(at("call.json"), call.to_string()).unwrap();
    let (rules, call) = (at("rules.yaml"), at("call.json"));

    assert!(eyot(&["rules", "check", &rules]).await.text().contains("1 rules"));
    assert!(eyot(&["rules", "test", &rules]).await.text().contains("1 tests passed"));
    let guest = eyot(&["rules", "explain", &rules, &call, "--principal", "guest"]).await;
    assert_eq!(guest.code, 1, "{}", guest.err);
    assert!(guest.text().contains("decision: deny, by rule `no-drops`"), "{}", guest.err);
    let other = eyot(&["rules", "explain", &rules, &call, "--principal", "ann"]).await;
    assert_eq!(other.code, 0, "{}", other.err);
    assert!(other.text().contains("no: principal"), "{}", other.err);

    std::fs::write(at("rules.yaml"), RULES.replace("deny: nothing is dropped", "allow: true"))
        .unwrap();
    assert_eq!(eyot(&["rules", "test", &rules]).await.code, 1);
    std::fs::write(at("rules.yaml"), RULES.replace("match:", "macth:")).unwrap();
    let wrong = eyot(&["rules", "check", &rules]).await;
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("rules.yaml:5:5: error:"), "{}", wrong.err);
}

#[tokio::test]
async fn the_tools_of_a_server_are_pinned_and_a_change_is_told() {
    let folder = TempDir::new().unwrap();
    let pins = folder.path().join("pins.json").to_str().unwrap().to_owned();
    let program = program().to_str().unwrap();
    let pin = async |flags: &[&str]| {
        let server = ["--", program, "demo-server"];
        eyot(&[&["pin", "--file", &pins], flags, &server].concat()).await
    };
    assert_eq!(pin(&["--check"]).await.code, 1, "nothing is pinned yet");
    assert!(pin(&[]).await.text().contains("add: is new"));
    assert_eq!(pin(&["--check"]).await.code, 0);
    let text = std::fs::read_to_string(&pins).unwrap();
    std::fs::write(&pins, text.replace("Adds two", "Adds 2")).unwrap();
    let changed = pin(&["--check"]).await;
    assert_eq!((changed.code, changed.text().trim()), (1, "add: description changed"));
}
