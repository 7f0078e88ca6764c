//! What is stored of a parked call, so that the next process can finish it.
//!
//! It is written before the client is told to come again, once more before the upstream gets the
//! client's answers, and once more before the client gets the last word: whenever this process
//! dies, the record says how far the call has come.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyot_era::modern_to_legacy::OpenQuestion;
use eyot_jsonrpc::{Id, Message, Response, ScanLimits};
use eyot_service::unix_ms;
use eyot_session::{Fence, ParkedCall, Store, StoreError};
use eyot_stdx::SealKeys;
use eyot_types::{ClientCapabilities, InitializeResult, JsonObject};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

use super::call::UpstreamCall;

/// A parked call as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The upstream: another one knows nothing of the call.
    target: String,
    /// The round that was asked last.
    pub(crate) round: u32,
    pub(crate) stage: RecordStage,
}

/// How far a stored call has come.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum RecordStage {
    /// Its client has been asked, after it had given these answers in the round before.
    #[serde(rename = "asked")]
    Asked(Option<Answers>, Box<Trace>),
    /// The upstream gets these answers, or has got them.
    #[serde(rename = "answered")]
    Answered(Answers, Box<Trace>),
    /// This is the last word, after these answers.
    #[serde(rename = "done")]
    Done(Answers, Box<RawValue>),
    /// It has ended without one.
    #[serde(rename = "over")]
    Over,
}

/// Stands for what a client has answered, and says nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answers([u8; 32]);

impl Answers {
    /// The same for the same answers, in whatever order they are written.
    pub(crate) fn of(responses: &JsonObject) -> Self {
        let text = serde_json::to_vec(responses).unwrap_or_default();
        Self(Sha256::digest(&text).into())
    }
}

/// Where a call is at its upstream.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Trace {
    pub(crate) session_id: Option<String>,
    pub(crate) initialized: InitializeResult,
    /// What the session's clients can do.
    pub(crate) capabilities: ClientCapabilities,
    /// The call's own number.
    pub(crate) number: u64,
    /// Up to where its stream was heard.
    pub(crate) cursor: Option<String>,
    /// Up to where the session's own stream was heard.
    pub(crate) unasked: Option<String>,
    questions: Vec<StoredQuestion>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredQuestion {
    key: String,
    id: Box<RawValue>,
    /// As the client gets it.
    request: Box<RawValue>,
    progress_token: Option<Box<RawValue>>,
}

impl Trace {
    /// Where the call is now.
    pub(crate) fn of(call: &UpstreamCall) -> Self {
        let session = &call.session;
        let asked = call.shared.rounds(|it| it.asked());
        let mut initialized = session.initialized.clone();
        // What only discovery says again.
        initialized.instructions = None;
        Self {
            session_id: session.connection.session_id().map(str::to_owned),
            initialized,
            capabilities: session.hub.capabilities().clone(),
            number: call.shared.number,
            cursor: call.shared.cursor().as_ref().and_then(text),
            unasked: session.hub.cursor().as_ref().and_then(text),
            questions: asked.iter().filter_map(StoredQuestion::of).collect(),
        }
    }

    /// The questions that are open.
    pub(crate) fn questions(&self) -> Vec<OpenQuestion> {
        self.questions.iter().filter_map(StoredQuestion::to_open).collect()
    }
}

impl StoredQuestion {
    fn of(open: &OpenQuestion) -> Option<Self> {
        let raw = |id: &Id| RawValue::from_string(id.as_raw().to_owned()).ok();
        Some(Self {
            key: open.key.clone(),
            id: raw(&open.id)?,
            request: open.request.clone(),
            progress_token: open.progress_token.as_ref().and_then(raw),
        })
    }

    fn to_open(&self) -> Option<OpenQuestion> {
        Some(OpenQuestion {
            key: self.key.clone(),
            id: Id::parse(self.id.get())?,
            request: self.request.clone(),
            progress_token: self.progress_token.as_deref().and_then(|it| Id::parse(it.get())),
        })
    }
}

