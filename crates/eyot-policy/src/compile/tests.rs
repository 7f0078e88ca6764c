//! What is wrong with a policy.

use std::time::Duration;

use serde_json::{Value, json};

use crate::policy::Policy;

fn read(policy: Value) -> Policy {
    serde_json::from_value(policy).unwrap()
}

/// The members that are wrong, and what is said of the first.
#[track_caller]
fn check(policy: Value, members: &[&str], message: &str) {
    let problems = read(policy).compile().unwrap_err();
    let found: Vec<_> = problems.iter().map(|it| it.member.as_str()).collect();
    assert_eq!(found, members, "{problems}");
    let first = problems.iter().next().unwrap();
    assert!(first.message.contains(message), "{problems}");
}

#[test]
fn nothing_is_a_policy_and_so_is_everything() {
    assert_eq!(read(json!({})), Policy::default());
    assert!(Policy::default().compile().is_ok());
    let all = json!({
        "trusted_proxies": ["10.0.0.0/8", "unix", "::1"],
        "forwarded_header": "forwarded",
        "networks": { "allow": ["203.0.113.0/24"], "deny": ["203.0.113.66"] },
        "methods": ["GET", "POST", "DELETE"],
        "paths": { "allow": ["/mcp", "/mcp/*"], "deny": ["*secret*"] },
        "headers": [{ "name": "User-Agent", "required": true, "matches": ["my-client/*"] },
            { "name": "X-Debug", "forbidden": true },
            { "name": "Accept", "one_of": ["*/*"], "count_max": 1, "bytes_max": 100 }],
        "cors": { "origins": ["https://App.example/"], "credentials": true,
            "expose": ["X-Trace"], "max_age": "1h" },
        "rates": [{ "name": "a", "by": ["address", "tool"], "requests": 60, "per": "1m",
            "burst": 5, "tools": ["delete_*"], "keys_max": 100 }],
        "concurrency": [{ "name": "a", "by": ["principal"], "max": 4 }],
        "security_headers": { "usual": false, "hsts": "365d", "set": { "X-Frame-Options": "DENY" } }
    });
    let all = read(all);
    assert_eq!(all.rates[0].per, Duration::from_secs(60));
    assert!(all.compile().is_ok(), "{:?}", all.compile());
}

#[test]
fn a_member_that_is_not_known_is_refused() {
    for policy in [
        json!({ "network": {} }),
        json!({ "networks": { "allowed": [] } }),
        json!({ "headers": [{ "name": "a", "require": true }] }),
        json!({ "rates": [{ "name": "a", "by": [], "requests": 1, "per": "1s", "bursts": 1 }] }),
        json!({ "forwarded_header": "x-real-ip" }),
    ] {
        let refused = serde_json::from_value::<Policy>(policy.clone()).unwrap_err().to_string();
        assert!(refused.contains("unknown"), "{policy} {refused}");
    }
    let rate = json!({ "rates": [{ "name": "a", "by": [], "requests": 1, "per": "1" }] });
    let refused = serde_json::from_value::<Policy>(rate).unwrap_err().to_string();
    assert!(refused.contains("expected a time such as"), "{refused}");
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_where() {
    let policy = json!({
        "trusted_proxies": ["10.0.0.0/8", "unix", "10.0.0.0/33"],
        "networks": { "allow": ["::ffff:10.0.0.0/104"], "deny": ["x"] },
        "methods": ["post"],
        "paths": { "allow": ["mcp"] }
    });
    let members = [
        "trusted_proxies[1]",
        "networks.allow[0]",
        "networks.deny[0]",
        "methods[0]",
        "paths.allow[0]",
    ];
    let problems = read(policy).compile().unwrap_err();
    let found: Vec<_> = problems.iter().map(|it| it.member.clone()).collect();
    // The first is counted among all elements, whatever stands before it.
    assert_eq!(found[0], "trusted_proxies[2]");
    assert_eq!(found[1..], members[1..]);
}

#[test]
fn lists_that_would_let_nothing_in_are_wrong() {
    check(json!({ "methods": [] }), &["methods"], "name some");
    check(json!({ "cors": {} }), &["cors.origins"], "name the origins");
    let rate = json!({ "name": "a", "by": [], "requests": 0, "per": "1s" });
    check(json!({ "rates": [rate] }), &["rates[0].requests"], "1 or more");
    let rate = json!({ "name": "a", "by": [], "requests": 1, "per": "1s", "burst": 0 });
    check(json!({ "rates": [rate] }), &["rates[0].burst"], "1 or more");
    let concurrency = json!({ "name": "a", "by": [], "max": 0 });
    check(json!({ "concurrency": [concurrency] }), &["concurrency[0].max"], "1 or more");
}

#[test]
fn names_of_rules_are_plain_and_given_once() {
    let rate = |name: &str| json!({ "name": name, "by": [], "requests": 1, "per": "1s" });
    check(json!({ "rates": [rate("a b")] }), &["rates[0].name"], "letters");
    check(json!({ "rates": [rate("")] }), &["rates[0].name"], "letters");
    check(json!({ "rates": [rate("a"), rate("a")] }), &["rates[1].name"], "another rule");
}

#[test]
fn rules_that_contradict_themselves_are_wrong() {
    let forbidden = json!({ "name": "a", "forbidden": true, "required": true });
    check(json!({ "headers": [forbidden] }), &["headers[0].forbidden"], "leave the other");
    check(json!({ "headers": [{ "name": "a" }] }), &["headers[0]"], "says nothing");
    let rule = json!({ "name": "a", "count_max": 0 });
    check(json!({ "headers": [rule] }), &["headers[0].count_max"], "forbidden: true");
    let rule = json!({ "name": "a b", "required": true });
    check(json!({ "headers": [rule] }), &["headers[0].name"], "is no name");
    let rate = json!({ "name": "a", "by": ["tool", "tool"], "requests": 1, "per": "1s" });
    check(json!({ "rates": [rate] }), &["rates[0].by"], "twice");
}

#[test]
fn an_origin_is_a_scheme_and_a_host() {
    for origin in [
        "*",
        "null",
        "app.example",
        "https://*",
        "https://a/b",
        "https://u@a",
        "ftp://a",
        "https://",
    ] {
        check(json!({ "cors": { "origins": [origin] } }), &["cors.origins[0]"], "expected");
    }
    let policy = read(json!({ "cors": { "origins": ["HTTPS://App.example:8443/"] } }));
    let compiled = policy.compile().unwrap();
    assert_eq!(compiled.cors.unwrap().origins, ["https://app.example:8443"]);
}

#[test]
fn headers_that_frame_an_answer_cannot_be_set() {
    let set = json!({ "security_headers": { "set": { "Content-Length": "1" } } });
    check(set, &["security_headers.set.Content-Length"], "belongs to the answer");
}
