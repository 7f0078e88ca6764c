//! Items, as servers write them.

use eyot_jsonrpc::{Id, Response};
use serde_json::json;

use super::{Item, Listing, Page};

fn written(item: &Item, name: Option<&str>) -> String {
    let mut text = String::new();
    item.write(name, &mut text);
    text
}

#[test]
fn an_item_keeps_its_text_but_for_its_name() {
    let text = r#"{ "title":"name" , "name" : "a\"b", "x":{"name":"a"} }"#;
    let item = Item::read(Listing::Tools, text).unwrap();
    assert_eq!(item.key(), "a\"b");
    assert_eq!(written(&item, None), text);
    assert_eq!(
        written(&item, Some("c\"d")),
        r#"{ "title":"name" , "name" : "c\"d", "x":{"name":"a"} }"#
    );
}

#[test]
fn a_page_has_its_items_its_cursor_and_how_long_it_holds() {
    let result = json!({
        "tools": [{ "name": "a" }, { "title": "none" }, { "name": 7 }],
        "nextCursor": "",
        "ttlMs": 5,
    });
    let page = Page::read(Listing::Tools, &Response::new(Id::from_number(1), &result)).unwrap();
    assert_eq!(page.items.iter().map(Item::key).collect::<Vec<_>>(), ["a"]);
    assert_eq!(page.next_cursor.as_deref(), Some(""));
    assert_eq!(page.ttl.map(|it| it.as_millis()), Some(5));
}

#[test]
fn what_is_no_list_is_no_page() {
    for result in [json!({}), json!({ "tools": {} }), json!({ "prompts": [] })] {
        let answer = Response::new(Id::from_number(1), &result);
        assert!(Page::read(Listing::Tools, &answer).is_none(), "{result}");
    }
}
