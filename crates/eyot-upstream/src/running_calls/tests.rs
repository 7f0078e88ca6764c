//! The map finds what a list of all calls would find.

use eyot_jsonrpc::{Id, UpstreamId};
use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use proptest::sample::Index;

use super::RunningCalls;

proptest! {
    /// Each step begins a call under one of a few callers' ids, or ends one that runs.
    #[test]
    fn oldest_running_call_of_an_id_is_found(steps in vec((any::<bool>(), 0_u64..5, any::<Index>()), 0..200)) {
        let mut calls = RunningCalls::default();
        let mut model: Vec<(Id, UpstreamId)> = Vec::new();
        for (number, (ends, caller, which)) in (1..).zip(steps) {
            if ends && !model.is_empty() {
                let (id, ours) = model.remove(which.index(model.len()));
                calls.end(&id, ours);
            } else {
                let (id, ours) = (Id::from_number(caller), UpstreamId::new(number));
                calls.begin(id.clone(), ours);
                model.push((id, ours));
            }
            for caller in 0..5 {
                let id = Id::from_number(caller);
                let oldest = model.iter().find(|it| it.0 == id).map(|it| it.1);
                assert_eq!(calls.find(&id), oldest);
            }
        }
    }
}

#[test]
fn call_that_has_ended_twice_takes_no_other_with_it() {
    let mut calls = RunningCalls::default();
    let id = Id::from_number(1);
    (1..=40).for_each(|ours| calls.begin(id.clone(), UpstreamId::new(ours)));
    for _ in 0..2 {
        calls.end(&id, UpstreamId::new(1));
        calls.end(&id, UpstreamId::new(30));
    }
    let found = std::iter::from_fn(|| {
        let ours = calls.find(&id)?;
        calls.end(&id, ours);
        Some(ours.get())
    });
    let expected: Vec<_> = (2..=40).filter(|it| *it != 30).collect();
    assert_eq!(found.collect::<Vec<_>>(), expected);
}
