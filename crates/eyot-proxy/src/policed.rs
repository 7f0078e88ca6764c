//! The HTTP policy before an endpoint, and what of it needs the names of clients.

use std::sync::Arc;
use std::time::Instant;

use eyot_endpoint::{
    AuthRefusal, Authenticate, Authenticated, Authentication, Credentials, Endpoint, EndpointConfig,
};
use eyot_policy::{LivePolicy, Origin, PolicyLayer, Ticket};
use eyot_service::Principal;

/// Lets the policy ask for clients' names as soon as they are known, and puts it before the endpoint.
pub(crate) fn before(
    policy: Option<LivePolicy>,
    endpoint: &mut EndpointConfig,
) -> PolicyLayer<Endpoint> {
    if policy.is_some() {
        endpoint.auth = Arc::new(Policed(Arc::clone(&endpoint.auth)));
    }
    PolicyLayer::of_connections(policy, origin)
}

/// Where the requests of a connection come from.
fn origin(endpoint: &Endpoint) -> Option<Origin> {
    let peer = endpoint.peer_address().map(|it| it.ip());
    Some(Origin { peer, is_tls: endpoint.is_tls() })
}

/// Finds out who sends a request, and asks the rules that count by name.
#[derive(Debug)]
struct Policed(Arc<dyn Authenticate>);

impl Authenticate for Policed {
    fn authenticate(&self, credentials: &Credentials<'_>) -> Authentication {
        let found = self.0.authenticate(credentials);
        let Some(ticket) = credentials.parts.extensions.get::<Ticket>() else { return found };
        match found {
            Authentication::Ready(found) => Authentication::Ready(admitted(ticket, found)),
            Authentication::Pending(asking) => {
                let ticket = ticket.clone();
                Authentication::pending(async move { admitted(&ticket, asking.await) })
            }
        }
    }

    fn is_open(&self) -> bool {
        self.0.is_open()
    }
}

/// The sender of a request, if no rule by name refuses it.
fn admitted(ticket: &Ticket, found: Authenticated) -> Authenticated {
    let principal = found?;
    let name = principal.as_ref().map(Principal::name);
    match ticket.identify(name.map(|it| &**it), Instant::now()) {
        Ok(()) => Ok(principal),
        Err(refusal) => {
            Err(AuthRefusal::denied(refusal.status, refusal.error, refusal.retry_after))
        }
    }
}

#[cfg(test)]
mod tests;
