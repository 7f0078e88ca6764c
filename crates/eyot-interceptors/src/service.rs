//! A service behind interceptors: what goes in.

use std::borrow::Cow;
use std::future::ready;
use std::sync::Arc;

use eyot_jsonrpc::{Notification, Request, Response};
use eyot_service::{
    BoxService, Call, ChosenServer, Entered, Fault, Input, Messages, Peer, Reply, ReplyFuture,
    SessionHandle, SharedService, Transport,
};
use eyot_types::headers::PARAM_PREFIX;
use eyot_types::{Era, Method};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName};
use tokio::sync::mpsc;
use tower_service::Service as _;

use crate::client::{SessionClient, is_initialize};
use crate::consent::{AskedReply, Asker, Consent, Given, OpenQuestions, ToClient};
use crate::denial::Denial;
use crate::descriptor::Phase;
use crate::event::is_call;
use crate::interceptors::{Boundary, Interceptors};
use crate::origin::{Direction, Kept, Origin, Session};
use crate::passage::Passage;
use crate::plan::{EventSteps, Plan, Steps};
use crate::rounds;
use crate::run::{Passed, Run};
use crate::shapes;
use crate::subject::Subject;

/// A service behind interceptors.
#[derive(Debug)]
pub(crate) struct Intercepted {
    pub(crate) inner: BoxService,
    pub(crate) place: Arc<Place>,
}

/// Where interceptors stand.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) interceptors: Interceptors,
    pub(crate) boundary: Boundary,
    pub(crate) server: Option<Arc<str>>,
    pub(crate) asker: Asker,
    /// What is inside sends calls to the server that is chosen for them.
    pub(crate) can_route: bool,
}

impl SharedService for Intercepted {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        let place = &self.place;
        if place.boundary == Boundary::Downstream && OpenQuestions::take(&call) {
            return Box::pin(ready(Ok(Reply::None)));
        }
        match place.asker.listener(&call) {
            Some(listener) => {
                let answering = self.answered(call);
                Box::pin(async move { answering.await.map(|it| listener.beside(it)) })
            }
            None => self.answered(call),
        }
    }
}

impl Intercepted {
    fn answered(self: Arc<Self>, call: Call) -> ReplyFuture {
        let place = &self.place;
        let plan = place.interceptors.plan();
        if plan.needs_client
            && let (Input::Request(request), Some(session)) = (&call.input, &call.session)
            && is_initialize(request)
        {
            SessionClient::of(session).note(request);
        }
        match Needs::of(&plan, &call) {
            _ if place.asker.has_round(&call) => Box::pin(self.pass(plan, call, None)),
            Needs::Nothing => self.inner.clone().call(call),
            Needs::Going => {
                let steps = match &call.input {
                    Input::Request(request) => plan.steps_of(request.method()),
                    _ => Cow::default(),
                };
                match place.enter_at_once(&plan, &steps.request, call) {
                    Ok(call) => self.inner.clone().call(call),
                    Err(answered) => Box::pin(ready(answered)),
                }
            }
            Needs::Both if call.peer.era == Era::Legacy && place.asker.may_ask(&plan, &call) => {
                let (to_client, messages) = mpsc::channel(1);
                let passing = self.pass(plan, call, Some(to_client));
                Box::pin(AskedReply::of(Box::pin(passing), messages))
            }
            Needs::Both => Box::pin(self.pass(plan, call, None)),
        }
    }
}

/// Why a call does not go on.
enum Stopped {
    /// This is the reply.
    Answered(Reply),
    /// A person has to consent first, to the call as it came.
    Unasked(Box<(Call, Consent)>),
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
            Input::Resume { .. } if plan.sees.streams || plan.sees.results => Self::Both,
            _ => Self::Nothing,
        }
    }
}

impl Needs {
    fn of_request(plan: &Plan, request: &Request) -> Self {
        Self::of_steps(plan, &plan.steps_of(request.method()), request)
    }

    fn of_steps(plan: &Plan, steps: &EventSteps, request: &Request) -> Self {
        let is_seen_going = !steps.request.is_empty() || request.has_round() && plan.sees.answers;
        let tells_of_tasks = |method: &str| method.starts_with(TASKS) || method == LISTEN;
        let is_seen_coming = !steps.response.is_empty()
            || plan.sees.streams
            || plan.sees.answers && tells_of_tasks(request.method());
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
        !self.passes_by(request) && !matches!(Needs::of_request(self, request), Needs::Nothing)
    }
}

