//! Completion: suggestions for an argument while the user types.

use std::collections::BTreeMap;
use std::fmt;

use eyot_types::Completion;

use super::handling::Handling;
use crate::failure::{HandlerError, HandlerResult};

/// Suggested values of an argument, the likeliest first.
#[derive(Debug)]
pub struct Suggestions(HandlerResult<Vec<String>>);

impl Suggestions {
    /// "The maximum number of items in `values` is 100" (2025-11-25, schema): further values are
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

/// Completes one argument, in calls that handlers get as a `C`.
pub(crate) struct Completer<C>(Handler<C>);

type Handler<C> = Box<dyn Fn(String, C) -> Handling<Completion> + Send + Sync>;

impl<C> Completer<C> {
    pub(crate) fn new<F, Fut>(handler: F) -> Self
    where
        F: Fn(String, C) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Into<Suggestions>> + Send + 'static,
    {
        Self(Box::new(move |value, call| {
            let running = handler(value, call);
            Box::pin(async move { running.await.into().into_completion() })
        }))
    }
}

/// The arguments of one thing that can be completed.
pub(crate) struct Completions<C>(BTreeMap<String, Completer<C>>);

impl<C> Completions<C> {
    pub(crate) fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(crate) fn insert(&mut self, argument: impl Into<String>, completer: Completer<C>) {
        self.0.insert(argument.into(), completer);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The completion of an argument. Without a handler, nothing is suggested.
    pub(crate) fn run(&self, argument: &str, value: String, call: C) -> Handling<Completion> {
        match self.0.get(argument) {
            Some(Completer(handler)) => handler(value, call),
            None => Box::pin(std::future::ready(Ok(Completion::new(Vec::new())))),
        }
    }
}

impl<C> fmt::Debug for Completions<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Values of one completion.
const VALUES_MAX: usize = 100;
