//! One call of a legacy client, in as many rounds as its modern server wants.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;

use eyot_era::ToolFact;
use eyot_era::legacy_to_modern::{
    ClientMeta, Leg, RoundError, RoundLimits, Rounds, Step, convert_answer, convert_notification,
    convert_tools, requires_task, task_created, tell_support,
};
use eyot_jsonrpc::{
    ErrorObject, Id, Kind, METHOD_NOT_FOUND, Message, MessageKind, Notification, Request, Response,
};
use eyot_service::{CallLimits, Fault, FaultKind, Messages, Reply, ReplyItem};
use eyot_types::codes::{HEADER_MISMATCH, Outcome};
use eyot_types::{Era, JsonObject, ListToolsResult, Method, Revision};
use eyot_upstream::{CallClock, Sender, param_headers};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{FutureExt as _, StreamExt as _};
use http::HeaderMap;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};

use super::emulated_session::EmulatedSession;
use super::pending::{Question, Registered};
use super::tasks::CallTasks;
use super::upstream::upstreams_fault;
use crate::losses::count_losses;

/// A call under way. The client's stream pulls its messages.
///
/// Dropping it lets go of the server's stream, which cancels the call there: "Closing the SSE
/// response stream MUST be treated by the server as cancellation" (2026-07-28,
/// basic/transports/streamable-http). A client that only disconnects does not drop it: the host
/// reads on.
pub(crate) struct Calling {
    session: Arc<EmulatedSession>,
    client: Arc<ClientMeta>,
    revision: Revision,
    id: Id,
    /// The request of the first round.
    request: Request,
    rounds: Rounds,
    tool: Option<Arc<ToolFact>>,
    /// Has the task that the client wants, until it is given one.
    tasks: CallTasks,
    stage: Stage,
    clock: CallClock,
    /// It has been sent a second time because the first got lost.
    is_repeated: bool,
    /// The tools were listed anew because the server found headers missing.
    is_refreshed: bool,
    cancelled: Option<oneshot::Receiver<()>>,
    _registered: Registered,
}

enum Stage {
    /// The server must be asked.
    Due,
    /// The server answers.
    Reading(Messages),
    /// The client is asked.
    Asking(Asking),
    /// The last messages.
    Ending(VecDeque<Message>),
    Over,
}

/// The questions of one round.
struct Asking {
    unsent: VecDeque<Message>,
    legs: FuturesUnordered<BoxFuture<'static, (String, Option<Message>)>>,
    /// By key: the ids of those without an answer.
    open: Vec<(String, Id)>,
    deadline: Instant,
}

impl Calling {
    pub(crate) fn new(
        (session, client): (Arc<EmulatedSession>, Arc<ClientMeta>),
        revision: Revision,
        request: &Request,
        tasks: CallTasks,
    ) -> Self {
        let id = request.id();
        let level = session.log_level();
        let request = client.request(request, level.as_deref());
        let (registered, cancelled) = session.calls().begin(&id);
        let limits = session.upstream().limits().calls;
        let CallLimits { rounds_max, questions_max, .. } = limits;
        let round_limits = RoundLimits { rounds_max, questions_max, ..RoundLimits::default() };
        Self {
            session,
            client,
            revision,
            id,
            request,
            rounds: Rounds::new(revision, round_limits),
            tool: None,
            tasks,
            stage: Stage::Due,
            clock: CallClock::start(&limits),
            is_repeated: false,
            is_refreshed: false,
            cancelled: Some(cancelled),
            _registered: registered,
        }
    }

    /// The messages for the client.
    pub(crate) fn into_messages(self) -> Messages {
        // In a box, because it is moved with each message.
        Messages::new(stream::unfold(Box::new(self), |mut calling| async move {
            let item = calling.next().await?;
            Some((item, calling))
        }))
    }

