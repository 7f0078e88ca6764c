//! One connection to the server, for as long as it lasts.

use std::fmt;

use eyot_jsonrpc::{Id, Message, Request, Response};
use eyot_service::{Fault, Messages, Peer, Reply};
use eyot_types::{Era, Implementation, Revision, ServerCapabilities};
use eyot_upstream::{Cancellation, LegacyConnection, ModernConnection, Sender};
use futures_util::{StreamExt as _, stream};
use http::HeaderMap;
use tokio_util::sync::CancellationToken;

/// A legacy session, or a modern connection in its place. It is replaced as a whole.
pub(crate) struct Session {
    /// Counts the sessions of one client from 1.
    pub(crate) number: u64,
    pub(crate) connection: Connection,
    pub(crate) facts: Facts,
    /// Cancelled when it is replaced, or given up: what runs on it fails at once.
    pub(crate) retired: CancellationToken,
}

/// What the server said of itself.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) revision: Revision,
    pub(crate) info: Option<Implementation>,
    pub(crate) capabilities: ServerCapabilities,
    pub(crate) instructions: Option<String>,
}

/// A connection of either era.
#[derive(Clone, Debug)]
pub(crate) enum Connection {
    Legacy(LegacyConnection),
    Modern(ModernConnection),
}

impl Session {
    pub(crate) fn era(&self) -> Era {
        self.facts.revision.era()
    }

    /// The messages that belong to a request, from sending it to its answer. Nothing is sent
    /// before the stream is polled; dropping it cancels the request, as far as the transport
    /// knows such a thing.
    pub(crate) fn request(&self, request: Request, headers: HeaderMap) -> Messages {
        let connection = self.connection.clone();
        let asking = async move {
            let reply = match connection {
                Connection::Legacy(connection) => connection.request(request).await,
                Connection::Modern(connection) => {
                    let sender = Sender::new(Peer::ourselves(Era::Modern), headers);
                    connection.request(request, &sender).await
                }
            };
            match reply {
                Ok(Reply::Stream(messages)) => messages,
                Ok(Reply::One(answer)) => one(Ok(answer)),
                Ok(Reply::None) => Messages::new(stream::empty()),
                Err(fault) => one(Err(fault)),
            }
        };
        Messages::new(stream::once(asking).flatten())
    }

    /// Whether a link of lines still works; true for what has none.
    pub(crate) fn is_open(&self) -> bool {
        match &self.connection {
            Connection::Legacy(connection) => connection.is_open(),
            Connection::Modern(connection) => connection.is_open(),
        }
    }

    /// Sends a notification or a response.
    pub(crate) async fn send(&self, message: Message) -> Result<(), Fault> {
        match &self.connection {
            Connection::Legacy(connection) => connection.send(message).await,
            Connection::Modern(connection) => connection.send(message, &Sender::ourselves()).await,
        }
    }

    /// The message that tells the server that the caller has given up the call `id`, if one is due.
    pub(crate) fn cancellation(&self, id: &Id, reason: &str) -> Option<Cancellation> {
        match &self.connection {
            Connection::Legacy(connection) => connection.cancellation(id, reason),
            // Closing the stream says it over HTTP; over lines the connection says it by itself.
            Connection::Modern(_) => None,
        }
    }

    /// Tells the server that a call is given up.
    pub(crate) async fn send_cancellation(&self, cancellation: Cancellation) -> Result<(), Fault> {
        match &self.connection {
            Connection::Legacy(connection) => connection.send_cancellation(cancellation).await,
            Connection::Modern(_) => Ok(()),
        }
    }
}

fn one(answer: Result<Response, Fault>) -> Messages {
    Messages::new(stream::once(std::future::ready(answer.map(Into::into))))
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("number", &self.number)
            .field("revision", &self.facts.revision)
            .finish_non_exhaustive()
    }
}
