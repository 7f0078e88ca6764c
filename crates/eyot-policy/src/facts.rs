//! What of a request is counted by.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::OnceLock;

use eyot_types::headers;
use http::request;

use crate::glob::Glob;
use crate::policy::By;

/// What of a request is counted by; it outlives the request's head.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) address: Option<IpAddr>,
    /// A digest: ids are secrets, and may be long.
    session: Option<u64>,
    tool: Option<Box<str>>,
}

/// Which requests a rule counts, and by what.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) by: Vec<By>,
    pub(crate) tools: Vec<Glob>,
}

/// The name of the client that sends a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name<'n> {
    /// Not asked for yet.
    Unknown,
    /// It was; `None`: clients need none.
    Known(Option<&'n str>),
}

impl Facts {
    pub(crate) fn of(address: Option<IpAddr>, request: &request::Parts) -> Self {
        let session = request.headers.get(headers::SESSION_ID);
        let session = session.map(|it| hashes().hash_one(it.as_bytes()));
        Self { address, session, tool: tool(request).map(|it| it.into()) }
    }
}

impl Counted {
    /// Whether the name of the client is needed.
    pub(crate) fn needs_name(&self) -> bool {
        self.by.contains(&By::Principal)
    }

    /// What the request is counted as. `None`: it is not counted (now).
    pub(crate) fn key(&self, facts: &Facts, name: Name<'_>) -> Option<u64> {
        if self.needs_name() != matches!(name, Name::Known(_)) {
            return None;
        }
        if !self.tools.is_empty() {
            let tool = facts.tool.as_deref()?.as_bytes();
            self.tools.iter().find(|it| it.matches(tool))?;
        }
        let mut hasher = hashes().build_hasher();
        for by in &self.by {
            match (by, name) {
                (By::Address, _) => facts.address.map(network_of).hash(&mut hasher),
                (By::Session, _) => facts.session?.hash(&mut hasher),
                (By::Tool, _) => facts.tool.as_deref()?.hash(&mut hasher),
                (By::Principal, Name::Known(name)) => name.hash(&mut hasher),
                (By::Principal, Name::Unknown) => return None,
            }
        }
        Some(hasher.finish())
    }
}

/// What a client cannot change by taking another address of its own.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !0 << 64).into(),
    }
}

/// The tool that a modern request says it calls. The endpoint refuses a request whose body says
/// otherwise.
fn tool(request: &request::Parts) -> Option<Cow<'_, str>> {
    let method = request.headers.get(headers::METHOD)?;
    let name = request.headers.get(headers::NAME).filter(|_| method == "tools/call")?;
    headers::decode_header_value(name.to_str().ok()?).ok()
}

/// One for the process, so that counts go on when a policy is replaced. No client can know or find
/// out what makes two keys alike.
fn hashes() -> &'static RandomState {
    static HASHES: OnceLock<RandomState> = OnceLock::new();
    HASHES.get_or_init(RandomState::new)
}
