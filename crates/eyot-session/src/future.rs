//! What a store's methods return.

use std::future::Future;
use std::pin::Pin;

use crate::StoreError;

/// The future that a store's method returns. It need not be polled at once, but nothing is promised
/// before it is ready.
///
/// # Cancel safety
///
/// The work is handed over when the method is called and done in the order of the calls.
/// Dropping the future gives up the answer, not the work.
pub type StoreFuture<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;
