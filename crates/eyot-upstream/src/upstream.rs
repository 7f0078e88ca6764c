//! One upstream: what to connect to, and what is known of it.

use std::sync::Arc;

use eyot_jsonrpc::Request;
use eyot_service::{Fault, Peer};
use eyot_session::UpstreamName;
use eyot_stdio::ChildLimits;

use crate::children::SpareOf;
use crate::driver;
use crate::{
    EraMode, LegacyConnection, Opened, ResumedSession, Runtime, SharedEraCache, Target, TargetName,
};

/// One upstream, and what all its connections share.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "plain data that its users take apart")]
pub struct Upstream {
    /// What to connect to.
    pub target: Target,
    /// Where its connections live.
    pub runtime: Runtime,
    /// Under which name the sessions of clients keep it: several upstreams of a session differ in it.
    pub slot: UpstreamName,
    /// Names the target in stored sessions.
    pub name: Arc<TargetName>,
    /// What is known of its era.
    pub era: SharedEraCache,
}

impl Upstream {
    /// An upstream that nothing is known of but, perhaps, its era. It is the only one of its clients'
    /// sessions.
    #[must_use]
    pub fn new(target: Target, runtime: Runtime, era: EraMode) -> Self {
        let (slot, name) = (UpstreamName::DEFAULT, Arc::new(TargetName::new(&target)));
        Self { target, runtime, slot, name, era: SharedEraCache::new(era) }
    }

    /// Under which name sessions keep it, if they have several.
    #[must_use]
    pub fn with_slot(mut self, slot: UpstreamName) -> Self {
        self.slot = slot;
        self
    }

    /// Opens a session for a client; see [`LegacyConnection::open`].
    ///
    /// # Errors
    ///
    /// As [`LegacyConnection::open`].
    ///
    /// # Cancel safety
    ///
    /// As [`LegacyConnection::open`].
    pub async fn open(&self, peer: &Peer, initialize: Request) -> Result<Opened, Fault> {
        LegacyConnection::open(&self.target, peer, initialize, &self.runtime).await
    }

    /// Calls have children to themselves here: one child is started before it is needed, for the
    /// next of them. Nothing happens where the upstream is no command.
    pub fn keep_spare(&self, peer: &Peer) {
        let Target::Command(command) = &self.target else { return };
        let Runtime { children, shutdown, limits, .. } = &self.runtime;
        let spare = SpareOf {
            command: command.clone(),
            owner: peer.principal_name().cloned(),
            limits: ChildLimits::of(limits),
        };
        if let Some(keeping) = children.keep_spare(spare, shutdown.clone()) {
            driver::spawn(&self.runtime, keeping);
        }
    }

    /// Goes on with a session of an earlier process; see [`LegacyConnection::resume`].
    #[must_use]
    pub fn resume(&self, peer: &Peer, session: &ResumedSession<'_>) -> Option<LegacyConnection> {
        LegacyConnection::resume(&self.target, peer, session, &self.runtime)
    }
}
