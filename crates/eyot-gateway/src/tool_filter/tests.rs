//! Which tools pass.

use eyot_jsonrpc::{Id, Message};
use serde_json::{Value, json};

use super::ToolFilter;

#[track_caller]
fn check(include: Option<&[&str]>, exclude: &[&str], expected: &[&str]) {
    let owned = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect();
    let filter = ToolFilter { include: include.map(owned), exclude: owned(exclude) };
    let tools: Vec<Value> = ["a", "b", "c"].iter().map(|it| json!({ "name": it })).collect();
    let answer = Message::response(Id::from_number(1), &json!({ "tools": tools, "x": 1 }));
    let listed: Value = filter.listed(answer).decode_result().unwrap();
    let names: Vec<_> = listed["tools"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, expected);
    assert_eq!(listed["x"], 1);
}

#[test]
fn a_list_has_the_tools_that_are_offered() {
    check(None, &[], &["a", "b", "c"]);
    check(None, &["b"], &["a", "c"]);
    check(Some(&["b", "c", "d"]), &[], &["b", "c"]);
    check(Some(&["b", "c"]), &["b"], &["c"]);
    check(Some(&[]), &[], &[]);
}

#[test]
fn what_is_no_list_stays_as_it_is() {
    let filter = ToolFilter { include: Some([].into()), ..ToolFilter::default() };
    for result in [json!({}), json!({ "tools": 7 }), json!([1])] {
        let answer = Message::response(Id::from_number(1), &result);
        assert_eq!(filter.listed(answer.clone()).to_bytes(), answer.to_bytes(), "{result}");
    }
}
