//! The keys under which clients keep what was consented to.

use std::sync::Arc;

use eyot_session::Store;
use eyot_stdx::{SealKeys, Secret, random_bytes};
use tokio::sync::OnceCell;

/// The keys of one layer, which are read when they are needed first.
#[derive(Debug, Default)]
pub(crate) struct Sealing {
    /// Whose key seals. `None`: a key of this layer, which ends with the process.
    store: Option<Arc<dyn Store>>,
    keys: OnceCell<SealKeys>,
}

impl Sealing {
    pub(crate) fn of_store(store: Arc<dyn Store>) -> Self {
        Self { store: Some(store), keys: OnceCell::new() }
    }

    /// The keys. With a store that fails they are of this process alone.
    pub(crate) async fn keys(&self) -> &SealKeys {
        let reading = async {
            let key = match &self.store {
                Some(store) => store.seal_key().await.inspect_err(|error| {
                    tracing::error!(%error, "what was consented to now ends with the process");
                }),
                None => Ok(Secret::new(random_bytes())),
            };
            SealKeys::new(&key.unwrap_or_else(|_| Secret::new(random_bytes())), &[])
        };
        self.keys.get_or_init(|| reading).await
    }
}