/// The name of a parked call and who owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) name: String,
    pub(crate) fence: Fence,
}

impl Claim {
    /// A call that nobody has heard of yet.
    pub(crate) fn new() -> Self {
        Self::first(&eyot_stdx::random_token(NAME_BYTES))
    }

    /// That of the process which the call began in.
    pub(crate) fn first(name: &str) -> Self {
        Self { name: name.to_owned(), fence: Fence(1) }
    }
}

/// Where records are kept, and the keys of what clients keep.
#[derive(Debug)]
pub(crate) struct Records {
    /// `None`: calls end with the process.
    store: Option<Arc<dyn Store>>,
    target: String,
    keys: OnceCell<SealKeys>,
    /// How long a process can have a call.
    call_ttl: Duration,
}

impl Records {
    pub(crate) fn new(store: Option<Arc<dyn Store>>, target: String, call_ttl: Duration) -> Self {
        Self { store, target, keys: OnceCell::new(), call_ttl }
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
        (round, stage): (u32, RecordStage),
        ttl: Duration,
    ) -> impl Future<Output = Result<(), Lost>> + Send + use<> {
        let writing = self.store.as_ref().map(|store| {
            let record = Record { target: self.target.clone(), round, stage };
            let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            store.park(ParkedCall {
                name: claim.name.clone(),
                fence: claim.fence,
                expires_ms: unix_ms().saturating_add(ttl_ms),
                content: serde_json::to_vec(&record).unwrap_or_default().into(),
            })
        });
        async move {
            match writing {
                Some(writing) => lost(writing.await),
                None => Ok(()),
            }
        }
    }

    /// Forgets a call; nobody waits for it. One that was taken over leaves its fence behind: the
    /// process that had it before may be alive, and must not answer in another way.
    pub(crate) fn forget(&self, claim: &Claim) {
        if *claim != Claim::first(&claim.name) {
            drop(self.write(claim, (0, RecordStage::Over), self.call_ttl));
        } else if let Some(store) = &self.store {
            drop(store.unpark(claim.name.clone(), claim.fence));
        }
    }

    /// Takes over a call of another process; `None` when it is not known.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn take_over(
        &self,
        name: &str,
    ) -> Result<Option<(Claim, Record)>, StoreError> {
        let Some(store) = &self.store else { return Ok(None) };
        let Some(parked) = store.take_over(name.to_owned(), unix_ms()).await? else {
            return Ok(None);
        };
        let record = serde_json::from_slice::<Record>(&parked.content);
        let Ok(record) = record.inspect_err(|error| tracing::error!(%error, "a parked call"))
        else {
            return Ok(None);
        };
        let claim = Claim { name: parked.name, fence: parked.fence };
        Ok((record.target == self.target).then_some((claim, record)))
    }
}

fn lost(written: Result<(), StoreError>) -> Result<(), Lost> {
    match written {
        Ok(()) => Ok(()),
        Err(StoreError::Fenced) => Err(Lost),
        Err(error) => {
            tracing::error!(%error, "a parked call was not stored");
            Ok(())
        }
    }
}

/// Another process goes on with the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost;

/// The last word of a stored call.
pub(crate) fn last_word(text: &RawValue) -> Option<Response> {
    let text = Bytes::copy_from_slice(text.get().as_bytes());
    Message::parse(text, &ScanLimits::default()).ok()?.into_response().ok()
}

/// The last word as it is stored.
pub(crate) fn stored_word(message: &Message) -> Option<Box<RawValue>> {
    let text = String::from_utf8(message.to_bytes().to_vec()).ok()?;
    RawValue::from_string(text).ok()
}

fn text(cursor: &Bytes) -> Option<String> {
    String::from_utf8(cursor.to_vec()).ok()
}

/// Enough that no name comes twice.
const NAME_BYTES: usize = 16;
