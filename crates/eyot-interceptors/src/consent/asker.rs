//! Asks the user of a client.
//!
//! Both eras do alike: what an interceptor asks ends the run, and with the consent the run begins anew. A
//! modern client is asked by the answer, and its next round brings the consent; a legacy client is asked on
//! the stream of its call, which goes on meanwhile.

use std::sync::Arc;

use eyot_jsonrpc::{Message, Notification, Request, Response};
use eyot_service::{Call, Input, Peer, Reply};
use eyot_types::{CancelledParams, ElicitAction, ElicitResult, Era, Method, RequestMeta};
use tokio::sync::mpsc;

use super::approval::{self, Heard};
use super::askable::{AskableSessions, Listener};
use super::open_questions::OpenQuestions;
use super::question::Consent;
use super::rounds::{ConsentRounds, Opened};
use super::sealing::Sealing;
use crate::client::{SessionClient, has_forms};
use crate::denial::Denial;
use crate::event::is_call;
use crate::interceptors::Boundary;
use crate::plan::Plan;

/// What was consented to in a call, in its order. `None`: no user can be asked.
pub(crate) type Given = Option<Arc<[Consent]>>;

/// Takes what the client of a call has to see before its answer.
pub(crate) type ToClient = mpsc::Sender<Message>;

/// Asks the users of the clients of one layer.
#[derive(Debug)]
pub(crate) struct Asker {
    pub(crate) boundary: Boundary,
    pub(crate) sealing: Arc<Sealing>,
    /// The sessions that can be asked about the calls of others.
    pub(crate) askable: AskableSessions,
}

impl Asker {
    /// Whether the user of the client may have to be asked before this call goes on.
    pub(crate) fn may_ask(&self, plan: &Plan, call: &Call) -> bool {
        let Input::Request(request) = &call.input else { return false };
        plan.asks
            && self.boundary == Boundary::Downstream
            && is_call(request.method())
            && !plan.steps_of(request.method()).request.is_at_once
    }

    /// Whether a call could bring a state of ours.
    pub(crate) fn has_round(&self, call: &Call) -> bool {
        let has_round = matches!(&call.input, Input::Request(it) if it.has_round());
        has_round && self.boundary == Boundary::Downstream && call.peer.era == Era::Modern
    }

    /// The client of a call that opens the stream on which it can be asked about the calls of others.
    pub(crate) fn listener(&self, call: &Call) -> Option<Listener> {
        if self.boundary == Boundary::Downstream { self.askable.listener(call) } else { None }
    }

    /// Takes what is ours out of a call, and tells what was consented to.
    ///
    /// # Errors
    ///
    /// The answer to a call whose state is not to be trusted, or to which the user does not consent.
    pub(crate) async fn opened(&self, plan: &Plan, call: &mut Call) -> Result<Given, Response> {
        let nothing = self.may_ask(plan, call).then(Arc::default);
        if !self.has_round(call) {
            return Ok(nothing);
        }
        let Input::Request(request) = &mut call.input else { return Ok(nothing) };
        let rounds = ConsentRounds { keys: self.sealing.keys().await, peer: &call.peer };
        match rounds.open(request) {
            Ok(None) => Ok(nothing),
            Ok(Some(Opened { refused: Some(consent), .. })) => {
                let denial = refused(&consent);
                Err(denial.answer(request, call.peer.era, plan.options.deny_as))
            }
            Ok(Some(Opened { request: opened, given, .. })) => {
                *request = opened;
                Ok(Some(given.into()))
            }
            Err(error) => Err(request.refuse(&error)),
        }
    }

