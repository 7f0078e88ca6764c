//! Calls by number, and whose turn it is.

use std::time::{Duration, Instant};

use super::super::ParkedTable;

fn table(count: u64) -> ParkedTable<u64, &'static str> {
    let mut table = ParkedTable::default();
    for number in 1..=count {
        assert_eq!(table.insert(|it| it), number);
    }
    table
}

#[test]
fn each_call_is_looked_at_once_and_not_after_its_time() {
    let (mut table, begin) = (table(3), Instant::now());
    let at = |seconds| begin + Duration::from_secs(seconds);
    assert_eq!(table.take_due(at(9)), Err(None));
    assert!(table.look_at(1, at(5)) && table.look_at(2, at(3)));
    assert!(!table.look_at(3, at(4)) && !table.look_at(2, at(9)), "it is not the next");
    assert!(table.look_at(1, at(1)), "it is to be looked at earlier");
    assert!(!table.look_at(9, at(0)), "there is no such call");
    assert_eq!(table.take_due(at(0)), Err(Some(at(1))));
    assert!(table.remove(3).is_some() && table.remove(3).is_none());
    assert_eq!([table.take_due(at(4)), table.take_due(at(4))], [Ok(1), Ok(2)]);
    assert_eq!(table.take_due(at(99)), Err(None));
    assert_eq!((table.get(1), table.get(3)), (Some(&1), None));
}

#[test]
fn the_oldest_that_has_ended_is_an_own_one_if_there_is_one() {
    let mut table = table(4);
    assert_eq!(table.oldest_ended(|_| true), None);
    for (number, kept) in [(3, "a"), (1, "b"), (2, "b")] {
        assert_eq!(table.end(number, kept), None);
    }
    assert_eq!(table.end(9, "forgotten"), Some("forgotten"));
    assert_eq!(table.oldest_ended(|it| *it == "b"), Some(1));
    assert_eq!(table.oldest_ended(|it| *it == "c"), Some(3));
    assert_eq!((table.remove(3), table.remove(4)), (Some((3, Some("a"))), Some((4, None))));
    assert_eq!(table.oldest_ended(|it| *it == "a"), Some(1));
}
