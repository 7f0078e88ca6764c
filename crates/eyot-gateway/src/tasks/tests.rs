//! The places of tasks.

use eyot_jsonrpc::{Id, Message};
use eyot_service::{BoxService, Fault};
use serde_json::{Value, json};

use super::TaskPlaces;
use crate::member::Member;

fn member(name: &str) -> Member {
    let service = BoxService::from_fn(|_| Box::pin(async { Err(Fault::unanswered()) }));
    Member::new(name, Member::slot_of(name), service)
}

fn learn(places: &TaskPlaces, result: &Value, member: &Member) {
    places.learn(&Message::response(Id::from_number(1), result), member, 2);
}

#[test]
fn a_task_is_known_by_the_answer_that_begins_it() {
    let (places, a, b) = (TaskPlaces::default(), member("a"), member("b"));
    learn(&places, &json!({ "task": { "status": "working", "taskId": "old" } }), &a);
    learn(&places, &json!({ "resultType": "task", "taskId": "new" }), &b);
    learn(&places, &json!({ "content": [] }), &b);
    assert!(places.find("old").is_some_and(|it| it.is(&a)));
    assert!(places.find("new").is_some_and(|it| it.is(&b)));
    assert!(places.find("none").is_none());
}

#[test]
fn the_oldest_tasks_are_forgotten() {
    let (places, a) = (TaskPlaces::default(), member("a"));
    for id in ["1", "2", "2", "3"] {
        learn(&places, &json!({ "taskId": id }), &a);
    }
    assert!(places.find("1").is_none());
    assert!(places.find("2").is_some() && places.find("3").is_some());
}
