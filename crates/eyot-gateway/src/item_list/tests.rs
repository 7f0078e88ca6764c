//! Items, as servers write them.

use eyot_jsonrpc::{Id, Response};
use serde_json::json;

use super::{ItemList, Listing, Page};

fn list(pages: &[&str]) -> ItemList {
    ItemList::of(Listing::Tools, pages.iter().map(|it| (*it).to_owned()).collect()).unwrap()
}

fn keys(list: &ItemList) -> Vec<String> {
    list.usable().map(|(_, it)| it.key().into_owned()).collect()
}

#[test]
fn an_item_keeps_its_text_but_for_its_name() {
    let text = r#"[{ "title":"name" , "name" : "a\"b", "x":{"name":"a"} }]"#;
    let list = list(&[text]);
    let item = list.get(0).unwrap();
    assert_eq!(item.key(), "a\"b");
    let mut written = String::new();
    item.write_as("c\"d", &mut written);
    assert_eq!(written, r#"{ "title":"name" , "name" : "c\"d", "x":{"name":"a"} }"#);
}

#[test]
fn items_without_a_name_are_not_used_and_names_may_be_empty() {
    let list = list(&[r#"[{"name":"a"},{"title":"none"},{"name":7},{"name":""},5,{"name":"b"}]"#]);
    assert_eq!(keys(&list), ["a", "", "b"]);
    assert_eq!(list.usable().map(|(number, _)| number).collect::<Vec<_>>(), [0, 3, 5]);
}

#[test]
fn the_items_of_all_pages_are_one_list() {
    let pages = [r#"[ {"name":"a"} ]"#, "[ ]", r#"[{"name":"b"},{"name":"c"}]"#, "[]"];
    assert_eq!(keys(&list(&pages)), ["a", "b", "c"]);
    assert_eq!(keys(&list(&["[]", "[ ]"])), [""; 0]);
    assert_eq!(keys(&list(&[])), [""; 0]);
}

#[test]
fn a_page_has_its_items_its_cursor_and_how_long_it_holds() {
    let result = json!({ "tools": [{ "name": "a" }], "nextCursor": "", "ttlMs": 5 });
    let page = Page::read(Listing::Tools, &Response::new(Id::from_number(1), &result)).unwrap();
    assert_eq!(page.array, r#"[{"name":"a"}]"#);
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