impl Intercepted {
    async fn pass(
        self: Arc<Self>,
        plan: Arc<Plan>,
        mut call: Call,
        to_client: Option<ToClient>,
    ) -> Result<Reply, Fault> {
        if plan.needs_client
            && let Some(session) = &call.session
        {
            SessionClient::of(session).learn(session).await;
        }
        let place = &self.place;
        let mut given = match place.asker.opened(&plan, &mut call).await {
            Ok(given) => given,
            Err(refusal) => return Ok(Reply::One(refusal)),
        };
        let sent = match &call.input {
            Input::Request(request) if given.is_some() => Some(request.clone()),
            _ => None,
        };
        let (call, kept) = match place.consented(&plan, call, &mut given, to_client.as_ref()).await
        {
            Ok(consented) => consented,
            Err(reply) => return Ok(reply),
        };
        let given = given.filter(|it| !it.is_empty() && call.peer.era == Era::Modern);
        let passage = Passage::of((&self, plan), &call, kept, sent.zip(given));
        match self.inner.clone().call(call).await? {
            Reply::None => Ok(Reply::None),
            Reply::One(answer) => Ok(Reply::One(passage.answer(answer).await)),
            Reply::Stream(messages) => Ok(Reply::Stream(Messages::new(passage.stream(messages)))),
        }
    }
}

impl Place {
    /// What comes of a request on its way to a server, if that can be told at once.
    pub(crate) fn entered(&self, request: Request, call: &dyn Fn(Request) -> Call) -> Entered {
        let Some(plan) = self.interceptors.plan_if(|it| !it.passes_by(&request)) else {
            return Entered::Unconcerned(request);
        };
        let steps = plan.steps_of(request.method());
        match Needs::of_steps(&plan, &steps, &request) {
            Needs::Nothing => Entered::Unconcerned(request),
            Needs::Going => {
                let call = call(request);
                if plan.needs_client && call.session.is_some() {
                    return Entered::Through(call);
                }
                match self.enter_at_once(&plan, &steps.request, call) {
                    Ok(call) => Entered::Past(call),
                    Err(answered) => Entered::Answered(answered),
                }
            }
            Needs::Both => Entered::Through(call(request)),
        }
    }

    /// The call as it goes on, or what it is answered; of a request that [needs](Needs) no more.
    fn enter_at_once(
        &self,
        plan: &Plan,
        steps: &Steps,
        call: Call,
    ) -> Result<Call, Result<Reply, Fault>> {
        let Input::Request(request) = &call.input else { return Ok(call) };
        let origin = self.origin(plan, &call.peer, call.session.as_ref());
        let can_route = self.can_route && is_call(request.method());
        let origin = Origin { can_route, ..origin };
        let run = self.run(plan, (request.method(), Phase::Request), steps, &origin);
        run.record();
        let subject = Subject::Message(request.clone().into_message());
        let passed = run.pass(subject).now_or_never();
        match passed.map(|it| it.map(Passed::into_request)) {
            Some(Ok((None, None))) => Ok(call),
            Some(passed) => changed(plan, call, passed).map_err(|stopped| match stopped {
                Stopped::Answered(reply) => Ok(reply),
                Stopped::Unasked(_) => Err(not_done()),
            }),
            None => Err(Err(not_done())),
        }
    }

    /// The call as it goes on, after all that its client has to consent to; or the reply in its place.
    async fn consented(
        &self,
        plan: &Plan,
        mut call: Call,
        given: &mut Given,
        to_client: Option<&ToClient>,
    ) -> Result<(Call, Kept), Reply> {
        let keeps = matches!(&call.input, Input::Request(it) if !plan.steps_of(it.method()).request.is_at_once);
        loop {
            // Nothing of a run is kept that asks: with the consent it begins anew.
            let kept = Kept::of(keeps);
            match self.enter(plan, call, kept.clone(), given.clone()).await {
                Ok(call) => return Ok((call, kept)),
                Err(Stopped::Answered(reply)) => return Err(reply),
                Err(Stopped::Unasked(unasked)) => {
                    let (before, consent) = *unasked;
                    let so_far = given.as_deref().unwrap_or_default();
                    let asked = self.asker.ask(plan, &before, (consent, so_far), to_client);
                    let consent = asked.await?;
                    *given = Some([so_far, &[consent]].concat().into());
                    call = before;
                }
            }
        }
    }

