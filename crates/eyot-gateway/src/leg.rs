//! Calls on their way to the servers.

use std::time::Duration;

use eyot_jsonrpc::Id;
use eyot_service::{Call, Fault, Input, Messages, Reply, ReplyItem, SessionHandle};
use eyot_session::UpstreamName;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::cursors::Cursors;
use crate::fan_in::note_change;
use crate::legs::Legs;
use crate::member::Member;

/// Hands a call on to a server.
///
/// # Errors
/// Its fault, which names it.
pub(crate) async fn forward(member: Member, call: Call) -> Result<Reply, Fault> {
    let legs = call.session.as_ref().map(|session| {
        let legs = Legs::of(session);
        legs.enter(session, &member);
        legs
    });
    let reply = member.call(call).await.map_err(|it| member.named(it))?;
    if let Some(legs) = legs {
        legs.note_open(&member);
    }
    Ok(match reply {
        Reply::Stream(messages) => Reply::Stream(followed(member, messages)),
        reply => reply,
    })
}

/// The messages of a call, which may tell that lists have changed.
fn followed(member: Member, messages: Messages) -> Messages {
    Messages::new(messages.map(move |item| {
        let item = item.map_err(|it| member.named(it))?;
        note_change(&member, &item);
        let kept = |it: bytes::Bytes| Cursors::write_only(member.slot(), &it);
        Ok(match item {
            ReplyItem::Message { message, cursor: Some(cursor) } => {
                ReplyItem::Message { message, cursor: Some(kept(cursor)) }
            }
            ReplyItem::Cursor(cursor) => ReplyItem::Cursor(kept(cursor)),
            other => other,
        })
    }))
}

/// Tells several servers something. What one of them makes of it is no fault of the call, and none that
/// takes longer than `patience` holds it up.
///
/// # Errors
/// The fault of the server, if it is the only one and there is no answer to it.
pub(crate) async fn tell_all(
    members: Vec<Member>,
    call: Call,
    patience: Duration,
) -> Result<Reply, Fault> {
    let has_answer = matches!(call.input, Input::Request(_));
    if let [member] = members.as_slice()
        && !has_answer
    {
        return member.call(call).await.map_err(|it| member.named(it));
    }
    let telling = members.iter().map(|member| {
        let call = call.clone();
        let told = async move {
            match member.call(call).await? {
                Reply::None => Ok(()),
                reply => reply.answer(drop).await.map(drop),
            }
        };
        async move { (member, timeout(patience, told).await) }
    });
    for (member, told) in join_all(telling).await {
        let server = member.name();
        match told {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::debug!(server, %fault, "server was not told"),
            Err(_elapsed) => tracing::debug!(server, "server takes too long to be told"),
        }
    }
    Ok(Reply::None)
}

/// Asks one server after the other, until one has what the call is about: its answer is no error.
///
/// # Errors
/// The fault of the last one.
pub(crate) async fn first_that_has_it(members: Vec<Member>, call: Call) -> Result<Reply, Fault> {
    let mut last = Err(Fault::unanswered());
    for member in members {
        let asked = match forward(member, call.clone()).await {
            Ok(Reply::One(answer)) => Ok(answer),
            Ok(reply) => reply.answer(drop).await,
            Err(fault) => Err(fault),
        };
        match asked {
            Ok(answer) if !answer.is_error() => return Ok(Reply::One(answer)),
            // The word of a server that is there counts for more than that another one is not.
            Ok(answer) => last = Ok(Reply::One(answer)),
            Err(fault) if last.is_err() => last = Err(fault),
            Err(_) => {}
        }
    }
    last
}

/// The upstreams whose questions are open.
pub(crate) fn that_ask(session: &SessionHandle) -> Vec<UpstreamName> {
    let ids = session
        .look(|state| state.items.questions().iter().map(|it| it.id.clone()).collect::<Vec<_>>());
    ids.iter().flat_map(|it| asked_by(session, it)).collect()
}

/// The upstreams that may have asked the question of that id: one, or those of the modern era, whose
/// questions have ids that only they know.
pub(crate) fn asked_by(session: &SessionHandle, id: &Id) -> Vec<UpstreamName> {
    session.look(|state| {
        let text = id.as_text();
        let generation = text.as_deref().and_then(|it| it.split_once('.')?.0.parse().ok());
        match generation {
            Some(generation) => {
                state.upstreams.of_generation(generation).cloned().into_iter().collect()
            }
            None => {
                let modern = state.upstreams.iter().filter(|(_, it)| it.is_modern);
                modern.map(|(name, _)| name.clone()).collect()
            }
        }
    })
}
