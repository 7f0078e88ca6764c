//! A service behind interceptors: what comes back.

use std::sync::Arc;

use eyot_jsonrpc::{Message, MessageKind, Request, Response};
use eyot_service::{Call, Fault, Input, Messages, Peer, ReplyItem, SessionHandle};
use eyot_types::Method;
use futures_util::{Stream, StreamExt as _};
use tower_service::Service as _;

use crate::caching;
use crate::consent::Consent;
use crate::denial::Denial;
use crate::descriptor::Phase;
use crate::origin::{Direction, Kept, Origin};
use crate::plan::Plan;
use crate::rounds::{self, ResultKind};
use crate::run::Passed;
use crate::service::Intercepted;
use crate::shapes;
use crate::subject::Subject;

mod tool_names;

/// One call on its way back: the plan that it began with, and what was asked.
#[derive(Debug)]
pub(crate) struct Passage {
    service: Arc<Intercepted>,
    plan: Arc<Plan>,
    peer: Peer,
    session: Option<Arc<SessionHandle>>,
    /// The request as it was sent. `None`: an earlier process has sent it, or none was.
    request: Option<Request>,
    /// What steps keep until the call is over.
    kept: Kept,
    /// What was consented to, and the request as its client has sent it: they outlive a round.
    given: Option<(Request, Arc<[Consent]>)>,
}

impl Passage {
    pub(crate) fn of(
        (service, plan): (&Arc<Intercepted>, Arc<Plan>),
        call: &Call,
        kept: Kept,
        given: Option<(Request, Arc<[Consent]>)>,
    ) -> Self {
        let request = match &call.input {
            Input::Request(request) => Some(request.clone()),
            _ => None,
        };
        let (peer, session) = (call.peer.clone(), call.session.clone());
        Self { service: Arc::clone(service), plan, peer, session, request, kept, given }
    }

    fn origin(&self, request: Option<Request>) -> Origin {
        let origin = self.service.place.origin(&self.plan, &self.peer, self.session.as_ref());
        Origin { kept: self.kept.clone(), ..origin.to_client(request) }
    }

