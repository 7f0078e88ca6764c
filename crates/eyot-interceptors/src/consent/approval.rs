//! Asks another principal about a call, which waits meanwhile.

use std::fmt::Write as _;
use std::pin::pin;

use eyot_jsonrpc::{Json, Members, Request};
use eyot_service::{Call, Input};
use eyot_types::{ElicitAction, ElicitResult, Method};
use futures_util::future::{Either, select};
use tokio::time::{Instant, timeout_at};

use super::approvers::Approvers;
use super::askable::{Askable, AskableSessions};
use super::open_questions::{OpenQuestion, OpenQuestions};
use super::question::Consent;
use crate::client::SessionClient;
use crate::denial::Denial;

/// What came of a question.
#[derive(Debug)]
pub(crate) enum Heard {
    Consent,
    Denial(Denial),
    /// The call is over.
    Nothing,
}

/// Asks one of the approvers after the other, until one says yes or no: that of the newest stream first.
pub(crate) async fn ask(
    askable: &AskableSessions,
    call: &Call,
    consent: &Consent,
    approvers: &Approvers,
) -> Heard {
    let Input::Request(request) = &call.input else { return Heard::Nothing };
    let message = match words(request, call, consent) {
        Ok(message) => message,
        Err(denial) => return Heard::Denial(denial),
    };
    let ended = match &call.session {
        None => None,
        Some(session) => match OpenQuestions::of(session).open(Some(request.id().detached())) {
            Some(waiting) => Some(waiting),
            None => return denied("too many questions are open"),
        },
    };
    let asking = ask_each(askable, (consent, approvers), &message);
    let asking = timeout_at(Instant::now() + consent.timeout(), asking);
    match select(pin!(over(ended)), pin!(asking)).await {
        Either::Left(((), _)) => Heard::Nothing,
        Either::Right((Ok(heard), _)) => heard,
        Either::Right((Err(_elapsed), _)) => {
            tracing::info!(consent = consent.name(), %approvers, "no approver has answered in time");
            denied(format!("{approvers} has not consented to it in time"))
        }
    }
}

/// Waits until the call of a legacy client is over. A call of another client is dropped with this.
async fn over(waiting: Option<OpenQuestion>) {
    match waiting {
        Some(mut waiting) => {
            // Its client is never shown the question, so there is no answer.
            while waiting.answer().await.is_some() {}
        }
        None => std::future::pending().await,
    }
}

async fn ask_each(
    askable: &AskableSessions,
    (consent, approvers): (&Consent, &Approvers),
    message: &str,
) -> Heard {
    let mut before = u64::MAX;
    let mut why = "no session of its client can be asked now";
    while let Some(next) = askable.newest_before(before, approvers) {
        before = next.number;
        match ask_one(&next, message).await {
            Said::Yes => {
                let (consent, principal) = (consent.name(), &*next.principal);
                tracing::info!(
                    consent,
                    principal,
                    "a principal has consented to a call of another"
                );
                return Heard::Consent;
            }
            Said::No => {
                let (consent, principal) = (consent.name(), &*next.principal);
                tracing::info!(consent, principal, "a principal has not consented");
                return denied(format!("{approvers} has not consented to it"));
            }
            Said::Nothing(reason) => why = reason,
        }
    }
    tracing::info!(consent = consent.name(), %approvers, why, "no approver can be asked");
    denied(format!("{approvers} has to consent to this: {why}"))
}

enum Said {
    Yes,
    No,
    /// Nothing, for this reason: another session may say more.
    Nothing(&'static str),
}

async fn ask_one(askable: &Askable, message: &str) -> Said {
    let client = SessionClient::of(&askable.session);
    client.learn(&askable.session).await;
    if !client.has_forms() {
        return Said::Nothing("its client has not declared the capability `elicitation`");
    }
    let Some(question) = OpenQuestions::of(&askable.session).open(None) else {
        return Said::Nothing("too many questions to it are open");
    };
    let form = Consent::form_in(message);
    let request = Request::new(question.id(), Method::ElicitationCreate.as_str(), &form);
    if !askable.show(request) {
        return Said::Nothing("its client does not read what it is asked");
    }
    let mut shown = Shown { askable, question, is_answered: false };
    let Some(answer) = shown.question.answer().await else {
        shown.is_answered = true;
        return Said::Nothing("its session has ended before it has answered");
    };
    shown.is_answered = true;
    match answer.decode_result::<ElicitResult>() {
        Ok(ElicitResult { action: ElicitAction::Accept, .. }) => Said::Yes,
        Ok(_) => Said::No,
        Err(_) => Said::Nothing("its client has not asked its user"),
    }
}

/// A question that is shown. Dropped without an answer, it is taken back.
struct Shown<'a> {
    askable: &'a Askable,
    question: OpenQuestion,
    is_answered: bool,
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.askable.take_back(&self.question.id());
        }
    }
}

/// What is shown: the words of the rule, who calls, and all of what is called.
fn words(request: &Request, call: &Call, consent: &Consent) -> Result<String, Denial> {
    let mut words = format!("{}\n\n", consent.message());
    match call.peer.principal_name() {
        Some(name) => {
            words.push_str("Caller: ");
            show_plainly(name, &mut words);
        }
        None => words.push_str("The caller has shown no name."),
    }
    words.push_str("\nCall: ");
    show_plainly(request.method(), &mut words);
    let params = Members::of(request.params().unwrap_or("{}"));
    for (at, (name, value)) in params.into_iter().flatten().filter(|it| it.0 != "_meta").enumerate()
    {
        // All in one line, which the caller cannot make look like two.
        words.push_str(if at == 0 { "\nParameters: " } else { ", " });
        show_plainly(Json::of(&name).as_ref().map_or("", Json::as_str), &mut words);
        words.push_str(": ");
        show_plainly(value, &mut words);
        if words.len() > WORDS_BYTES_MAX {
            let message = "another has to consent to this, and it is too long to be shown";
            return Err(Denial::because(message));
        }
    }
    Ok(words)
}

/// Writes a text with nothing in it that does not show, or that shows in another place.
fn show_plainly(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            ' '..='~' => out.push(char),
            _ if char.is_alphanumeric() => out.push(char),
            _ if char.is_ascii_whitespace() => out.push(' '),
            // Writing into a text cannot fail.
            _ => drop(write!(out, "\\u{{{:x}}}", u32::from(char))),
        }
    }
}

fn denied(message: impl Into<String>) -> Heard {
    Heard::Denial(Denial::because(message))
}

/// Bytes of a question. What does not fit is not asked: a part that is not shown could be what matters.
const WORDS_BYTES_MAX: usize = 8_000;
