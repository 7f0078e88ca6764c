//! An interceptor that counts what passes.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyot::{Interceptor, Interceptors, Phase, Plan, PlanOptions, Validation, View};
use parking_lot::Mutex;

/// Counts the payloads that pass: by event and phase, and behind the name of the server where there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Arc<Mutex<BTreeMap<String, usize>>>);

impl Counter {
    /// A plan that counts, for one place.
    pub(crate) fn interceptors(&self) -> Interceptors {
        let seen = Arc::clone(&self.0);
        let count = Interceptor::validator("count", move |view: &View<'_>| {
            let key = format!("{} {}", view.event(), view.phase().as_str());
            let at_server = view.origin().server().map(|it| format!("{it}: {key}"));
            let mut seen = seen.lock();
            for key in at_server.into_iter().chain([key]) {
                *seen.entry(key).or_default() += 1;
            }
            Ok(Validation::PASS)
        });
        let steps = [count.on_both(["*"]).on(Phase::Request, ["notifications/message"])];
        Interceptors::new(Plan::compile(steps, PlanOptions::default()).unwrap())
    }

    /// How often this has passed, like `tools/call request` or `a: tools/list response`.
    pub(crate) fn of(&self, key: &str) -> usize {
        self.0.lock().get(key).copied().unwrap_or_default()
    }

    /// How often calls of tools have passed: their requests and their answers.
    pub(crate) fn calls(&self) -> (usize, usize) {
        (self.of("tools/call request"), self.of("tools/call response"))
    }
}