    /// The messages of a reply as they go on.
    pub(crate) fn stream(
        self,
        messages: Messages,
    ) -> impl Stream<Item = Result<ReplyItem, Fault>> + Send + 'static {
        let passage = Arc::new(self);
        messages.filter_map(move |item| {
            let passage = Arc::clone(&passage);
            async move {
                match item {
                    Ok(item) => passage.item(item).await.map(Ok),
                    Err(fault) => Some(Err(fault)),
                }
            }
        })
    }

    /// An item as it goes on; `None`: it does not.
    async fn item(&self, item: ReplyItem) -> Option<ReplyItem> {
        let ReplyItem::Message { message, cursor } = item else { return Some(item) };
        let passed = match message.into_kind() {
            MessageKind::Response(answer) => Some(self.answer(answer).await.into_message()),
            MessageKind::Request(question) => self.question(question).await,
            MessageKind::Notification(it) => {
                let origin = self.origin(None);
                let passed = self.service.place.notification(&self.plan, it, &origin).await;
                passed.map(Into::into)
            }
        };
        match passed {
            Some(message) => Some(ReplyItem::Message { message, cursor }),
            // What has come of the stream is known all the same.
            None => cursor.map(ReplyItem::Cursor),
        }
    }

    /// A question of the server as it goes on. One that does not pass is answered here.
    async fn question(&self, question: Request) -> Option<Message> {
        let event = question.method();
        let steps = self.plan.steps_of(event);
        let origin = self.origin(None);
        let run =
            self.service.place.run(&self.plan, (event, Phase::Request), &steps.request, &origin);
        let subject = Subject::Message(question.clone().into_message());
        match run.pass(subject).await {
            Ok(passed) => passed.subject.into_message(),
            Err(denial) => {
                self.refuse(question.refuse(&denial.error())).await;
                None
            }
        }
    }

    /// Answers the server in place of the client.
    async fn refuse(&self, refusal: Response) {
        let mut call = Call::new(Input::Response(refusal), self.peer.clone());
        call.session.clone_from(&self.session);
        if let Err(fault) = self.service.inner.clone().call(call).await {
            tracing::warn!(%fault, "a server waits for an answer to a question that was blocked");
        }
    }

    /// The answer of the call as it goes on.
    pub(crate) async fn answer(&self, answer: Response) -> Response {
        self.kept.answered(answer.len());
        match self.judged(&answer).await {
            Ok(passed) => self.with_given(passed.unwrap_or(answer)).await,
            Err(denial) => match &self.request {
                Some(request) => denial.answer(request, self.peer.era, self.plan.options.deny_as),
                None => Response::of_error(answer.id(), &denial.error()),
            },
        }
    }

    /// The answer; if its client comes back for another round, with what was consented to.
    async fn with_given(&self, answer: Response) -> Response {
        match &self.given {
            Some((request, given)) => {
                let client = (request, &self.peer);
                self.service.place.asker.with_given(client, given, answer).await
            }
            None => answer,
        }
    }

    /// The answer after the steps that it meets; `None`: it stays as it is.
    async fn judged(&self, answer: &Response) -> Result<Option<Response>, Denial> {
        let origin = self.origin(self.request.clone());
        let subject = Subject::Message(Message::clone(answer));
        let passed = match &self.request {
            Some(request) => self.result(request, answer, subject, &origin).await?,
            None => {
                let events = shapes::requests_answered_by(answer.result().unwrap_or_default());
                self.results_of(&events, subject, &origin).await?
            }
        };
        let message = passed.is_changed.then(|| passed.subject.into_message()).flatten();
        Ok(message.and_then(|it| it.into_response().ok()))
    }

    async fn result(
        &self,
        request: &Request,
        answer: &Response,
        subject: Subject,
        origin: &Origin,
    ) -> Result<Passed, Denial> {
        let kind = match answer.is_known_complete() && !request.has_task() {
            true => ResultKind::Complete,
            false => ResultKind::of(answer, request.has_task()),
        };
        let crossing = self.service.place.boundary.crossing(Direction::ToClient);
        let plan = &*self.plan;
        match (Method::parse(request.method()), kind) {
            (Method::TasksGet, _) => {
                let inside = rounds::task(plan, crossing, subject, origin).await?;
                self.more_of(inside, &[Method::TasksGet.as_str()], origin).await
            }
            (Method::TasksResult, _) => {
                self.results_of(&[Method::ToolsCall.as_str()], subject, origin).await
            }
            (method, ResultKind::Complete) => {
                self.results_of(&[method.as_str()], subject, origin).await
            }
            // What is not the result yet is not judged as one. What other readers can take for one is.
            (method, kind) => {
                let mut events = shapes::requests_answered_by(answer.result().unwrap_or_default());
                events.retain(|it| *it == method.as_str());
                let asked = match kind {
                    ResultKind::InputRequired => {
                        rounds::questions(plan, crossing, subject, origin).await?
                    }
                    _ => subject.into(),
                };
                self.more_of(asked, &events, origin).await
            }
        }
    }

    /// What has passed as something, as the result of each of these events, too.
    async fn more_of(
        &self,
        passed: Passed,
        events: &[&str],
        origin: &Origin,
    ) -> Result<Passed, Denial> {
        let more = self.results_of(events, passed.subject, origin).await?;
        Ok(Passed { is_changed: more.is_changed | passed.is_changed, ..more })
    }

    /// A result as that of each of these events.
    async fn results_of(
        &self,
        events: &[&str],
        mut subject: Subject,
        origin: &Origin,
    ) -> Result<Passed, Denial> {
        let mut is_changed = false;
        for event in events {
            let steps = self.plan.steps_of(event);
            let steps = &steps.response;
            if steps.is_empty() || subject.is_error() && !steps.sees_errors {
                continue;
            }
            tool_names::learn(event, &subject);
            let run = self.service.place.run(&self.plan, (event, Phase::Response), steps, origin);
            run.record();
            let passed = run.pass(subject).await?;
            (subject, is_changed) = (passed.subject, is_changed | passed.is_changed);
            if !steps.is_pure {
                let private = caching::private(event, subject);
                (subject, is_changed) = (private.subject, is_changed | private.is_changed);
            }
        }
        Ok(Passed { subject, is_changed, to: None })
    }
}
