//! Whose a task is, as its id says.

use eyot_jsonrpc::Id;
use serde_json::json;

use super::*;

fn ids_of(upstream: &str) -> TaskIds {
    TaskIds { key: Secret::new([7; 32]), upstream: upstream.into() }
}

fn ids() -> TaskIds {
    ids_of("server 1")
}

fn request(method: &str, params: &Value) -> Request {
    Request::new(Id::from_number(1), method, params)
}

fn params(message: &Message) -> Value {
    message.decode_params().unwrap()
}

/// The id that `owner` is told for the task `t.1` of the server.
fn told(ids: &TaskIds, owner: &str) -> String {
    let answer =
        Response::new(Id::from_number(1), &json!({ "resultType": "task", "taskId": "t.1" }));
    let result: Value = ids.in_answer(owner, answer).decode_result().unwrap();
    result["taskId"].as_str().unwrap().to_owned()
}

#[test]
fn id_is_told_the_same_each_time_and_otherwise_to_another_principal() {
    let ids = ids();
    assert_eq!(told(&ids, "alice"), told(&ids, "alice"));
    assert_ne!(told(&ids, "alice"), told(&ids, "bob"));
    let note = Message::notification("notifications/tasks", &json!({ "taskId": "t.1", "n": 1 }));
    let note = params(&ids.in_notification("alice", note));
    assert_eq!(note, json!({ "taskId": told(&ids, "alice"), "n": 1 }));
}

#[test]
fn only_the_owner_can_ask_for_a_task_and_only_at_its_server() {
    let ids = ids();
    let id = told(&ids, "alice");
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let asked = request(method, &json!({ "taskId": id, "n": 1 }));
        assert!(concern(&asked));
        let own = ids.in_request("alice", &asked).unwrap();
        assert_eq!(params(&own), json!({ "taskId": "t.1", "n": 1 }));
        assert!(ids.in_request("bob", &asked).is_none());
        assert!(ids_of("server 2").in_request("alice", &asked).is_none());
    }
    let forged = ["t.1", "t", "", ".", &format!("{id}0"), &id[..id.len() - 1], &format!("x{id}")];
    for id in forged {
        let asked = request("tasks/get", &json!({ "taskId": id }));
        assert!(ids.in_request("alice", &asked).is_none(), "{id}");
    }
}

#[test]
fn of_tasks_to_listen_to_foreign_ones_are_left_out() {
    let ids = ids();
    let (own, foreign) = (told(&ids, "alice"), told(&ids, "bob"));
    let wanted =
        json!({ "notifications": { "toolsListChanged": true, "taskIds": [own, foreign] } });
    let asked = request("subscriptions/listen", &wanted);
    assert!(concern(&asked));
    let asked = params(&ids.in_request("alice", &asked).unwrap());
    assert_eq!(asked, json!({ "notifications": { "toolsListChanged": true, "taskIds": ["t.1"] } }));
    let promised = Message::notification("notifications/subscriptions/acknowledged", &asked);
    let promised = params(&ids.in_notification("alice", promised));
    assert_eq!(promised["notifications"], json!({ "toolsListChanged": true, "taskIds": [own] }));
}

#[test]
fn what_names_no_task_stays_as_it_is() {
    let ids = ids();
    let text = r#"{ "notifications" : { "toolsListChanged" : true } }"#;
    let listen: Value = serde_json::from_str(text).unwrap();
    for asked in [request("subscriptions/listen", &listen), request("tasks/get", &json!({}))] {
        let same = ids.in_request("alice", &asked).unwrap();
        assert_eq!(same.to_bytes(), asked.to_bytes());
    }
    let note = Message::notification("notifications/message", &json!({ "taskId": "t" }));
    assert_eq!(ids.in_notification("alice", note.clone()).to_bytes(), note.to_bytes());
    assert!(!concern(&request("tools/call", &json!({ "taskId": "t" }))));
}