    /// The call as it goes on.
    async fn enter(
        &self,
        plan: &Plan,
        mut call: Call,
        kept: Kept,
        given: Given,
    ) -> Result<Call, Stopped> {
        let origin = self.origin(plan, &call.peer, call.session.as_ref());
        let can_route =
            self.can_route && matches!(&call.input, Input::Request(it) if is_call(it.method()));
        let origin = Origin { kept, given, can_route, ..origin };
        match call.input {
            Input::Request(request) => {
                let passed = self.request(plan, &request, &origin).await;
                call.input = Input::Request(request);
                return changed(plan, call, passed);
            }
            Input::Notification(notification) => {
                match self.notification(plan, notification, &origin).await {
                    Some(passed) => call.input = Input::Notification(passed),
                    None => return Err(Stopped::Answered(Reply::None)),
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
            given: None,
            can_route: false,
        }
    }

    /// The request as it goes on (`None`: as it came), and the server that is chosen for it.
    async fn request(
        &self,
        plan: &Plan,
        request: &Request,
        origin: &Origin,
    ) -> Result<(Option<Request>, Option<Arc<str>>), Denial> {
        let mut subject = Subject::Message(request.clone().into_message());
        let (mut is_changed, mut to) = (false, None);
        if request.has_round() && plan.sees.answers {
            let crossing = self.boundary.crossing(Direction::ToServer);
            let passed = rounds::answers(plan, crossing, subject, origin).await?;
            (subject, is_changed) = (passed.subject, passed.is_changed);
        }
        let event = request.method();
        let steps = plan.steps_of(event);
        if !steps.request.is_empty() {
            let run = self.run(plan, (event, Phase::Request), &steps.request, origin);
            run.record();
            let passed = run.pass(subject).await?;
            is_changed |= passed.is_changed;
            (subject, to) = (passed.subject, passed.to);
        }
        Ok(Passed { subject, is_changed, to }.into_request())
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
        let is_of_task = event == TASK_TOLD;
        if steps.request.is_empty() && !is_of_task {
            return Some(notification);
        }
        let mut subject = Subject::Message(notification.into_message());
        let passed = async {
            if is_of_task {
                let crossing = self.boundary.crossing(origin.direction());
                subject = rounds::task(plan, crossing, subject, origin).await?.subject;
            }
            self.run(plan, (&event, Phase::Request), &steps.request, origin).pass(subject).await
        };
        let passed = passed.await.ok().and_then(|it| it.subject.into_message());
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

/// A call with what has become of its request (`None`: it stays as it is), and where it is to go.
fn changed(
    plan: &Plan,
    mut call: Call,
    passed: Result<(Option<Request>, Option<Arc<str>>), Denial>,
) -> Result<Call, Stopped> {
    match passed {
        Ok((changed, to)) => {
            if let Some(changed) = changed {
                let has_other_arguments = !matches!(&call.input, Input::Request(it) if it.arguments() == changed.arguments());
                call.input = Input::Request(changed);
                if has_other_arguments {
                    forget_mirrored(&mut call);
                }
            }
            if let Some(to) = to {
                call.extensions.insert(ChosenServer(to));
            }
            Ok(call)
        }
        Err(Denial::Unasked(consent)) => Err(Stopped::Unasked(Box::new((call, consent)))),
        Err(denial) => Err(Stopped::Answered(match &call.input {
            Input::Request(request) => {
                Reply::One(denial.answer(request, call.peer.era, plan.options.deny_as))
            }
            _ => Reply::None,
        })),
    }
}

/// What a step that takes its time, or asks, would be for: [`Needs`] has seen none.
fn not_done() -> Fault {
    Fault::internal("an interceptor is not done")
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

/// The request on whose stream the server tells of tasks, in the modern era.
const LISTEN: &str = Method::SubscriptionsListen.as_str();

/// How it tells: with all that the task has inside.
const TASK_TOLD: &str = Method::Tasks.as_str();
