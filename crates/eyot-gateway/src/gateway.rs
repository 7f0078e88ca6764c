//! Many servers that clients see as one.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Request, Response};
use eyot_service::{
    BoxService, Call, Fault, Input, Limits, Messages, Reply, ReplyFuture, ReplyItem, SessionHandle,
    SharedService,
};
use eyot_session::{Store, UpstreamName, UpstreamRef};
use eyot_stdx::SealKeys;
use eyot_types::codes;
use eyot_types::{
    Era, LogLevel, Method, NameSource, Revision, SetLevelParams, SubscriptionsListenParams,
    TASKS_EXTENSION,
};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ask::Asker;
use crate::audience::{Audiences, Told};
use crate::background::Background;
use crate::catalog::Catalog;
use crate::cursors::Cursors;
use crate::legs::Legs;
use crate::listing::Listing;
use crate::member::Member;
use crate::names::Prefix;
use crate::routes::Target;
use crate::servers::Servers;
use crate::tasks::TaskPlaces;
use crate::view::Route;
use crate::{fan_in, hello, instructions, leg, legs, page, routes, subscription};

/// What a gateway is made of.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by its users, who know all of it")]
pub struct GatewayOptions {
    /// When the names of tools and prompts say which server they are of.
    pub prefix: Prefix,
    /// Every bound.
    pub limits: Arc<Limits>,
    /// The tasks that ask servers for their lists, and look after those that fail.
    pub tasks: TaskTracker,
    /// Ends these tasks.
    pub over: CancellationToken,
    /// Has the key that cursors are sealed with.
    pub store: Arc<dyn Store>,
}

/// Answers calls as one server that offers what all of its servers offer. Cheap to clone; clones share
/// everything.
///
/// A client's session is joined with a server when it is first needed there. What one server does ill
/// concerns its own part of each list and its own calls: lists name it in their `_meta`, as
/// `io.eyot/partial`.
#[derive(Clone, Debug)]
pub struct Gateway(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) servers: Arc<Servers>,
    audiences: Audiences,
    tasks: TaskPlaces,
    store: Arc<dyn Store>,
    keys: OnceCell<SealKeys>,
}

impl Gateway {
    /// A gateway to these servers. Nothing is started or connected before the first call.
    #[must_use]
    pub fn new(members: Vec<Member>, options: GatewayOptions) -> Self {
        let GatewayOptions { prefix, limits, tasks, over, store } = options;
        let background = Background { tasks, over };
        let servers = Arc::new(Servers::new(members, prefix, (limits, background)));
        let (audiences, keys) = (Audiences::default(), OnceCell::new());
        let tasks = TaskPlaces::default();
        Self(Arc::new(Inner { servers, audiences, tasks, store, keys }))
    }

    /// What answers.
    #[must_use]
    pub fn service(&self) -> BoxService {
        BoxService::of_shared(Arc::clone(&self.0))
    }

    /// The servers, in the order of their slots.
    #[must_use]
    pub fn members(&self) -> Arc<[Member]> {
        self.0.servers.members()
    }

    /// Puts other servers in the place of these. Those that stay, as clones of one [`Member`], keep
    /// their sessions and what is known of them; clients are told that lists have changed.
    pub fn set_members(&self, members: Vec<Member>) {
        self.0.servers.set_members(members);
    }

    /// Starts a server before it is needed, and looks after it until it answers.
    pub fn start(&self, member: &Member) {
        self.0.servers.watch(member);
    }

    /// Whether a session was opened at a gateway, and not at one of its servers alone.
    #[must_use]
    pub fn owns(state: &eyot_session::SessionState) -> bool {
        let marked = state.upstreams.get(&UpstreamName::DEFAULT);
        marked.is_some_and(|it| it.target.as_deref() == Some(MARK))
    }
}

