//! The one bound on every wait of the tests.

use std::time::Duration;

/// So long that only a hang exceeds it, on the busiest machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for something that must come; says what did not.
pub(crate) async fn within<T>(what: &str, coming: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, coming).await {
        Ok(come) => come,
        Err(_elapsed) => panic!("{what} did not come in {PATIENCE:?}"),
    }
}
