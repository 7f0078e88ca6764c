//! A service behind interceptors: what goes in.

use std::future::ready;
use std::sync::Arc;

use eyot_jsonrpc::{Notification, Request, Response};
use eyot_service::{
    BoxService, Call, Fault, Input, Messages, Peer, Reply, ReplyFuture, SessionHandle,
    SharedService, Transport,
};
use eyot_types::headers::PARAM_PREFIX;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName};
use tower_service::Service as _;

use crate::client::{SessionClient, is_initialize};
use crate::denial::Denial;
use crate::descriptor::Phase;
use crate::interceptors::{Boundary, Interceptors};
use crate::origin::{Direction, Kept, Origin, Session};
use crate::passage::Passage;
use crate::plan::{Plan, Steps};
use crate::rounds;
use crate::run::Run;
use crate::shapes;
use crate::subject::Subject;

/// A service behind interceptors.
#[derive(Debug)]
pub(crate) struct Intercepted {
    pub(crate) inner: BoxService,
    pub(crate) interceptors: Interceptors,
    pub(crate) boundary: Boundary,
    pub(crate) server: Option<Arc<str>>,
}

impl SharedService for Intercepted {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        let plan = self.interceptors.plan();
        if plan.needs_client
            && let (Input::Request(request), Some(session)) = (&call.input, &call.session)
            && is_initialize(request)
        {
            SessionClient::of(session).note(request);
        }
        match Needs::of(&plan, &call) {
            Needs::Nothing => self.inner.clone().call(call),
            Needs::Going => match self.enter(&plan, call, Kept::default()).now_or_never() {
                Some(Ok(call)) => self.inner.clone().call(call),
                Some(Err(answered)) => Box::pin(ready(Ok(answered))),
                // What a step that takes its time would be for: `Needs` has seen that there is none.
                None => Box::pin(ready(Err(Fault::internal("an interceptor is not done")))),
            },
            Needs::Both => Box::pin(self.pass(plan, call)),
        }
    }
}

/// What a call needs of a plan.
enum Needs {
    /// No step concerns it, or what can come back for it.
    Nothing,
    /// Steps that are done at once see it, and none sees what comes back.
    Going,
    /// Steps see it, or what comes back, or take their time.
    Both,
}

impl Needs {
    fn of(plan: &Plan, call: &Call) -> Self {
        if plan.is_empty() {
            return Self::Nothing;
        }
        match &call.input {
            Input::Request(request) => {
                let has_client = !plan.needs_client || call.session.is_none();
                match Self::of_request(plan, request) {
                    Self::Going if !has_client => Self::Both,
                    needs => needs,
                }
            }
            Input::Notification(notification) => {
                let steps = plan.steps_of(notification.method());
                if steps.request.is_empty() { Self::Nothing } else { Self::Both }
            }
            Input::Response(_) if plan.sees.answers => Self::Both,
            Input::Listen { .. } if plan.sees.streams => Self::Both,
            Input::Resume { .. } if plan.sees.streams || plan.sees.answers => Self::Both,
            _ => Self::Nothing,
        }
    }
}

impl Needs {
    fn of_request(plan: &Plan, request: &Request) -> Self {
        let steps = plan.steps_of(request.method());
        let is_seen_going = !steps.request.is_empty() || request.has_round() && plan.sees.answers;
        let is_seen_coming = !steps.response.is_empty()
            || plan.sees.streams
            || plan.sees.answers && request.method().starts_with(TASKS);
        let is_at_once = steps.request.is_at_once && !request.has_round();
        match (is_seen_going, is_seen_coming) {
            (false, false) => Self::Nothing,
            (true, false) if is_at_once => Self::Going,
            _ => Self::Both,
        }
    }
}

impl Plan {
    /// Whether it has steps for a request, or for what can come back for it.
    pub(crate) fn sees_call_of(&self, request: &Request) -> bool {
        !self.is_empty() && !matches!(Needs::of_request(self, request), Needs::Nothing)
    }
}

impl Intercepted {
    async fn pass(self: Arc<Self>, plan: Arc<Plan>, call: Call) -> Result<Reply, Fault> {
        let kept = Kept::of(
            matches!(&call.input, Input::Request(it) if !plan.steps_of(it.method()).request.is_at_once),
        );
        if plan.needs_client
            && let Some(session) = &call.session
        {
            SessionClient::of(session).learn(session).await;
        }
        let call = match self.enter(&plan, call, kept.clone()).await {
            Ok(call) => call,
            Err(answered) => return Ok(answered),
        };
        let passage = Passage::of((&self, plan), &call, kept);
        match self.inner.clone().call(call).await? {
            Reply::None => Ok(Reply::None),
            Reply::One(answer) => Ok(Reply::One(passage.answer(answer).await)),
            Reply::Stream(messages) => Ok(Reply::Stream(Messages::new(passage.stream(messages)))),
        }
    }

