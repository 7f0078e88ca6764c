//! What is known of a request before its body is read.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use eyot_http::Accepts;
use eyot_service::{Peer, Reach};
use eyot_stdx::QuotaPermit;

use crate::services::FoundService;
use crate::timer::Timer;

/// What the requests of one connection share.
#[derive(Debug, Default)]
pub(crate) struct ConnectionContext {
    /// Where the client is, if it has come by TCP to this process.
    pub(crate) from: Option<SocketAddr>,
    /// This process has accepted it; otherwise it is a foreign server's, and nothing is known of it.
    pub(crate) is_ours: bool,
    /// It speaks TLS with this process.
    pub(crate) is_tls: bool,
    /// The name in the client's certificate.
    pub(crate) certificate: Option<Arc<str>>,
    pub(crate) reach: Reach,
    pub(crate) timer: Timer,
    /// Its place among all connections: it counts for the principal of its first request.
    pub(crate) place: OnceLock<QuotaPermit>,
    /// The client of the WebSocket that it goes on as.
    pub(crate) socket_peer: OnceLock<Box<Peer>>,
}

/// Who sends a request, and what the head of it says, checked.
///
/// Passed by reference: each async function on the way would keep it twice.
pub(crate) struct RequestContext<'a> {
    pub(crate) peer: Peer,
    pub(crate) accepts: Accepts,
    pub(crate) timer: &'a Timer,
    /// What it is sent to.
    pub(crate) found: &'a FoundService,
}
