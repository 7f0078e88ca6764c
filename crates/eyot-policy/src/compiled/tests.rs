//! Decisions about requests.

use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::{Value, json};

use super::{CompiledPolicy, Verdict};
use crate::address::Origin;
use crate::head::parse_head;
use crate::policy::Policy;
use crate::refusal::{Part, Refusal};

fn compiled(policy: Value) -> CompiledPolicy {
    serde_json::from_value::<Policy>(policy).unwrap().compile().unwrap()
}

fn from(peer: &str) -> Origin {
    Origin { peer: Some(peer.parse().unwrap()), is_tls: false }
}

fn decide(policy: &CompiledPolicy, head: &str, peer: &str, now: Instant) -> Verdict {
    policy.decide(&parse_head(head).unwrap(), from(peer), now)
}

/// The refusal of a request from 203.0.113.9.
fn refusal(policy: &CompiledPolicy, head: &str) -> Option<Box<Refusal>> {
    match decide(policy, head, "203.0.113.9", Instant::now()) {
        Verdict::Passed(_) => None,
        Verdict::Refused(refusal) => Some(refusal),
    }
}

/// What of these requests is refused, and by which rule; an empty text is a request that passes.
#[track_caller]
fn check(policy: Value, expected: &[(&str, &str)]) {
    let policy = compiled(policy);
    for (head, rule) in expected {
        let found = refusal(&policy, head).map(|it| it.rule).unwrap_or_default();
        assert_eq!(found, *rule, "{head}");
    }
}

const POST: &str = "POST /mcp HTTP/1.1\nContent-Type: application/json";

#[test]
fn without_rules_every_request_passes() {
    check(
        json!({}),
        &[(POST, ""), ("BREW /pot?x HTTP/1.1", ""), ("GET / HTTP/1.1\nOrigin: x", "")],
    );
}

#[test]
fn a_network_must_be_allowed_and_not_denied() {
    let policy = json!({ "networks": { "allow": ["203.0.113.0/24", "2001:db8::/32"],
        "deny": ["203.0.113.66"] } });
    let policy = compiled(policy);
    let rule = |peer| match decide(&policy, POST, peer, Instant::now()) {
        Verdict::Passed(_) => String::new(),
        Verdict::Refused(refusal) => refusal.rule,
    };
    assert_eq!(rule("203.0.113.9"), "");
    assert_eq!(rule("::ffff:203.0.113.9"), "");
    assert_eq!(rule("2001:db8::1"), "");
    assert_eq!(rule("203.0.113.66"), "networks.deny");
    assert_eq!(rule("::ffff:203.0.113.66"), "networks.deny");
    assert_eq!(rule("198.51.100.1"), "networks.allow");
    let Verdict::Refused(refusal) = decide(&policy, POST, "::ffff:203.0.113.66", Instant::now())
    else {
        panic!("it is refused");
    };
    assert_eq!(refusal.client, from("203.0.113.66").peer);
    let nowhere = policy.decide(&parse_head(POST).unwrap(), Origin::default(), Instant::now());
    assert!(matches!(nowhere, Verdict::Refused(it) if it.status == StatusCode::FORBIDDEN));
}

#[test]
fn a_client_without_an_address_is_in_no_denied_network() {
    let policy = compiled(json!({ "networks": { "deny": ["0.0.0.0/0", "::/0"] } }));
    let verdict = policy.decide(&parse_head(POST).unwrap(), Origin::default(), Instant::now());
    assert!(matches!(verdict, Verdict::Passed(_)));
}

#[test]
fn a_method_that_is_not_listed_is_refused_with_those_that_are() {
    let policy = compiled(json!({ "methods": ["GET", "POST"] }));
    assert_eq!(refusal(&policy, POST), None);
    let refusal = refusal(&policy, "DELETE /mcp HTTP/1.1").unwrap();
    assert_eq!(
        (refusal.status, refusal.rule.as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, "methods")
    );
    assert_eq!(refusal.response().headers()["allow"], "GET, POST");
}

#[test]
fn a_path_must_be_allowed_and_not_denied() {
    check(
        json!({ "paths": { "allow": ["/mcp", "/mcp/*"], "deny": ["/mcp/admin*"] } }),
        &[
            (POST, ""),
            ("GET /mcp?path=/other HTTP/1.1", ""),
            ("GET /mcp/github HTTP/1.1", ""),
            ("GET /mcp/admin HTTP/1.1", "paths.deny"),
            ("GET /sse HTTP/1.1", "paths.allow"),
            ("GET /mcpx HTTP/1.1", "paths.allow"),
        ],
    );
}

