//! Tasks find room, or are told that there is none.

use std::sync::Arc;

use eyot_service::Limits;

use super::TaskRooms;

fn rooms() -> Arc<TaskRooms> {
    let mut limits = Limits::default();
    limits.memory.tasks_max = 3;
    limits.memory.tasks_per_principal_max = 2;
    limits.memory.task_results_bytes_max = 10;
    TaskRooms::new(&limits)
}

#[test]
fn one_principal_does_not_take_the_room_of_all() {
    let rooms = rooms();
    let (ada, bob): (Arc<str>, Arc<str>) = ("ada".into(), "bob".into());
    let first = rooms.take(Some(&ada)).unwrap();
    let _second = rooms.take(Some(&ada)).unwrap();
    assert_eq!(rooms.take(Some(&ada)).unwrap_err().data.unwrap()["limit"], "tasks");
    let third = rooms.take(Some(&bob)).unwrap();
    assert!(rooms.take(None).is_err(), "there are as many as there may be");
    drop((first, third));
    assert_eq!(rooms.quota.usage().things, 1);
    assert!(rooms.take(Some(&ada)).is_ok());
}

#[test]
fn a_result_is_kept_as_long_as_there_is_room() {
    let rooms = rooms();
    let (mut first, mut second) = (rooms.take(None).unwrap(), rooms.take(None).unwrap());
    assert!(first.grow(6).is_ok());
    assert!(second.grow(5).is_err());
    drop(first);
    assert!(second.grow(10).is_ok());
}