    fn method(&self) -> Method<'_> {
        Method::parse(self.request.method())
    }

    /// The next message for the client; nothing more once it has cancelled the call.
    async fn next(&mut self) -> Option<Result<ReplyItem, Fault>> {
        let mut cancelled = self.cancelled.take()?;
        let part = tokio::select! {
            biased;
            _ = &mut cancelled => return None,
            part = self.step() => part?,
        };
        if matches!(&part, Ok(part) if !part.is_answer()) {
            self.cancelled = Some(cancelled);
        }
        Some(part)
    }

    async fn step(&mut self) -> Option<Result<ReplyItem, Fault>> {
        loop {
            let stepped = match &mut self.stage {
                Stage::Due => Box::pin(self.ask()).await,
                Stage::Reading(_) => self.read().await,
                Stage::Asking(asking) => match asking.unsent.pop_front() {
                    Some(question) => Ok(Some(question)),
                    None => self.wait().await,
                },
                Stage::Ending(last) => match last.pop_front() {
                    Some(message) => Ok(Some(message)),
                    None => return None,
                },
                Stage::Over => return None,
            };
            match stepped {
                Ok(Some(message)) => return Some(Ok(message.into())),
                Ok(None) => {}
                Err(fault) => {
                    self.stage = Stage::Over;
                    return Some(Err(upstreams_fault(fault)));
                }
            }
        }
    }

    /// Sends the request of this round.
    async fn ask(&mut self) -> Result<Option<Message>, Fault> {
        let upstream = Arc::clone(self.session.upstream());
        self.clock.rest();
        let sender = Sender::new(self.session.peer().clone(), self.headers().await);
        let request = self.rounds.request(&self.request);
        let connection = upstream.connection().await?;
        // In its place, because it is large: each hand that it goes through would copy it.
        let asking = pin!(connection.request(request, &sender));
        let asked = self.clock.limit(asking).await;
        match asked.unwrap_or_else(Err) {
            Ok(Reply::One(answer)) => self.take(answer).await,
            Ok(Reply::Stream(parts)) => {
                self.stage = Stage::Reading(parts);
                Ok(None)
            }
            Ok(Reply::None) => Err(Fault::unanswered()),
            Err(fault) => self.repeat(fault).map(|()| None),
        }
    }

    /// What the arguments of a tool are mirrored into.
    async fn headers(&mut self) -> HeaderMap {
        if self.method() != Method::ToolsCall {
            return HeaderMap::new();
        }
        if self.tool.is_none()
            && let Some(name) = self.request.name()
        {
            self.tool = self.session.upstream().tool(&name, &self.client).await;
        }
        let arguments = || -> JsonObject {
            let text = self.request.arguments();
            text.and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default()
        };
        let params = self.tool.as_ref().and_then(|it| it.param_headers());
        params.map(|it| param_headers(it, &arguments())).unwrap_or_default()
    }

    /// Reads on in the server's stream.
    async fn read(&mut self) -> Result<Option<Message>, Fault> {
        let Stage::Reading(parts) = &mut self.stage else { return Ok(None) };
        let part = self.clock.limit(parts.next()).await?;
        if let Some(Ok(part)) = &part {
            self.clock.hear(part);
        }
        match part {
            Some(Ok(ReplyItem::Message { message, .. })) => match message.into_kind() {
                MessageKind::Response(answer) => Box::pin(self.take(answer)).await,
                MessageKind::Notification(notification) => Ok(self.notice(notification)),
                MessageKind::Request(_) => {
                    eyot_metrics::messages_dropped("request_of_modern_server");
                    Ok(None)
                }
            },
            Some(Ok(_)) => Ok(None),
            Some(Err(fault)) => self.repeat(fault).map(|()| None),
            None => self.repeat(Fault::unanswered()).map(|()| None),
        }
    }

    /// "These notifications MUST relate to the originating client request" (2026-07-28,
    /// basic/transports/streamable-http): changes of lists have a stream of their own.
    fn notice(&self, notification: Notification) -> Option<Message> {
        let converted = match Method::parse(notification.method()) {
            Method::ToolsListChanged => {
                self.session.upstream().tools.handle_changed();
                None
            }
            Method::PromptsListChanged
            | Method::ResourcesListChanged
            | Method::ResourcesUpdated
            | Method::SubscriptionsAcknowledged
            | Method::Cancelled => None,
            _ => convert_notification(self.revision, notification.into_message()),
        };
        if converted.is_none() {
            eyot_metrics::messages_dropped("notification_unmatched");
        }
        converted
    }

    /// After a loss: sends again what certainly did not run, or only reads; once.
    fn repeat(&mut self, fault: Fault) -> Result<(), Fault> {
        let is_not_sent = Outcome::of(&fault.error) == Some(Outcome::NotSent);
        let may_repeat = is_not_sent || self.method().is_read_only();
        if self.is_repeated || !may_repeat || fault.kind != FaultKind::Upstream {
            return Err(fault);
        }
        tracing::debug!(%fault, method = %self.request.method(), "request is sent again");
        self.is_repeated = true;
        self.stage = Stage::Due;
        Ok(())
    }

    /// Takes the answer of this round.
    async fn take(&mut self, answer: Response) -> Result<Option<Message>, Fault> {
        let Some(result) = answer.result() else {
            let is_mismatch = answer.decode_error().is_ok_and(|it| it.code == HEADER_MISMATCH);
            let is_tool = self.method() == Method::ToolsCall;
            if is_mismatch && is_tool && !self.is_refreshed {
                self.is_refreshed = true;
                self.tool = None;
                self.session.upstream().list_tools(&self.client).await;
                self.stage = Stage::Due;
                return Ok(None);
            }
            if let Some(refused) = self.refused_without_task(&answer) {
                return Ok(Some(refused));
            }
            return Ok(Some(self.end(&answer)));
        };
        if let Some(task) = self.tasks.wanted.as_ref().and_then(|_| task_created(result))
            && let Some(wanted) = self.tasks.wanted.take()
        {
            self.stage = Stage::Over;
            let task = (task, self.tool.clone());
            return Ok(Some(self.session.tasks().created(self.id.clone(), task, wanted)));
        }
        let mint = || eyot_stdx::random_token(16);
        let method = Method::parse(self.request.method());
        match self.rounds.handle_result(method, &answer, self.client.capabilities(), mint) {
            Ok(Step::Complete) => return Ok(Some(self.end(&answer))),
            Ok(Step::Ask(legs)) => self.stage = Stage::Asking(self.questions(legs)),
            Ok(Step::Pause(pause)) => {
                // The server's stream is over; it is not held while we wait.
                self.stage = Stage::Due;
                sleep(pause).await;
            }
            Err(error) => self.fail(&error, Vec::new()),
        }
        Ok(None)
    }

    /// The answer for the client.
    fn end(&mut self, answer: &Response) -> Message {
        self.stage = Stage::Over;
        let method = self.method();
        let list = answer.result().filter(|_| method == Method::ToolsList);
        let page = list.and_then(|it| eyot_types::read::<ListToolsResult>(it).ok());
        let converted = match page {
            Some(mut page) => {
                let tools = &self.session.upstream().tools;
                tools.learn_page(None, &mut page);
                if self.tasks.are_offered {
                    let needs_task =
                        |name: &str| tools.find(None, name).is_some_and(|it| it.needs_task);
                    tell_support(&mut page, needs_task);
                }
                convert_tools(self.revision, answer.id(), page)
            }
            None => {
                let schema = self.tool.as_ref().and_then(|it| it.wrapped_output.as_ref());
                convert_answer(self.revision, method, answer, schema)
            }
        };
        count_losses(&converted.losses, Era::Modern);
        self.as_wanted(converted.message)
    }

    /// The answer as the client wants it: as a task, if it is a result.
    fn as_wanted(&mut self, answer: Message) -> Message {
        match self.tasks.wanted.take() {
            Some(wanted) if answer.kind() == Kind::Response => {
                self.session.tasks().finished(self.id.clone(), &answer, wanted)
            }
            _ => answer,
        }
    }

    /// The answer of a tool that makes tasks of its calls and nothing else: "servers MUST return a
    /// -32601 (Method not found) error if a client does not attempt to do so" (2025-11-25,
    /// basic/utilities/tasks, Tool-Level Negotiation).
    fn refused_without_task(&mut self, answer: &Message) -> Option<Message> {
        let error = answer.decode_error().ok().filter(requires_task)?;
        let name = self.request.name().filter(|_| self.tasks.are_offered)?.into_owned();
        self.stage = Stage::Over;
        tracing::debug!(%error.message, tool = %name, "tool is called as a task only");
        let text = format!("Tool {name} must be called as a task");
        self.session.upstream().tools.learn_refusal(None, &name);
        let error = ErrorObject::new(METHOD_NOT_FOUND, text);
        Some(Message::error_response(Some(self.id.clone()), &error))
    }

    /// Gives the questions their ids.
    fn questions(&self, legs: Vec<Leg>) -> Asking {
        let patience = self.session.upstream().limits().calls.question_timeout;
        let mut asking = Asking {
            unsent: VecDeque::new(),
            legs: FuturesUnordered::new(),
            open: Vec::new(),
            deadline: Instant::now() + patience,
        };
        for Leg { key, method, params, losses, .. } in legs {
            count_losses(&losses, Era::Modern);
            let mut question: Question = self.session.questions().open();
            asking.unsent.push_back(Message::request(question.id(), &method, &params));
            asking.open.push((key.clone(), question.id()));
            asking.legs.push(async move { (key, question.answer().await) }.boxed());
        }
        asking
    }

    /// Waits for the next answer of the client.
    async fn wait(&mut self) -> Result<Option<Message>, Fault> {
        let Stage::Asking(asking) = &mut self.stage else { return Ok(None) };
        let answered = match timeout_at(asking.deadline, asking.legs.next()).await {
            Ok(Some((key, Some(answer)))) => {
                asking.open.retain(|(open, _)| *open != key);
                let answered = self.rounds.handle_answer(&key, &answer);
                count_losses(&self.rounds.take_losses(), Era::Legacy);
                answered
            }
            Ok(_) => return Err(Fault::internal("the session has ended")),
            Err(_elapsed) => {
                let patience = self.session.upstream().limits().calls.question_timeout;
                Err(RoundError::TimedOut(patience))
            }
        };
        match answered {
            Ok(true) => self.stage = Stage::Due,
            Ok(false) => {}
            Err(error) => {
                let open = std::mem::take(&mut asking.open);
                self.fail(&error, open);
            }
        }
        Ok(None)
    }

    /// Ends the call; what the client was asked and has not answered is taken back.
    fn fail(&mut self, error: &RoundError, open: Vec<(String, Id)>) {
        let cancelled = open.into_iter().map(|(_, id)| {
            let id = RawValue::from_string(id.as_raw().to_owned()).ok();
            let params = json!({ "requestId": id, "reason": "the call has failed" });
            Message::notification(Method::Cancelled.as_str(), &params)
        });
        let mut last: VecDeque<_> = cancelled.collect();
        let answer = error.answer(self.id.clone(), self.method());
        last.push_back(self.as_wanted(answer));
        self.stage = Stage::Ending(last);
    }
}