#[test]
fn headers_must_be_as_their_rules_say() {
    check(
        json!({ "headers": [
            { "name": "User-Agent", "required": true, "matches": ["good/*", "better/*"] },
            { "name": "X-Debug", "forbidden": true },
            { "name": "X-Tenant", "one_of": ["a", "b"], "count_max": 1 },
            { "name": "Cookie", "bytes_max": 4 }
        ] }),
        &[
            ("GET / HTTP/1.1\nUser-Agent: good/1\nX-Tenant: a\nCookie: 1234", ""),
            ("GET / HTTP/1.1", "headers.user-agent.required"),
            ("GET / HTTP/1.1\nUser-Agent: bad/1", "headers.user-agent.matches"),
            ("GET / HTTP/1.1\nUser-Agent: good/1\nUser-Agent: bad/1", "headers.user-agent.matches"),
            ("GET / HTTP/1.1\nUser-Agent: good/1\nX-Debug:", "headers.x-debug.forbidden"),
            ("GET / HTTP/1.1\nUser-Agent: good/1\nX-Tenant: A", "headers.x-tenant.one_of"),
            (
                "GET / HTTP/1.1\nUser-Agent: good/1\nX-Tenant: a\nX-Tenant: b",
                "headers.x-tenant.count_max",
            ),
            ("GET / HTTP/1.1\nUser-Agent: good/1\nCookie: 12345", "headers.cookie.bytes_max"),
        ],
    );
}

#[test]
fn no_refusal_has_the_value_of_a_header() {
    let policy = compiled(json!({ "headers": [{ "name": "X-Key", "one_of": ["open-sesame"] }] }));
    let refusal = refusal(&policy, "GET / HTTP/1.1\nX-Key: top-secret").unwrap();
    let told = format!("{refusal} {refusal:?}");
    assert!(!told.contains("top-secret") && !told.contains("open-sesame"), "{told}");
}

#[test]
fn a_page_of_another_origin_is_refused_also_when_it_asks_before() {
    let cors = json!({ "cors": { "origins": ["https://app.example"] }, "methods": ["POST"],
        "headers": [{ "name": "X-Key", "required": true }] });
    let asks = "OPTIONS /mcp HTTP/1.1\nAccess-Control-Request-Method: POST\nOrigin: ";
    check(
        cors,
        &[
            ("POST /mcp HTTP/1.1\nX-Key: 1", ""),
            ("POST /mcp HTTP/1.1\nX-Key: 1\nOrigin: https://app.example", ""),
            ("POST /mcp HTTP/1.1\nX-Key: 1\nOrigin: https://evil.example", "cors.origins"),
            ("POST /mcp HTTP/1.1\nX-Key: 1\nOrigin: null", "cors.origins"),
            (
                "POST /mcp HTTP/1.1\nX-Key: 1\nOrigin: https://app.example\nOrigin: https://app.example",
                "cors.origins",
            ),
            (&format!("{asks}https://app.example"), ""),
            (&format!("{asks}https://evil.example"), "cors.origins"),
            ("OPTIONS /mcp HTTP/1.1\nOrigin: https://app.example", "methods"),
        ],
    );
}

#[test]
fn requests_beyond_a_rate_are_told_when_to_come_again() {
    let policy = compiled(json!({ "rates": [{ "name": "each", "by": ["address"],
        "requests": 2, "per": "10s" }] }));
    let now = Instant::now();
    let decide = |peer, at| match decide(&policy, POST, peer, at) {
        Verdict::Passed(_) => None,
        Verdict::Refused(refusal) => Some(refusal),
    };
    assert_eq!([decide("203.0.113.9", now), decide("203.0.113.9", now)], [None, None]);
    let refusal = decide("203.0.113.9", now).unwrap();
    assert_eq!((refusal.status, refusal.part), (StatusCode::TOO_MANY_REQUESTS, Part::Rates));
    assert_eq!(refusal.error.code, 1503);
    assert_eq!(refusal.response().headers()["retry-after"], "5");
    assert_eq!(decide("203.0.113.10", now), None);
    assert_eq!(decide("203.0.113.9", now + Duration::from_secs(5)), None);
}

#[test]
fn addresses_of_one_ipv6_network_of_a_client_are_one() {
    let policy = compiled(json!({ "rates": [{ "name": "each", "by": ["address"],
        "requests": 1, "per": "10s" }] }));
    let now = Instant::now();
    let passes = |peer| matches!(decide(&policy, POST, peer, now), Verdict::Passed(_));
    assert!(passes("2001:db8::1"));
    assert!(!passes("2001:db8::2"));
    assert!(passes("2001:db8:0:1::1"));
}

