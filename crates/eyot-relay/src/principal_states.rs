//! What a modern server gives its clients to come back with: states of rounds (`requestState`) and
//! ids of tasks. To the server all clients of a proxy are one, so the proxy sees to it that each
//! principal comes back with its own and no others.
//!
//! A state leaves sealed, and is opened on its way back; an id leaves with a mark. Where clients
//! have no principals, and in answers that ask nothing, every byte passes as it came.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{
    Changes, ErrorObject, INVALID_PARAMS, Json, Keeps, Members, Message, Request, Response,
};
use eyot_service::{Call, Fault, Input, Messages, Reply, SealedState, unix_ms};
use eyot_session::Store;
use eyot_stdx::{SealKeys, Secret, random_bytes};
use eyot_upstream::TargetName;
use futures_util::StreamExt as _;
use tokio::sync::OnceCell;

use crate::task_ids::{self, TaskIds};

/// Seals the states of one upstream for the principals that get them.
#[derive(Debug)]
pub(crate) struct PrincipalStates {
    upstream: Arc<TargetName>,
    /// Whose key seals. `None`: states end with the process.
    store: Option<Arc<dyn Store>>,
    /// How long a client may keep a state.
    ttl: Duration,
    sealer: OnceCell<Arc<Sealer>>,
}

impl PrincipalStates {
    /// The states of `upstream`, for which nothing is read from the store before there is one.
    pub(crate) fn new(
        upstream: Arc<TargetName>,
        store: Option<Arc<dyn Store>>,
        ttl: Duration,
    ) -> Self {
        Self { upstream, store, ttl, sealer: OnceCell::new() }
    }

    /// Asks the upstream on behalf of the principal of a call, if it has one: with its own state
    /// opened, and what it is given sealed.
    ///
    /// # Errors
    ///
    /// Those of `ask`.
    ///
    /// # Cancel safety
    ///
    /// That of `ask`.
    pub(crate) async fn guard<F>(
        &self,
        call: Call,
        ask: impl FnOnce(Call) -> F,
    ) -> Result<Reply, Fault>
    where
        F: Future<Output = Result<Reply, Fault>>,
    {
        let (Some(owner), Input::Request(request)) = (call.peer.principal_name(), &call.input)
        else {
            return ask(call).await;
        };
        let asked = Asked::new(owner, request);
        let call = match request.has_round() || asked.names_tasks {
            true => match Box::pin(self.opened(&asked, call)).await {
                Ok(call) => call,
                Err(refusal) => return Ok(Reply::One(refusal)),
            },
            false => call,
        };
        match ask(call).await? {
            Reply::One(answer) if !asked.gives(&answer) => Ok(Reply::One(answer)),
            reply => Ok(Box::pin(self.sealed(asked, reply)).await),
        }
    }

    /// The call with the state that the server gave, and with its ids of tasks.
    async fn opened(&self, asked: &Asked, mut call: Call) -> Result<Call, Response> {
        let Input::Request(request) = &mut call.input else { return Ok(call) };
        let id = request.id();
        let refusal = |error| Response::of_error(Some(id.clone()), &error);
        if let Some(sealed) = state(request.params()) {
            let own = self.sealer().await.open(&asked.bound, sealed);
            let opened = own.and_then(|it| with_state(request, &it));
            *request = opened.ok_or_else(|| refusal(SealedState::refused()))?;
        }
        if asked.names_tasks {
            let own = self.sealer().await.tasks.in_request(&asked.owner, request);
            *request = own.ok_or_else(|| refusal(unknown_task()))?;
        }
        Ok(call)
    }

    /// The reply with what only this principal can come back with, to this target.
    async fn sealed(&self, asked: Asked, reply: Reply) -> Reply {
        let sealer = Arc::clone(self.sealer().await);
        match reply {
            Reply::One(answer) => Reply::One(sealer.seal_in(&asked, answer)),
            Reply::Stream(items) => {
                let seal = move |message: Message| match message.into_response() {
                    Ok(answer) => sealer.seal_in(&asked, answer).into(),
                    Err(other) => sealer.tasks.in_notification(&asked.owner, other),
                };
                let items = items.map(move |item| item.map(|it| it.map_message(&seal)));
                Reply::Stream(Messages::new(items))
            }
            Reply::None => Reply::None,
        }
    }