impl SharedService for Inner {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        match &call.input {
            Input::Request(request) => {
                let request = request.clone();
                self.request(call, request)
            }
            Input::Notification(notification) => {
                let method = Method::parse(notification.method());
                let members = self.told(call.session.as_deref(), method);
                Box::pin(leg::tell_all(members, call, self.patience()))
            }
            Input::Response(response) => match &call.session {
                Some(session) => {
                    let members = self.asking(session, response);
                    Box::pin(leg::tell_all(members, call, self.patience()))
                }
                None => failed("modern clients send no responses"),
            },
            Input::Listen { cursor } => match &call.session {
                Some(session) => {
                    let messages =
                        fan_in::listen(&self.servers, session, call.clone(), cursor.clone());
                    Box::pin(ready(Ok(Reply::Stream(messages))))
                }
                None => failed("call has no session"),
            },
            Input::Resume { request_id, cursor } => {
                let cursors = cursor.clone().map(Cursors::read).unwrap_or_default();
                let place = cursors
                    .only()
                    .and_then(|(slot, cursor)| Some((self.member_at(slot)?, cursor.clone())));
                let Some((member, cursor)) = place else {
                    let reason = "the call ran in a process that has ended";
                    let error = codes::upstream_lost(reason, codes::Outcome::Unknown, true);
                    return Box::pin(ready(Err(Fault::upstream(error))));
                };
                let (request_id, cursor) = (request_id.clone(), Some(cursor));
                let input = Input::Resume { request_id, cursor };
                Box::pin(leg::forward(member, Call { input, ..call }))
            }
            Input::Close => match &call.session {
                Some(session) => {
                    Box::pin(leg::tell_all(Legs::of(session).open_here(), call, self.patience()))
                }
                None => Box::pin(ready(Ok(Reply::None))),
            },
            _ => failed("this input is not known here"),
        }
    }
}

impl Inner {
    /// The servers that hear a notification of a client.
    fn told(&self, session: Option<&SessionHandle>, method: Method<'_>) -> Vec<Member> {
        // Each server is told that the client is ready when its session is opened.
        let Some(session) = session.filter(|_| method != Method::Initialized) else {
            return Vec::new();
        };
        let mut members = self.joined(session);
        if method == Method::Progress {
            // It is about a question: servers that ask nothing have their own tokens.
            let asking = leg::that_ask(session);
            members.retain(|it| asking.contains(it.slot()));
        }
        members
    }

    /// The servers that may have asked what a client answers.
    fn asking(&self, session: &SessionHandle, response: &Response) -> Vec<Member> {
        let asked = response.id().map(|it| leg::asked_by(session, &it)).unwrap_or_default();
        let mut members = self.joined(session);
        members.retain(|it| asked.contains(it.slot()));
        if members.is_empty() {
            eyot_metrics::messages_dropped("answer_unmatched");
        }
        members
    }

    fn request(self: Arc<Self>, call: Call, request: Request) -> ReplyFuture {
        let era = call.peer.era;
        let method = Method::parse(request.method());
        if let Some(listing) = Listing::of(method) {
            return Box::pin(async move { self.list(call, request, listing).await });
        }
        match (method, era) {
            (Method::TasksGet | Method::TasksCancel, _)
            | (Method::TasksResult, Era::Legacy)
            | (Method::TasksUpdate, Era::Modern) => {
                Box::pin(async move { self.find_task(call, request).await })
            }
            _ if !is_in(method, era) => {
                answered(request.refuse(&codes::method_not_found(request.method())))
            }
            (Method::Ping, _) => answered(request.answer(&json!({}))),
            (Method::Initialize, Era::Legacy) => {
                if let Some(session) = &call.session {
                    let mark = UpstreamRef { target: Some(MARK.into()), ..UpstreamRef::default() };
                    session.edit(|it| it.upstreams.insert(UpstreamName::DEFAULT, mark));
                }
                answered(hello::initialized(&request, self.instructions()))
            }
            (Method::ServerDiscover, Era::Modern) => {
                answered(hello::discovered(&request, self.instructions()))
            }
            (Method::LoggingSetLevel, Era::Legacy) => {
                Box::pin(async move { self.set_level(call, request).await })
            }
            (Method::SubscriptionsListen, Era::Modern) => {
                Box::pin(async move { self.subscribe(call, request).await })
            }
            _ => match Target::of(&request) {
                Some(Ok(target)) => self.direct(call, request, target),
                Some(Err(error)) => answered(request.refuse(&error)),
                None => answered(request.refuse(&codes::method_not_found(request.method()))),
            },
        }
    }

