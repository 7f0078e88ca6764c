//! Tasks find room, or are told that there is none.

use std::sync::Arc;

use eyot_service::{Limits, Totals};

use super::TaskQuota;

fn quota(principal_parts: usize) -> Arc<TaskQuota> {
    let mut limits = Limits::default();
    limits.principal_parts = principal_parts;
    limits.memory.tasks_max = 3;
    limits.memory.task_results_bytes_max = 10;
    TaskQuota::new(&Totals::new(Arc::new(limits)), &limits)
}

#[test]
fn one_principal_does_not_take_the_room_of_all() {
    let quota = quota(2);
    let (ada, bob): (Arc<str>, Arc<str>) = ("ada".into(), "bob".into());
    let first = quota.permit(Some(&ada)).unwrap();
    let _second = quota.permit(Some(&ada)).unwrap();
    assert_eq!(quota.permit(Some(&ada)).unwrap_err().data.unwrap()["limit"], "tasks");
    let third = quota.permit(Some(&bob)).unwrap();
    assert!(quota.permit(None).is_err(), "there are as many as there may be");
    drop((first, third));
    assert_eq!(quota.quota.usage().things, 1);
    assert!(quota.permit(Some(&ada)).is_ok());
}

#[test]
fn a_result_is_kept_as_long_as_there_is_room() {
    let quota = quota(1);
    let (mut first, mut second) = (quota.permit(None).unwrap(), quota.permit(None).unwrap());
    assert!(first.grow(6).is_ok());
    assert!(second.grow(5).is_err());
    drop(first);
    assert!(second.grow(10).is_ok());
}
