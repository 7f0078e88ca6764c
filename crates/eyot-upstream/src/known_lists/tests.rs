//! What is told again, and to whom.

use eyot_jsonrpc::{Id, Response};
use serde_json::json;

use super::*;

fn lists(limits: impl FnOnce(&mut Limits)) -> KnownLists {
    let mut all = Limits::default();
    limits(&mut all);
    KnownLists::new(&all)
}

fn audience(principal: &str, class: &str) -> Audience {
    let mut digest = [0; 32];
    digest[..class.len()].copy_from_slice(class.as_bytes());
    Audience { principal: Some(principal.into()), class: digest }
}

fn ask(method: &str, cursor: Option<&str>) -> Request {
    Request::unnumbered(method, &json!({ "cursor": cursor, "_meta": { "x": 1 } }))
}

fn page(text: &str) -> KnownPage {
    let answer = Response::new(Id::from_number(1), &json!({ "said": text }));
    KnownPage { answer, server: Json::parse(r#"{"name":"s","version":"1"}"#).unwrap() }
}

fn found(lists: &KnownLists, audience: &Audience, request: &Request) -> Option<String> {
    lists.find(audience, request).map(|it| it.answer.result().unwrap().to_owned())
}

#[tokio::test]
async fn a_page_is_told_again_to_those_to_whom_it_was_told() {
    let lists = lists(|_| {});
    let ada = audience("ada", "{}");
    lists.learn(&ada, &ask("tools/list", None), page("first"));
    lists.learn(&ada, &ask("tools/list", Some("2")), page("second"));
    assert!(found(&lists, &ada, &ask("tools/list", None)).unwrap().contains("first"));
    assert!(found(&lists, &ada, &ask("tools/list", Some("2"))).unwrap().contains("second"));
    assert_eq!(found(&lists, &ada, &ask("tools/list", Some("3"))), None);
    assert_eq!(found(&lists, &ada, &ask("prompts/list", None)), None);
    for other in [audience("bob", "{}"), audience("ada", "{\"roots\":{}}")] {
        assert_eq!(found(&lists, &other, &ask("tools/list", None)), None);
    }
    lists.learn(&ada, &ask("tools/call", None), page("no list"));
    assert_eq!(found(&lists, &ada, &ask("tools/call", None)), None);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_changed_is_asked_for_again() {
    let lists = lists(|_| {});
    let (ada, bob) = (audience("ada", "{}"), audience("bob", "{}"));
    let tools = ask("tools/list", None);
    let learn = || {
        for method in ["tools/list", "prompts/list", "resources/list"] {
            lists.learn(&ada, &ask(method, None), page("a"));
        }
        lists.learn(&bob, &tools, page("b"));
    };
    learn();
    lists.handle_changed(&[List::Prompts, List::Resources]);
    assert!(found(&lists, &ada, &tools).is_some());
    assert_eq!(found(&lists, &ada, &ask("prompts/list", None)), None);
    assert_eq!(found(&lists, &ada, &ask("resources/list", None)), None);
    lists.forget(&ada);
    assert_eq!(found(&lists, &ada, &tools), None);
    assert!(found(&lists, &bob, &tools).is_some());
    tokio::time::advance(Limits::default().memory.known_lists_ttl).await;
    assert_eq!(found(&lists, &bob, &tools), None);
}

#[tokio::test(start_paused = true)]
async fn pages_have_a_bound_in_number_and_in_bytes_and_a_share() {
    let lists = lists(|limits| {
        limits.memory.known_lists_max = 8;
        limits.memory.known_lists_bytes_max = 400;
    });
    let (ada, bob) = (audience("ada", "{}"), audience("bob", "{}"));
    for cursor in ["1", "2", "3"] {
        lists.learn(&ada, &ask("tools/list", Some(cursor)), page(cursor));
    }
    assert!(found(&lists, &ada, &ask("tools/list", Some("2"))).is_some());
    assert_eq!(found(&lists, &ada, &ask("tools/list", Some("3"))), None, "a quarter of eight");
    lists.learn(&bob, &ask("tools/list", None), page(&"b".repeat(200)));
    assert_eq!(found(&lists, &bob, &ask("tools/list", None)), None, "a quarter of 400 bytes");
    lists.learn(&bob, &ask("tools/list", None), page("b"));
    assert!(found(&lists, &bob, &ask("tools/list", None)).is_some());
    tokio::time::advance(Limits::default().memory.known_lists_ttl).await;
    lists.learn(&ada, &ask("tools/list", Some("3")), page("3"));
    assert!(found(&lists, &ada, &ask("tools/list", Some("3"))).is_some(), "old ones make room");
}