    /// A request that names what it is about: that leads to the server. Nearly every call: where it
    /// leads is known already, and no more is made for it than its place among the legs.
    fn direct(self: Arc<Self>, call: Call, request: Request, target: Target) -> ReplyFuture {
        let chosen = match routes::chosen(&call, &self.servers.members()) {
            Ok(chosen) => chosen,
            Err(error) => return answered(request.refuse(&error)),
        };
        let known = match &call.session {
            Some(session) => Told::of(session).known_catalog().cloned(),
            None => Some(self.audiences.catalog(&call.peer, request.client_capabilities())),
        };
        if let Some(route) = known.as_ref().and_then(|it| self.route(&target, it)) {
            return Box::pin(self.send(target, request, route.at(chosen), call));
        }
        Box::pin(async move {
            let catalog = self.catalog(&call, &request).await?;
            // Clients that are told the same may have asked before: no server holds this one up then.
            let mut route = self.route(&target, &catalog);
            if route.is_none() {
                let asker = Asker::of(&call);
                for listing in target.listings() {
                    catalog.view(&self.servers, *listing, &asker).await;
                }
                route = target.route_in(&catalog);
            }
            let route = match (route, chosen) {
                (Some(route), chosen) => Some(route.at(chosen)),
                (None, Some(member)) => Some(Route { member, original: None }),
                (None, None) => None,
            };
            if let Some(route) = route {
                return Arc::clone(&self).send(target, request, route, call).await;
            }
            let members = routes::candidates(&target, &catalog);
            if !members.is_empty() {
                return leg::first_that_has_it(members, call).await;
            }
            Ok(Reply::One(request.refuse(&self.unknown(&target, &catalog))))
        })
    }

    /// Where a request leads, by what is known.
    fn route(&self, target: &Target, catalog: &Catalog) -> Option<Route> {
        target.route_in(catalog).filter(|it| self.servers.has(&it.member))
    }

    async fn send(
        self: Arc<Self>,
        target: Target,
        request: Request,
        route: Route,
        call: Call,
    ) -> Result<Reply, Fault> {
        let may_be_task = request.has_task()
            || request.client_capabilities().is_some_and(|it| it.contains(TASKS_EXTENSION));
        let input = Input::Request(target.request(request, &route));
        let member = route.member;
        let reply = leg::forward(member.clone(), Call { input, ..call }).await?;
        if !may_be_task {
            return Ok(reply);
        }
        let tasks_max = self.servers.limits.memory.tasks_max;
        Ok(match reply {
            Reply::One(answer) => {
                self.tasks.learn(&answer, &member, tasks_max);
                Reply::One(answer)
            }
            Reply::Stream(messages) => {
                Reply::Stream(Messages::new(messages.inspect(move |item| {
                    if let Ok(ReplyItem::Message { message, .. }) = item {
                        self.tasks.learn(message, &member, tasks_max);
                    }
                })))
            }
            Reply::None => Reply::None,
        })
    }

