//! Merged lists: their texts, where their names lead, and what they cost.

use std::sync::Arc;

use allocation_counter::measure;
use eyot_jsonrpc::{Id, Response};
use eyot_service::{BoxService, Reply};
use serde_json::{Value, json};

use super::{Part, View};
use crate::item_list::ItemList;
use crate::listing::Listing;
use crate::member::Member;
use crate::names::Prefix;

fn part(server: &str, array: &str) -> Part {
    let service = BoxService::from_fn(|_| Box::pin(async { Ok(Reply::None) }));
    let member = Member::new(server, Member::slot_of(server), service);
    let items = ItemList::of(Listing::Tools, vec![array.to_owned()]).unwrap();
    Part { member, items: Arc::new(items) }
}

fn view(parts: &[Part]) -> View {
    View::new(parts.to_vec(), Listing::Tools, Prefix::Auto, None)
}

/// The tools that clients are told, from number `start` on.
fn told(view: &View, start: usize, count: usize) -> Value {
    let (runs, next) = view.runs(start, count, 1_000_000);
    assert_eq!(next, (start + count).min(view.len()));
    let answer = Response::new(Id::from_number(1), &json!({})).with_array("tools", &runs).unwrap();
    let result: Value = serde_json::from_str(answer.result().unwrap()).unwrap();
    result["tools"].clone()
}

#[test]
fn items_are_told_in_their_order_under_their_names() {
    let parts = [
        part("a", r#"[{"name":"x","n":1},{"title":"none"},{"name":"\u0079","n":2},{"name":"z"}]"#),
        part("b", r#"[{"name":"w"},{"n":3,"name":"x"}]"#),
    ];
    let view = view(&parts);
    let expected = json!([
        { "name": "a_x", "n": 1 }, { "name": "y", "n": 2 }, { "name": "z" },
        { "name": "w" }, { "name": "b_x", "n": 3 },
    ]);
    assert_eq!(told(&view, 0, 5), expected);
    for start in 0..5 {
        assert_eq!(told(&view, start, 1), json!([expected[start]]));
    }
    assert_eq!(told(&view, 5, 1), json!([]));
}

#[test]
fn a_page_has_as_many_bytes_as_it_may_and_at_least_one_item() {
    let view = view(&[part("a", r#"[{"name":"x"},{"name":"y"},{"name":"z"}]"#)]);
    let next = |bytes| view.runs(0, 3, bytes).1;
    assert_eq!((next(1), next(25), next(26), next(100)), (1, 1, 2, 3));
}

#[test]
fn a_name_leads_to_its_server_and_to_what_that_server_calls_it() {
    let parts = [
        part("a", r#"[{"name":"x"},{"name":"a.b"}]"#),
        part("b", r#"[{"name":"x"},{"name":"y"}]"#),
    ];
    let view = view(&parts);
    let check = |name: &str, number: usize, original: Option<&str>| {
        let route = view.route(name).unwrap();
        assert!(route.member.is(&parts[number].member), "{name}");
        assert_eq!(route.original.as_deref(), original, "{name}");
    };
    check("a_x", 0, Some("x"));
    check("b_x", 1, Some("x"));
    check("y", 1, None);
    let marked = told(&view, 1, 1)[0]["name"].as_str().unwrap().to_owned();
    check(&marked, 0, Some("a.b"));
    assert!(view.route("x").is_none() && view.route("a.b").is_none());
}

#[test]
fn a_list_holds_its_text_once_and_little_more_of_each_item() {
    let arrays: Vec<String> = (0..30)
        .map(|server| {
            let tools = (0..100)
                .map(|it| json!({ "name": format!("t{server}_{it}"), "d": "x".repeat(200) }));
            Value::from_iter(tools).to_string()
        })
        .collect();
    let text: usize = arrays.iter().map(String::len).sum();
    let mut known = None;
    let held = measure(|| {
        let parts = (0..).zip(&arrays).map(|(server, array)| part(&format!("s{server}"), array));
        known = Some(view(&parts.collect::<Vec<_>>()));
    });
    let known = known.unwrap();
    assert_eq!(known.len(), 3_000);
    let each = (held.bytes_current - i64::try_from(text).unwrap()) / 3_000;
    assert!(each < 60, "{each} bytes beside its text");
    // A whole list is told without a copy of it.
    let answer = Response::new(Id::from_number(1), &json!({}));
    let telling = measure(|| {
        let (runs, _) = known.runs(0, 5_000, 4 << 20);
        drop(answer.with_array("tools", &runs));
    });
    assert!(telling.bytes_max < 16 << 10, "{} bytes", telling.bytes_max);
}