    /// What seals, under the key of the store. Without one, or with one that fails, the key is of
    /// this process and relay alone.
    async fn sealer(&self) -> &Arc<Sealer> {
        let making = async {
            let stored = match &self.store {
                Some(store) => store.seal_key().await.inspect_err(|error| {
                    tracing::error!(%error, "states that clients keep now end with the process");
                }),
                None => Ok(Secret::new(random_bytes())),
            };
            let key = stored.unwrap_or_else(|_| Secret::new(random_bytes()));
            let keys = SealKeys::new(&key, &[]);
            let naming = || ready(Ok::<_, Infallible>(key.clone()));
            let Ok(upstream) = self.upstream.get(naming).await;
            Arc::new(Sealer { keys, tasks: TaskIds { key, upstream }, ttl: self.ttl })
        };
        self.sealer.get_or_init(|| making).await
    }
}

/// What is known of a request when its answers come.
struct Asked {
    owner: Arc<str>,
    /// The principal, the method and its target. The arguments are left to the server, which knows
    /// whether they may change between two rounds.
    bound: Box<[u8]>,
    names_tasks: bool,
}

impl Asked {
    fn new(owner: &Arc<str>, request: &Request) -> Self {
        let target = request.name().or_else(|| request.uri());
        let bound = ("relay", owner.as_ref(), request.method(), target);
        let bound = serde_json::to_vec(&bound).unwrap_or_default().into();
        let names_tasks = task_ids::concern(request);
        Self { owner: Arc::clone(owner), bound, names_tasks }
    }

    /// Whether an answer may give something to come back with: cheap, and `false` for nearly all.
    fn gives(&self, answer: &Response) -> bool {
        (self.names_tasks || !answer.is_known_complete()) && !answer.is_error()
    }
}

/// The key, and what is in every sealed state.
#[derive(Debug)]
struct Sealer {
    keys: SealKeys,
    /// With the upstream's name: proxies of several upstreams may share a store, and with it the key.
    tasks: TaskIds,
    ttl: Duration,
}

impl Sealer {
    /// The answer with its state sealed and the id of its task marked, if it has any.
    fn seal_in(&self, asked: &Asked, answer: Response) -> Response {
        if !asked.gives(&answer) {
            return answer;
        }
        self.tasks.in_answer(&asked.owner, self.seal_state(&asked.bound, answer))
    }

    fn seal_state(&self, bound: &[u8], answer: Response) -> Response {
        let Some(own) = state(answer.result()) else { return answer };
        let ttl_ms = u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX);
        let content = (unix_ms().saturating_add(ttl_ms), &self.tasks.upstream, own);
        // Fails for no such text; then the state is empty, and the next round is refused.
        let content = serde_json::to_vec(&content).unwrap_or_default();
        let Some(sealed) = Json::of(&self.keys.seal(bound, &content)) else { return answer };
        let adds = [Some((STATE, &sealed))];
        let changes = Changes { keeps: Keeps::All, adds: &adds };
        answer.rewritten(&changes, &Changes::NONE).unwrap_or(answer)
    }

    /// What was sealed, as the server wrote it; `None` when it cannot be trusted.
    fn open(&self, bound: &[u8], sealed: &str) -> Option<Json> {
        let sealed: String = serde_json::from_str(sealed).ok()?;
        let content = self.keys.open(bound, &sealed)?;
        let content: (u64, String, String) = serde_json::from_slice(&content).ok()?;
        let (expires_ms, upstream, own) = content;
        let is_ours = upstream == *self.tasks.upstream && unix_ms() < expires_ms;
        is_ours.then(|| Json::parse(&own)).flatten()
    }
}

/// What is said of a task that is another principal's, as of one that is not known: servers say it in
/// these words or others of that code.
fn unknown_task() -> ErrorObject {
    ErrorObject::new(INVALID_PARAMS, "Failed to retrieve task: not found")
}

/// The JSON of the state in parameters or in a result. Of several, the last one is what readers
/// take.
fn state(members: Option<&str>) -> Option<&str> {
    let members = Members::of(members?)?;
    let (_, state) = members.filter(|(name, _)| name == STATE).last()?;
    (state != "null").then_some(state)
}

fn with_state(request: &Request, state: &Json) -> Option<Request> {
    let adds = [Some((STATE, state))];
    request.rewritten(&Changes { keeps: Keeps::All, adds: &adds }, &Changes::NONE)
}

const STATE: &str = "requestState";

#[cfg(test)]
mod tests;