    /// Asks the user of the client, after what was given before.
    ///
    /// # Errors
    ///
    /// The reply to the call, which does not go on: the next round brings the consent, or there is none.
    pub(crate) async fn ask(
        &self,
        plan: &Plan,
        call: &Call,
        (consent, given): (Consent, &[Consent]),
        to_client: Option<&ToClient>,
    ) -> Result<Consent, Reply> {
        let Input::Request(request) = &call.input else { return Err(Reply::None) };
        let (era, deny_as) = (call.peer.era, plan.options.deny_as);
        let denied = |it: Denial| Err(Reply::One(it.answer(request, era, deny_as)));
        if given.len() >= GIVEN_MAX {
            return denied(Denial::because("it has to be consented to too often"));
        }
        if let Some(approvers) = consent.approvers() {
            return match approval::ask(&self.askable, call, &consent, approvers).await {
                Heard::Consent => Ok(consent),
                Heard::Denial(denial) => denied(denial),
                Heard::Nothing => Err(Reply::None),
            };
        }
        if !has_user(request, call) {
            return denied(Denial::because(NO_USER));
        }
        match (era, to_client, &call.session) {
            (Era::Modern, ..) => {
                let rounds = ConsentRounds { keys: self.sealing.keys().await, peer: &call.peer };
                Err(Reply::One(rounds.ask(request, &own(given), consent)))
            }
            (Era::Legacy, Some(to_client), Some(session)) => {
                let questions = OpenQuestions::of(session);
                match ask_on_stream(&questions, request, &consent, to_client).await {
                    Heard::Consent => Ok(consent),
                    Heard::Denial(denial) => denied(denial),
                    Heard::Nothing => Err(Reply::None),
                }
            }
            (Era::Legacy, ..) => denied(Denial::because(NO_USER)),
        }
    }

    /// The answer of the server as the client keeps it, with what was given for its request.
    pub(crate) async fn with_given(
        &self,
        (request, peer): (&Request, &Peer),
        given: &[Consent],
        answer: Response,
    ) -> Response {
        let rounds = ConsentRounds { keys: self.sealing.keys().await, peer };
        rounds.keep(request, &own(given), answer)
    }
}

/// Asks on the stream of a call, whose client answers it in a message of its own.
async fn ask_on_stream(
    questions: &OpenQuestions,
    request: &Request,
    consent: &Consent,
    to_client: &ToClient,
) -> Heard {
    let Some(mut open) = questions.open(Some(request.id().detached())) else {
        return Heard::Denial(Denial::because("too many questions are open"));
    };
    let question = Request::new(open.id(), Method::ElicitationCreate.as_str(), &consent.form());
    show(to_client, question.into_message()).await;
    match tokio::time::timeout(consent.timeout(), open.answer()).await {
        Ok(Some(answer)) => match answer.decode_result::<ElicitResult>() {
            Ok(ElicitResult { action: ElicitAction::Accept, .. }) => Heard::Consent,
            Ok(_) => Heard::Denial(refused(consent)),
            Err(_) => Heard::Denial(Denial::because("the client has not asked its user")),
        },
        Ok(None) => Heard::Nothing,
        Err(_) => {
            let cancelled = CancelledParams::new(open.id());
            let cancelled = Notification::new(Method::Cancelled.as_str(), &cancelled);
            show(to_client, cancelled.into_message()).await;
            tracing::info!(consent = consent.name(), "a person has not answered in time");
            Heard::Denial(Denial::because("it was not consented to in time"))
        }
    }
}

async fn show(to_client: &ToClient, message: Message) {
    // The stream takes it, or is gone, and this call with it.
    drop(to_client.send(message).await);
}

/// What the user of the client has consented to. The consent of another is for one passage: a client that
/// kept it could use it again without a question.
fn own(given: &[Consent]) -> Vec<Consent> {
    given.iter().filter(|it| it.approvers().is_none()).cloned().collect()
}

/// Whether the client can ask its user.
fn has_user(request: &Request, call: &Call) -> bool {
    match (call.peer.era, &call.session) {
        (Era::Modern, _) => {
            let meta = RequestMeta::of(request).ok();
            meta.and_then(|it| it.client_capabilities).is_some_and(has_forms)
        }
        (Era::Legacy, Some(session)) => SessionClient::of(session).has_forms(),
        (Era::Legacy, None) => false,
    }
}

fn refused(consent: &Consent) -> Denial {
    tracing::info!(consent = consent.name(), "a person has not consented");
    Denial::Unasked(consent.clone())
}

const NO_USER: &str = "a person has to consent to this, and the client cannot ask its user: it has \
                       not declared the capability `elicitation`";

/// Consents of one call.
const GIVEN_MAX: usize = 8;
