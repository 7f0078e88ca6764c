//! A task has the members of its status and no others.

use serde_json::json;

use super::*;

#[test]
fn each_status_has_its_own_member() {
    let task = Task::new("t", "2025-11-25T10:30:00Z").with_ttl_ms(5);
    let members =
        |task: &Task| (task.input_requests.is_some(), task.result.is_some(), task.error.is_some());
    assert_eq!((task.status.clone(), members(&task)), (TaskStatus::Working, (false, false, false)));
    let task = task.waiting_for(InputRequests::new());
    assert_eq!(
        (task.status.clone(), members(&task)),
        (TaskStatus::InputRequired, (true, false, false))
    );
    let task = task.completed(JsonObject::new());
    assert_eq!(
        (task.status.clone(), members(&task)),
        (TaskStatus::Completed, (false, true, false))
    );
    let task = task.failed(ErrorObject::new(7, "no"));
    assert_eq!((task.status.clone(), members(&task)), (TaskStatus::Failed, (false, false, true)));
    let task = task.cancelled();
    assert_eq!(
        (task.status.clone(), members(&task)),
        (TaskStatus::Cancelled, (false, false, false))
    );
    assert_eq!(task.ttl_ms, Some(5));
}

#[test]
fn only_three_states_are_final() {
    for status in [TaskStatus::Completed, TaskStatus::Failed, TaskStatus::Cancelled] {
        assert!(status.is_terminal(), "{status}");
    }
    for status in [TaskStatus::Working, TaskStatus::InputRequired, TaskStatus::from("paused")] {
        assert!(!status.is_terminal(), "{status}");
    }
}

#[test]
fn a_task_lies_flat_in_its_results() {
    let task = || Task::new("t", "2025-11-25T10:30:00Z");
    let flat = |result_type: &str| {
        json!({
            "resultType": result_type, "taskId": "t", "status": "working", "ttlMs": null,
            "createdAt": "2025-11-25T10:30:00Z", "lastUpdatedAt": "2025-11-25T10:30:00Z",
        })
    };
    let created = serde_json::to_value(CreateTaskResult::new(task())).unwrap();
    assert_eq!(created, flat("task"));
    let state = serde_json::to_value(GetTaskResult::new(task())).unwrap();
    assert_eq!(state, flat("complete"));
}
