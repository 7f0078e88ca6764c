//! Clients that are told the same lists.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::sync::Arc;

use eyot_jsonrpc::Members;
use eyot_service::{Fault, Peer, SessionHandle};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::catalog::Catalog;

/// The lists, by audience: servers may list other things for other clients, and for clients that can
/// do more.
#[derive(Debug, Default)]
pub(crate) struct Audiences {
    /// The keys are digests that no client can foresee.
    catalogs: Mutex<HashMap<u64, Arc<Catalog>>>,
    state: RandomState,
}

impl Audiences {
    /// The lists for a client which says this of what it can do.
    pub(crate) fn catalog(&self, peer: &Peer, capabilities: Option<&str>) -> Arc<Catalog> {
        let mut hasher = self.state.build_hasher();
        peer.era.as_str().hash(&mut hasher);
        peer.principal_name().hash(&mut hasher);
        capabilities.hash(&mut hasher);
        let key = hasher.finish();
        let mut catalogs = self.catalogs.lock();
        if !catalogs.contains_key(&key) && catalogs.len() >= AUDIENCES_MAX {
            let oldest = catalogs.iter().min_by_key(|(_, it)| it.used()).map(|(key, _)| *key);
            if let Some(oldest) = oldest {
                catalogs.remove(&oldest);
            }
        }
        let catalog = catalogs.entry(key).or_insert_with(|| Arc::new(Catalog::new()));
        catalog.touch();
        Arc::clone(catalog)
    }
}

/// What a session of a legacy client has been told.
#[derive(Debug, Default)]
pub(crate) struct Told(OnceCell<Arc<Catalog>>);

impl Told {
    /// That of a session.
    pub(crate) fn of(session: &SessionHandle) -> Arc<Self> {
        session.value_or_else(Arc::<Self>::default)
    }

    /// The lists that the session's client is told.
    ///
    /// # Errors
    /// The session is gone, or its store fails.
    pub(crate) async fn catalog(
        &self,
        session: &SessionHandle,
        audiences: &Audiences,
    ) -> Result<Arc<Catalog>, Fault> {
        let finding = || async {
            let record = session.record().await.map_err(|error| {
                tracing::error!(%error, "session cannot be read");
                Fault::internal("the session store cannot be used now")
            })?;
            let record = record.ok_or_else(|| Fault::session_gone("session not found"))?;
            let params = std::str::from_utf8(&record.initialize).unwrap_or_default();
            let mut members = Members::of(params).into_iter().flatten();
            let capabilities = members.find(|(name, _)| name == "capabilities").map(|(_, it)| it);
            Ok(audiences.catalog(&session.peer(), capabilities))
        };
        self.0.get_or_try_init(finding).await.cloned()
    }

    /// The lists that the session's client has been told; `None`: none, in this process.
    pub(crate) fn known_catalog(&self) -> Option<&Arc<Catalog>> {
        self.0.get()
    }
}

/// Audiences whose lists are kept; of others the one that was used least lately goes.
const AUDIENCES_MAX: usize = 256;
