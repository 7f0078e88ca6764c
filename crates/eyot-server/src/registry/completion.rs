//! Completion: what an argument may become while its user types.

use std::collections::BTreeMap;
use std::fmt;

use eyot_types::Completion;

use crate::call::context::CallContext;
use crate::define::tool::Handling;
use crate::failure::{HandlerError, HandlerResult};

/// What an argument may become, the likeliest first.
#[derive(Debug)]
pub struct Suggestions(HandlerResult<Vec<String>>);

impl Suggestions {
    /// "The maximum number of items in `values` is 100" (2025-11-25, schema): what is beyond is
    /// counted and left out.
    pub(crate) fn into_completion(self) -> HandlerResult<Completion> {
        let mut values = self.0?;
        let total = values.len();
        values.truncate(VALUES_MAX);
        let mut completion = Completion::new(values);
        if total > VALUES_MAX {
            completion.total = u64::try_from(total).ok();
            completion.has_more = Some(true);
        }
        Ok(completion)
    }
}

impl<T: Into<String>> From<Vec<T>> for Suggestions {
    fn from(values: Vec<T>) -> Self {
        Self(Ok(values.into_iter().map(Into::into).collect()))
    }
}

impl<T: Into<String>, E: Into<HandlerError>> From<Result<Vec<T>, E>> for Suggestions {
    fn from(values: Result<Vec<T>, E>) -> Self {
        let values = values.map_err(Into::into);
        Self(values.map(|it| it.into_iter().map(Into::into).collect()))
    }
}

/// Completes one argument.
pub(crate) struct Completer(Handler);

type Handler = Box<dyn Fn(String, CallContext) -> Handling<Completion> + Send + Sync>;

impl Completer {
    pub(crate) fn new<F, Fut>(handler: F) -> Self
    where
        F: Fn(String, CallContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Into<Suggestions>> + Send + 'static,
    {
        Self(Box::new(move |value, call| {
            let running = handler(value, call);
            Box::pin(async move { running.await.into().into_completion() })
        }))
    }
}

/// The arguments of one thing that can be completed.
#[derive(Default)]
pub(crate) struct Completions(BTreeMap<String, Completer>);

impl Completions {
    pub(crate) fn insert(&mut self, argument: impl Into<String>, completer: Completer) {
        self.0.insert(argument.into(), completer);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The completion of an argument; nothing is suggested for one that has no handler.
    pub(crate) fn run(
        &self,
        argument: &str,
        value: String,
        call: CallContext,
    ) -> Handling<Completion> {
        match self.0.get(argument) {
            Some(Completer(handler)) => handler(value, call),
            None => Box::pin(std::future::ready(Ok(Completion::new(Vec::new())))),
        }
    }
}

impl fmt::Debug for Completions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Values of one completion.
const VALUES_MAX: usize = 100;
