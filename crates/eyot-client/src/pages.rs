//! Lists of several pages, item by item.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_types::Oddities;
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;

use crate::answer::Page;
use crate::call::CallBuilder;
use crate::error::ClientError;

/// The items of a list; pages are asked for as they are needed. Ends after an error.
///
/// A server that gives a cursor for the second time, or cursors without end, has no more to say:
/// the list ends there, with a warning in the log.
pub struct Pages<T> {
    items: Pin<Box<dyn Stream<Item = Result<T, ClientError>> + Send>>,
    oddities: Arc<Mutex<Oddities>>,
}

impl<T: Send + 'static> Pages<T> {
    /// All pages that `first` and its followers give.
    pub(crate) fn new<P: Page<Item = T>>(
        first: impl Fn() -> CallBuilder<P> + Send + 'static,
    ) -> Self {
        let oddities = Arc::default();
        let reading = Reading {
            first,
            items: VecDeque::new(),
            oddities: Arc::clone(&oddities),
            next: Next::First,
            seen: Seen::default(),
        };
        Self { items: Box::pin(stream::unfold(reading, Reading::next)), oddities }
    }

    /// What was odd in the pages that were read so far: such as an item that was left out.
    #[must_use]
    pub fn oddities(&self) -> Oddities {
        self.oddities.lock().clone()
    }

    /// The next item.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: items are handed out once.
    pub async fn next(&mut self) -> Option<Result<T, ClientError>> {
        self.items.next().await
    }

    /// All items, at most `items_max`.
    ///
    /// # Errors
    ///
    /// Those of the pages; [`ClientError::Request`] when there are more items.
    ///
    /// # Cancel safety
    ///
    /// What was read is lost.
    pub async fn collect_all(mut self, items_max: usize) -> Result<Vec<T>, ClientError> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            if items.len() >= items_max {
                let reason = format!("list has more than {items_max} items");
                return Err(ClientError::Request { reason });
            }
            items.push(item?);
        }
        Ok(items)
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<T, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.as_mut().poll_next(cx)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}

enum Next {
    First,
    Cursor(String),
    Nothing,
}

struct Reading<F, T> {
    first: F,
    items: VecDeque<T>,
    oddities: Arc<Mutex<Oddities>>,
    next: Next,
    seen: Seen,
}

impl<F, P> Reading<F, P::Item>
where
    P: Page,
    F: Fn() -> CallBuilder<P> + Send,
{
    async fn next(mut self) -> Option<(Result<P::Item, ClientError>, Self)> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Some((Ok(item), self));
            }
            let call = match std::mem::replace(&mut self.next, Next::Nothing) {
                Next::First => (self.first)(),
                Next::Cursor(cursor) => (self.first)().cursor(cursor),
                Next::Nothing => return None,
            };
            let mut page = match call.await {
                Ok(page) => page,
                Err(error) => return Some((Err(error), self)),
            };
            self.oddities.lock().extend(std::mem::take(page.oddities_mut()));
            let (items, cursor) = page.into_parts();
            self.items.extend(items);
            if let Some(cursor) = cursor {
                if self.seen.is_new(&cursor) {
                    self.next = Next::Cursor(cursor);
                } else {
                    tracing::warn!("the list ends here: the server's cursors do not move on");
                }
            }
        }
    }
}

/// The cursors that a server has given, by their hashes: a cursor may be long.
#[derive(Default)]
struct Seen {
    hashes: BTreeSet<u64>,
    hasher: RandomState,
}

impl Seen {
    /// Whether there may be something behind the cursor that was not read.
    fn is_new(&mut self, cursor: &str) -> bool {
        self.hashes.len() < PAGES_MAX && self.hashes.insert(self.hasher.hash_one(cursor))
    }
}

/// Pages of one list that are read.
const PAGES_MAX: usize = 10_000;
