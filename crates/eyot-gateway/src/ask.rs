//! Asks a server for a whole list, in the name of a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eyot_jsonrpc::{Id, Members, Message, Request};
use eyot_service::{Call, Fault, Input, Limits, Peer, SessionHandle};
use eyot_types::codes::{self, METHOD_NOT_FOUND, Outcome};
use eyot_types::{Method, meta};
use serde_json::Value;

use crate::item_list::{ItemList, Page};
use crate::legs::Legs;
use crate::listing::Listing;
use crate::member::Member;

/// The client in whose name a list is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    peer: Peer,
    session: Option<Arc<SessionHandle>>,
    /// What a modern client says of itself in each request.
    meta: Option<Value>,
}

/// A whole list.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) items: ItemList,
    /// How long the server says that it holds. `None`: it says nothing.
    pub(crate) ttl: Option<Duration>,
}

impl Asker {
    /// The client of a call.
    pub(crate) fn of(call: &Call) -> Self {
        let request: Option<&Message> = match &call.input {
            Input::Request(request) => Some(request),
            _ => None,
        };
        let meta = request.and_then(client_meta).filter(|_| call.session.is_none());
        Self { peer: call.peer.clone(), session: call.session.clone(), meta }
    }

    /// Eyot itself.
    pub(crate) fn ourselves(meta: Value) -> Self {
        let peer = Peer::ourselves(eyot_types::Era::Modern);
        Self { peer, session: None, meta: Some(meta) }
    }

    /// Asks for a list, page by page. A server that knows no such list has an empty one.
    ///
    /// # Errors
    /// The server cannot be reached, or answers with an error, or with something else than a list.
    pub(crate) async fn ask(
        &self,
        member: &Member,
        listing: Listing,
        limits: &Limits,
    ) -> Result<Listed, Fault> {
        let listed = self.listed(member, listing, limits).await?;
        if let Some(session) = &self.session {
            Legs::of(session).note_open(member);
        }
        Ok(listed)
    }

    async fn listed(
        &self,
        member: &Member,
        listing: Listing,
        limits: &Limits,
    ) -> Result<Listed, Fault> {
        if let Some(session) = &self.session {
            Legs::of(session).enter(session, member);
        }
        let (mut pages, mut ttl) = (Vec::new(), None);
        let (mut cursor, mut bytes) = (None, 0_usize);
        let mut is_whole = false;
        for _ in 0..limits.upstream.list_pages_max {
            let call = self.call(listing.method(), cursor.as_deref());
            let answer = member.call(call).await?.answer(drop).await?;
            if let Some(error) = answer.error_object() {
                return match error.code {
                    METHOD_NOT_FOUND => listed(listing, pages, ttl),
                    _ => Err(Fault::upstream(error)),
                };
            }
            let page = Page::read(listing, &answer).ok_or_else(|| no_list(listing))?;
            bytes += page.array.len();
            if bytes > limits.memory.known_lists_bytes_max {
                break;
            }
            pages.push(page.array);
            ttl = [ttl, page.ttl].into_iter().flatten().min();
            match page.next_cursor {
                // A server that gives the cursor back that it was given would do so for ever.
                Some(next) if cursor.as_ref() != Some(&next) => cursor = Some(next),
                _ => {
                    is_whole = true;
                    break;
                }
            }
        }
        if !is_whole {
            tracing::warn!(
                server = member.name(),
                list = listing.items(),
                "list has too many pages, or is too long: the rest is left out"
            );
        }
        listed(listing, pages, ttl)
    }

    /// How to use a server, as it says itself; `None`: it says nothing of that.
    pub(crate) async fn instructions(&self, member: &Member) -> Option<String> {
        let reply = member.call(self.call(Method::ServerDiscover, None)).await.ok()?;
        let answer = reply.answer(drop).await.ok()?;
        answer.result()?;
        let (_, raw) = answer.members()?.find(|(name, _)| name == "instructions")?;
        serde_json::from_str(raw).ok()
    }

    fn call(&self, method: Method<'_>, cursor: Option<&str>) -> Call {
        let mut params = serde_json::Map::new();
        params.extend(cursor.map(|it| ("cursor".to_owned(), it.into())));
        params.extend(self.meta.clone().map(|it| ("_meta".to_owned(), it)));
        // No client has it, however many calls of its own run meanwhile.
        let number = ASKED.fetch_add(1, Ordering::Relaxed);
        let id = Id::from_text(&format!("io.eyot/{number}"));
        let request = Request::new(id, method.as_str(), &params);
        let mut call = Call::new(Input::Request(request), self.peer.clone());
        call.session.clone_from(&self.session);
        call
    }
}

fn listed(listing: Listing, pages: Vec<String>, ttl: Option<Duration>) -> Result<Listed, Fault> {
    let items = ItemList::of(listing, pages).ok_or_else(|| no_list(listing))?;
    Ok(Listed { items, ttl })
}

static ASKED: AtomicU64 = AtomicU64::new(0);

/// What a request says of its client, and nothing that is about the request.
fn client_meta(request: &Message) -> Option<Value> {
    let kept = [meta::PROTOCOL_VERSION, meta::CLIENT_INFO, meta::CLIENT_CAPABILITIES];
    let members = Members::of(request.meta()?)?.filter(|(name, _)| kept.contains(&&**name));
    let members =
        members.map(|(name, raw)| Some((name.into_owned(), serde_json::from_str(raw).ok()?)));
    Some(Value::Object(members.collect::<Option<_>>()?))
}

fn no_list(listing: Listing) -> Fault {
    let reason = format!("the answer to `{}` is no list", listing.method().as_str());
    Fault::upstream(codes::upstream_lost(&reason, Outcome::Ran, false))
}
