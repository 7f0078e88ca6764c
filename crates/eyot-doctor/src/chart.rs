//! Writes the steps down as they are made, and tells of them.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::finding::Finding;
use crate::report::{Ailment, Step, StepName};

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News<'a> {
    /// A step takes longer than a second, and is waited for.
    Waiting(StepName),
    /// A step is done.
    Done(&'a Step),
}

/// The steps so far.
pub(crate) struct Chart<'a> {
    pub(crate) steps: Vec<Step>,
    /// The longest that one step may take.
    pub(crate) patience: Duration,
    hear: &'a mut (dyn FnMut(News<'_>) + Send),
}

impl<'a> Chart<'a> {
    pub(crate) fn new(patience: Duration, hear: &'a mut (dyn FnMut(News<'_>) + Send)) -> Self {
        Self { steps: Vec::new(), patience, hear }
    }

    /// Waits for the work of a step, with its time. `None`: it took too long.
    pub(crate) async fn wait<T>(
        &mut self,
        name: StepName,
        patience: Duration,
        work: impl Future<Output = T>,
    ) -> (Option<T>, Duration) {
        let started = Instant::now();
        let mut work = pin!(timeout(patience, work));
        let done = tokio::select! {
            biased;
            done = &mut work => done,
            () = sleep(SOON) => {
                (self.hear)(News::Waiting(name));
                work.await
            }
        };
        (done.ok(), started.elapsed())
    }

    /// Writes a step down.
    pub(crate) fn note(&mut self, name: StepName, time: Duration, finding: Finding) {
        let Finding { verdict, detail, advice } = finding;
        let step = Step { name, verdict, time, detail, advice };
        (self.hear)(News::Done(&step));
        self.steps.push(step);
    }

    /// Writes a step down that was the last one.
    pub(crate) fn end<T>(
        &mut self,
        name: StepName,
        time: Duration,
        (ailment, finding): (Ailment, Finding),
    ) -> Result<T, Ailment> {
        self.note(name, time, finding);
        Err(ailment)
    }
}

impl fmt::Debug for Chart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chart").field("steps", &self.steps).finish_non_exhaustive()
    }
}

/// What is done in this time needs no word on what is waited for.
const SOON: Duration = Duration::from_secs(1);