#[test]
fn calls_of_a_tool_are_counted_by_the_headers_of_the_modern_era() {
    let policy = compiled(json!({ "rates": [{ "name": "deletes", "by": ["tool"],
        "tools": ["delete_*"], "requests": 1, "per": "10s" }] }));
    let call = |tool: &str| format!("POST /mcp HTTP/1.1\nMcp-Method: tools/call\nMcp-Name: {tool}");
    assert_eq!(refusal(&policy, &call("delete_all")), None);
    assert!(refusal(&policy, &call("delete_all")).is_some());
    // `delete_all`, as a name that HTTP cannot carry is written.
    assert!(refusal(&policy, &call("=?base64?ZGVsZXRlX2FsbA==?=")).is_some());
    assert_eq!(refusal(&policy, &call("delete_one")), None);
    for _ in 0..3 {
        assert_eq!(refusal(&policy, &call("read")), None);
        assert_eq!(refusal(&policy, POST), None);
        let prompt = "POST /mcp HTTP/1.1\nMcp-Method: prompts/get\nMcp-Name: delete_all";
        assert_eq!(refusal(&policy, prompt), None);
    }
}

#[test]
fn sessions_are_counted_apart_and_requests_without_one_not_at_all() {
    let policy = compiled(json!({ "rates": [{ "name": "each", "by": ["session"],
        "requests": 1, "per": "10s" }] }));
    let of = |session: &str| format!("GET /mcp HTTP/1.1\nMcp-Session-Id: {session}");
    assert_eq!([refusal(&policy, &of("a")), refusal(&policy, &of("b"))], [None, None]);
    assert!(refusal(&policy, &of("a")).is_some());
    assert_eq!([refusal(&policy, POST), refusal(&policy, POST)], [None, None]);
}

#[test]
fn so_many_requests_run_at_once_and_the_end_of_one_makes_room() {
    let policy = compiled(json!({ "concurrency": [{ "name": "all", "by": [], "max": 1 }] }));
    let now = Instant::now();
    let running = decide(&policy, POST, "203.0.113.9", now);
    let refusal = refusal(&policy, POST).unwrap();
    assert_eq!((refusal.part, refusal.rule.as_str()), (Part::Concurrency, "concurrency.all"));
    drop(running);
    assert!(matches!(decide(&policy, POST, "203.0.113.9", now), Verdict::Passed(_)));
}

#[test]
fn what_a_later_rule_refuses_takes_no_place() {
    let policy = compiled(json!({ "concurrency": [
        { "name": "each", "by": ["address"], "max": 1 }, { "name": "all", "by": [], "max": 1 }] }));
    let now = Instant::now();
    let running = decide(&policy, POST, "203.0.113.9", now);
    assert!(matches!(decide(&policy, POST, "203.0.113.10", now), Verdict::Refused(_)));
    drop(running);
    assert!(matches!(decide(&policy, POST, "203.0.113.10", now), Verdict::Passed(_)));
}

#[test]
fn an_explanation_has_every_part_also_after_one_that_refuses() {
    let policy = compiled(json!({ "trusted_proxies": ["10.0.0.1"], "methods": ["GET"],
        "networks": { "deny": ["6.6.6.0/24"] },
        "rates": [{ "name": "each", "by": ["principal"], "requests": 1, "per": "1s" },
            { "name": "all", "by": [], "requests": 1, "per": "1s" }] }));
    let head = format!("{POST}\nX-Forwarded-For: 6.6.6.6");
    let found = policy.explain(&parse_head(&head).unwrap(), from("10.0.0.1"), Instant::now());
    let found: Vec<_> = found.iter().map(|it| (it.part, it.outcome.is_ok())).collect();
    let refused = [Part::Networks, Part::Methods];
    let expected = Part::ALL.map(|it| (it, !refused.contains(&it)));
    assert_eq!(found, expected);
    let found = policy.explain(&parse_head(POST).unwrap(), from("6.6.6.6"), Instant::now());
    let rates = found.iter().find(|it| it.part == Part::Rates).unwrap();
    let refusal = rates.outcome.as_ref().unwrap_err();
    assert_eq!(refusal.rule, "rates.all");
    let address = found[0].outcome.as_ref().unwrap();
    assert_eq!(address, "the client is 6.6.6.6, at the other end of the connection");
}

#[test]
fn an_explanation_ends_where_the_address_is_not_known() {
    let policy = compiled(json!({ "trusted_proxies": ["10.0.0.1"] }));
    let head = format!("{POST}\nX-Forwarded-For: unknown");
    let found = policy.explain(&parse_head(&head).unwrap(), from("10.0.0.1"), Instant::now());
    assert_eq!(found.len(), 1);
    assert!(found[0].outcome.is_err());
}