    /// The call as it goes on, or the reply in its place.
    async fn enter(&self, plan: &Plan, mut call: Call, kept: Kept) -> Result<Call, Reply> {
        let origin = Origin { kept, ..self.origin(plan, &call.peer, call.session.as_ref()) };
        match call.input {
            Input::Request(request) => {
                let before = request.clone();
                match self.request(plan, &request, &origin).await {
                    Ok(None) => call.input = Input::Request(request),
                    Ok(Some(changed)) => {
                        call.input = Input::Request(changed);
                        forget_mirrored(&mut call);
                    }
                    Err(denial) => {
                        let answer = denial.answer(&before, call.peer.era, plan.options.deny_as);
                        return Err(Reply::One(answer));
                    }
                }
            }
            Input::Notification(notification) => {
                match self.notification(plan, notification, &origin).await {
                    Some(passed) => call.input = Input::Notification(passed),
                    None => return Err(Reply::None),
                }
            }
            Input::Response(response) => {
                call.input = Input::Response(self.response(plan, response, &origin).await);
            }
            other => call.input = other,
        }
        Ok(call)
    }

    pub(crate) fn origin(
        &self,
        plan: &Plan,
        peer: &Peer,
        session: Option<&Arc<SessionHandle>>,
    ) -> Origin {
        let asked = session.filter(|_| plan.needs_client);
        Origin {
            peer: peer.clone(),
            session: session.map_or(Session::None, |it| Session::Held(Arc::clone(it))),
            server: self.server.clone(),
            direction: Direction::ToServer,
            request: None,
            client: asked.and_then(|it| SessionClient::of(it).known()),
            kept: Kept::default(),
        }
    }

    /// The request as it goes on; `None`: as it came.
    async fn request(
        &self,
        plan: &Plan,
        request: &Request,
        origin: &Origin,
    ) -> Result<Option<Request>, Denial> {
        let mut subject = Subject::Message(request.clone().into_message());
        let mut is_changed = false;
        if request.has_round() && plan.sees.answers {
            let crossing = self.boundary.crossing(Direction::ToServer);
            let passed = rounds::answers(plan, crossing, subject, origin).await?;
            (subject, is_changed) = (passed.subject, passed.is_changed);
        }
        let event = request.method();
        let steps = plan.steps_of(event);
        if !steps.request.is_empty() {
            let run = self.run(plan, (event, Phase::Request), &steps.request, origin);
            let passed = run.pass(subject).await?;
            is_changed |= passed.is_changed;
            subject = passed.subject;
        }
        Ok(if is_changed {
            subject.into_message().and_then(|it| it.into_request().ok())
        } else {
            None
        })
    }

    /// The notification as it goes on; `None`: it does not.
    pub(crate) async fn notification(
        &self,
        plan: &Plan,
        notification: Notification,
        origin: &Origin,
    ) -> Option<Notification> {
        let event = notification.method().to_owned();
        let steps = plan.steps_of(&event);
        if steps.request.is_empty() {
            return Some(notification);
        }
        let subject = Subject::Message(notification.into_message());
        let run = self.run(plan, (&event, Phase::Request), &steps.request, origin);
        let passed = run.pass(subject).await.ok().and_then(|it| it.subject.into_message());
        if passed.is_none() {
            eyot_metrics::messages_dropped("intercepted");
        }
        passed?.into_notification().ok()
    }

    /// The client's answer to a question as it goes on. One that does not pass is an error for the server
    /// that has asked.
    async fn response(&self, plan: &Plan, response: Response, origin: &Origin) -> Response {
        let Some(result) = response.result() else { return response };
        let mut subject = Subject::Message(response.clone().into_message());
        for event in shapes::questions_answered_by(result) {
            let steps = plan.steps_of(event);
            let run = self.run(plan, (event, Phase::Response), &steps.response, origin);
            match run.pass(subject).await {
                Ok(passed) => subject = passed.subject,
                Err(denial) => return Response::of_error(response.id(), &denial.error()),
            }
        }
        let passed = subject.into_message().and_then(|it| it.into_response().ok());
        passed.unwrap_or(response)
    }

    pub(crate) fn run<'a>(
        &self,
        plan: &'a Plan,
        (event, phase): (&'a str, Phase),
        steps: &'a Steps,
        origin: &'a Origin,
    ) -> Run<'a> {
        let crossing = self.boundary.crossing(origin.direction());
        Run { plan, steps, crossing, event, phase, origin }
    }
}

/// Headers that mirror parameters are those of other parameters now. Without them the call is one of a
/// client whose messages have no headers: what sends it on makes them anew.
fn forget_mirrored(call: &mut Call) {
    if let Some(headers) = call.extensions.get_mut::<HeaderMap>() {
        let is_mirrored = |name: &&HeaderName| name.as_str().starts_with(PARAM_PREFIX);
        let mirrored: Vec<_> = headers.keys().filter(is_mirrored).cloned().collect();
        for name in mirrored {
            headers.remove(name);
        }
        call.peer.transport = Transport::Pipe;
    }
}

/// What the methods of tasks begin with: their results have results of other methods inside.
const TASKS: &str = "tasks/";
