//! The one bound on every wait of the tests.

use std::time::Duration;

/// So long that only a hang takes longer, even on the busiest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for something that must come; the failure names it.
pub(crate) async fn within<T>(what: &str, coming: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, coming).await {
        Ok(come) => come,
        Err(_elapsed) => panic!("{what} did not come in {PATIENCE:?}"),
    }
}
