//! What is stored of a parked call, so that the next process can finish it.
//!
//! It is written before the client is told to come again, once more before the upstream gets the
//! client's answers, and once more before the client gets the last word: whenever this process
//! dies, the record says how far the call has come.

use std::sync::Arc;
use std::time::Duration;

use eyot_era::parked::{Fenced, OpenQuestion, Record, RecordStage};
use eyot_jsonrpc::UpstreamId;
use eyot_service::unix_ms;
use eyot_session::{Fence, ParkedCall, Store, StoreError};
use eyot_stdx::SealKeys;
use eyot_types::{ClientCapabilities, InitializeResult};
use eyot_upstream::TargetName;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

/// A parked call as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct StoredRecord {
    /// The name of the upstream.
    target: String,
    round: u32,
    stage: RecordStage<Box<UpstreamPosition>>,
}

/// Where a call is at its upstream.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UpstreamPosition {
    pub(crate) session_id: Option<String>,
    /// The cookies that the upstream has set in the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cookies: Option<String>,
    pub(crate) initialized: InitializeResult,
    /// What the session's clients can do.
    pub(crate) capabilities: ClientCapabilities,
    /// Our id of the call.
    pub(crate) number: UpstreamId,
    /// The event up to which the call's stream was read.
    pub(crate) cursor: Option<String>,
    /// The event up to which the session's own stream was read.
    pub(crate) unasked: Option<String>,
    pub(crate) questions: Vec<OpenQuestion>,
}

/// The name of a parked call and who owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) name: Arc<str>,
    pub(crate) fence: Fence,
}

impl Claim {
    /// The claim to a new call.
    pub(crate) fn new() -> Self {
        Self { name: eyot_stdx::random_token(NAME_BYTES).into(), fence: Fence(1) }
    }
}

/// The store of records, and the keys of what clients keep sealed.
#[derive(Debug)]
pub(crate) struct Records {
    /// `None`: calls end with the process.
    store: Option<Arc<dyn Store>>,
    upstream: Arc<TargetName>,
    /// Its name under the key of the store.
    name: OnceCell<Box<str>>,
    keys: OnceCell<SealKeys>,
}

impl Records {
    pub(crate) fn new(store: Option<Arc<dyn Store>>, upstream: Arc<TargetName>) -> Self {
        Self { store, upstream, name: OnceCell::new(), keys: OnceCell::new() }
    }

    /// Learns how records name the upstream, which has to be known before one is written.
    pub(crate) async fn learn_name(&self) {
        let Some(store) = &self.store else { return };
        let naming = || self.upstream.get(|| store.seal_key());
        if let Err(error) = self.name.get_or_try_init(naming).await {
            tracing::error!(%error, "a parked call cannot be found by the next process");
        }
    }

    /// What the states of clients call the upstream. `None`: no other process can open them, or the
    /// store gives no name now.
    pub(crate) async fn name(&self) -> Option<&str> {
        self.learn_name().await;
        self.name.get().map(AsRef::as_ref)
    }

    /// The keys of the installation. Without a store, or with one that fails, they are the
    /// process's own.
    pub(crate) async fn keys(&self) -> &SealKeys {
        let reading = async {
            let Some(store) = &self.store else { return SealKeys::random() };
            match store.seal_key().await {
                Ok(key) => SealKeys::new(&key, &[]),
                Err(error) => {
                    tracing::error!(%error, "calls that are parked now end with the process");
                    SealKeys::random()
                }
            }
        };
        self.keys.get_or_init(|| reading).await
    }

    /// Stores how far a call has come; for `ttl`. The write is handed over when this returns.
    ///
    /// # Errors
    /// Of the future: another process has taken the call over. Any other failure is logged: then
    /// the call ends with this process.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer, not the write.
    pub(crate) fn write(
        &self,
        claim: &Claim,
        record: Record<Box<UpstreamPosition>>,
        ttl: Duration,
    ) -> impl Future<Output = Result<(), Fenced>> + Send + use<> {
        let writing = self.store.as_ref().map(|store| {
            let Record { round, stage } = record;
            let target = self.name.get().map(AsRef::as_ref).unwrap_or_default().to_owned();
            let stored = StoredRecord { target, round, stage };
            let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            store.park(ParkedCall {
                name: claim.name.as_ref().to_owned(),
                fence: claim.fence,
                expires_ms: unix_ms().saturating_add(ttl_ms),
                content: serde_json::to_vec(&stored).unwrap_or_default().into(),
            })
        });
        async move {
            match writing {
                Some(writing) => lost(writing.await),
                None => Ok(()),
            }
        }
    }

    /// Forgets a call; the write is not waited for.
    pub(crate) fn forget(&self, claim: &Claim) {
        if let Some(store) = &self.store {
            drop(store.unpark(claim.name.as_ref().to_owned(), claim.fence));
        }
    }

    /// Takes over a call of another process; `None` when it is not known.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn take_over(
        &self,
        name: &str,
    ) -> Result<Option<(Claim, Record<Box<UpstreamPosition>>)>, StoreError> {
        let Some(store) = &self.store else { return Ok(None) };
        let Some(parked) = store.take_over(name.to_owned(), unix_ms()).await? else {
            return Ok(None);
        };
        let record = serde_json::from_slice::<StoredRecord>(&parked.content);
        let Ok(record) = record.inspect_err(|error| tracing::error!(%error, "a parked call"))
        else {
            return Ok(None);
        };
        let StoredRecord { target, round, stage } = record;
        let claim = Claim { name: parked.name.into(), fence: parked.fence };
        let ours = self.upstream.recognize(Some(&target), || store.seal_key()).await?;
        Ok(ours.map(|_| (claim, Record { round, stage })))
    }
}

fn lost(written: Result<(), StoreError>) -> Result<(), Fenced> {
    match written {
        Ok(()) => Ok(()),
        Err(StoreError::Fenced) => Err(Fenced),
        Err(error) => {
            tracing::error!(%error, "a parked call was not stored");
            Ok(())
        }
    }
}

/// Random bytes of a name: none comes twice.
const NAME_BYTES: usize = 16;