    /// The error for a name that leads nowhere. It may lead somewhere once all servers are there.
    fn unknown(&self, target: &Target, catalog: &Catalog) -> ErrorObject {
        let missing = catalog.missing(&self.servers, target.listing());
        let mut error = ErrorObject::new(INVALID_PARAMS, target.unknown());
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|it| it.member.name()).collect();
            let servers = names.join("`, `");
            error.message.push_str(&format!(" (not known of now: what `{servers}` has)"));
            error.data = Some(json!({ "missing": names, "retryable": true }));
        }
        error
    }

    async fn list(
        self: Arc<Self>,
        call: Call,
        request: Request,
        listing: Listing,
    ) -> Result<Reply, Fault> {
        let catalog = self.catalog(&call, &request).await?;
        let view = catalog.view(&self.servers, listing, &Asker::of(&call)).await;
        let missing = catalog.missing(&self.servers, listing);
        let keys = self.keys().await?;
        let made = page::page(&request, (listing, call.peer.era), &view, &missing, keys);
        Ok(Reply::One(made.unwrap_or_else(|error| request.refuse(&error))))
    }

    async fn catalog(&self, call: &Call, request: &Request) -> Result<Arc<Catalog>, Fault> {
        match &call.session {
            Some(session) => Told::of(session).catalog(session, &self.audiences).await,
            None => Ok(self.audiences.catalog(&call.peer, request.client_capabilities())),
        }
    }

    /// The level holds for the whole session: also at servers that it is joined with later.
    async fn set_level(&self, call: Call, request: Request) -> Result<Reply, Fault> {
        let Some(session) = call.session.clone() else {
            return Err(Fault::internal("call has no session"));
        };
        let level = match request.decode_params::<SetLevelParams>().map(|it| it.level) {
            Ok(level) if !matches!(level, LogLevel::Other(_)) => level,
            _ => {
                let error = codes::invalid_params("unknown log level");
                return Ok(Reply::One(request.refuse(&error)));
            }
        };
        let stored = session.update(|it| it.log_level = Some(level.as_str().into())).await;
        stored.map_err(|error| {
            tracing::error!(%error, "state of a session was not stored");
            Fault::internal("the session store cannot be used now")
        })?;
        let joined = self.joined(&session);
        // A server that does not log refuses it, and that changes nothing.
        leg::tell_all(joined, call, self.patience()).await?;
        Ok(Reply::One(request.answer(&json!({}))))
    }

    async fn subscribe(self: Arc<Self>, call: Call, request: Request) -> Result<Reply, Fault> {
        let params: SubscriptionsListenParams = match request.decode_params() {
            Ok(params) => params,
            Err(error) => {
                let error = codes::invalid_params(&error.to_string());
                return Ok(Reply::One(request.refuse(&error)));
            }
        };
        let wants = params.notifications;
        let uris = wants.resource_subscriptions.as_deref().unwrap_or_default();
        let max = self.servers.limits.sessions.subscriptions_max;
        if uris.len() > max {
            let error = eyot_service::limit_reached("subscriptions of one stream");
            return Ok(Reply::One(request.refuse(&error)));
        }
        let catalog = self.catalog(&call, &request).await?;
        if !uris.is_empty() {
            let asker = Asker::of(&call);
            catalog.view(&self.servers, Listing::Resources, &asker).await;
            catalog.view(&self.servers, Listing::Templates, &asker).await;
        }
        let mut asked = Vec::new();
        for member in self.servers.members().iter() {
            let is_its = |uri: &&String| {
                let route = Target::uri((*uri).clone()).route_in(&catalog);
                route.is_some_and(|it| it.member.is(member))
            };
            let own: Vec<String> = uris.iter().filter(is_its).cloned().collect();
            let mut filter = wants.clone();
            let has_task = |it: &String| self.tasks.find(it).is_some_and(|place| place.is(member));
            let tasks: Vec<String> =
                wants.task_ids.iter().flatten().filter(|it| has_task(it)).cloned().collect();
            filter.task_ids = (!tasks.is_empty()).then_some(tasks);
            filter.resource_subscriptions = (!own.is_empty()).then_some(own);
            asked.push((member.clone(), filter));
        }
        let call = (call, request);
        Ok(Reply::Stream(subscription::listen(&self.servers, call, &wants, asked)))
    }

    /// A task is known where it runs: ids of tasks are long and random, and so it is at most one server
    /// that knows one.
    async fn find_task(&self, call: Call, request: Request) -> Result<Reply, Fault> {
        let id = NameSource::TaskId.value(&request);
        let known = id.as_deref().and_then(|it| self.tasks.find(it));
        if let Some(member) = known.filter(|it| self.servers.has(it)) {
            return leg::forward(member, call).await;
        }
        let members = match &call.session {
            Some(session) => self.joined(session),
            None => {
                self.servers.members().iter().filter(|it| it.illness().is_none()).cloned().collect()
            }
        };
        if members.is_empty() {
            let error = codes::invalid_params("task is not known");
            return Ok(Reply::One(request.refuse(&error)));
        }
        leg::first_that_has_it(members, call).await
    }

    /// How to use the servers, as far as it is known: none is asked for that.
    fn instructions(&self) -> Option<String> {
        instructions::merged(&self.servers.members())
    }

    fn joined(&self, session: &SessionHandle) -> Vec<Member> {
        legs::joined(session, &self.servers.members())
    }

    /// How long a server may hold up what concerns others, too.
    fn patience(&self) -> Duration {
        self.servers.limits.upstream.list_timeout
    }

    fn member_at(&self, slot: &UpstreamName) -> Option<Member> {
        self.servers.members().iter().find(|it| it.slot() == slot).cloned()
    }

    async fn keys(&self) -> Result<&SealKeys, Fault> {
        let reading = || async { Ok(SealKeys::new(&self.store.seal_key().await?, &[])) };
        let keys = self.keys.get_or_try_init(reading).await;
        keys.map_err(|error: eyot_session::StoreError| {
            tracing::error!(%error, "the key of the store cannot be read");
            Fault::internal("the session store cannot be used now")
        })
    }
}

/// Whether an era has this method, if it is one of MCP at all.
fn is_in(method: Method<'_>, era: Era) -> bool {
    match era {
        Era::Modern => method.is_in(Revision::MODERN),
        Era::Legacy => Revision::LEGACY.iter().any(|it| method.is_in(*it)),
    }
}

fn answered(answer: Response) -> ReplyFuture {
    Box::pin(ready(Ok(Reply::One(answer))))
}

fn failed(message: &'static str) -> ReplyFuture {
    Box::pin(ready(Err(Fault::internal(message))))
}

/// What stands in the record of a session that was opened at a gateway, in the place of a target.
const MARK: &str = "gateway";
