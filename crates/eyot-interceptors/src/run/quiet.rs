//! Steps that have nothing to say, which most steps of most payloads are: what they share is done once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::failure::Failure;
use crate::plan::Step;

/// What a step has said of a payload.
pub(crate) enum Said<T> {
    /// It passes as it is.
    Nothing,
    /// This. `None`: the step has not been asked.
    Something(Option<Result<T, Failure>>),
}

/// Asks steps in their order, up to the first that says something; that one is not counted yet.
pub(crate) fn pass<'s, T>(
    steps: &mut impl Iterator<Item = &'s Step>,
    ask: impl Fn(&Step) -> Said<T>,
) -> Option<(&'s Step, Option<Result<T, Failure>>)> {
    let mut asked = None;
    // One guard for all of them: the one that was asked last is the one that panics.
    let said = catch_unwind(AssertUnwindSafe(|| {
        for step in steps {
            asked = Some(step);
            match ask(step) {
                Said::Nothing => step.meter.passed(),
                Said::Something(said) => return Some(said),
            }
        }
        None
    }));
    match said {
        Ok(said) => asked.zip(said),
        Err(_) => asked.map(|step| (step, Some(Err(Failure::Panicked)))),
    }
}

/// What a step does, whose panic is its own: "a panic in an interceptor fails its own call only".
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // What a step leaves half done is its own as well.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Failure::Panicked))
}
