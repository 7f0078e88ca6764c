//! The time when touches are written although no write comes.

use eyot_testkit::samples::session_id;

use super::{Instant, Intake, TOUCH_DELAY_MAX, TOUCHES_DUE};
use crate::failure::unavailable;

fn due(intake: &Intake) -> Option<Instant> {
    intake.state.lock().touches_due
}

#[test]
fn a_touch_is_due_after_the_delay_and_settled_by_its_commit() {
    let intake = Intake::new(1);
    let id = session_id("touched");
    assert_eq!(due(&intake), None);
    intake.touch(&id, 5);
    let first = due(&intake).unwrap();
    assert!(first <= Instant::now() + TOUCH_DELAY_MAX);
    intake.touch(&id, 7);
    intake.touch(&id, 6);
    assert_eq!(due(&intake), Some(first), "later touches do not put it off");

    intake.settle(&[(id.clone(), 5)]);
    assert_eq!(intake.touched(&id), Some(7), "it has moved since");
    intake.settle(&[(id.clone(), 7)]);
    assert_eq!(intake.touched(&id), None);
}

#[test]
fn many_touches_are_due_at_once() {
    let intake = Intake::new(1);
    for number in 0..TOUCHES_DUE {
        intake.touch(&session_id(&format!("touched-{number}")), 5);
    }
    let batch = intake.next_batch().unwrap();
    assert_eq!(batch.touches.len(), TOUCHES_DUE);
    assert!(batch.writes.is_empty());
}

#[test]
fn a_touch_that_could_not_be_written_is_planned_anew() {
    let intake = Intake::new(1);
    intake.touch(&session_id("touched"), 5);
    let batch = intake.state.lock().take_batch();
    assert_eq!((batch.touches.len(), due(&intake)), (1, None));
    intake.settle(&[]);
    assert!(due(&intake).is_some());
}

#[test]
fn a_closed_intake_gives_its_touches_once_and_takes_no_more() {
    let intake = Intake::new(1);
    let id = session_id("touched");
    intake.touch(&id, 5);
    intake.close(unavailable("store is closed"));
    intake.touch(&id, 9);
    assert_eq!(intake.next_batch().unwrap().touches, [(id, 5)]);
    assert!(intake.next_batch().is_none());
}
