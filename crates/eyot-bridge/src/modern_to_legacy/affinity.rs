//! Which calls of modern clients share an upstream session.

/// Which calls share an upstream session, besides having declared the same capabilities.
///
/// A legacy server keeps state in its session, and a modern client says nothing that a session
/// could be found by. Calls that share a session see each other's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Affinity {
    /// Calls of one principal share, and so do those of all clients without credentials where only
    /// one user can reach us ([`Reach::OneUser`](eyot_service::Reach::OneUser)). Elsewhere a client
    /// without credentials shares nothing, not even with itself. An upstream that gives no session
    /// id keeps no state, and is shared.
    ///
    /// A call that cannot have its turn in the session within a few seconds, because it has to run
    /// alone there, gets a session to itself.
    #[default]
    Auto,
    /// All calls share.
    Shared,
    /// Calls of one principal share, and so do those of all clients without credentials.
    PerPrincipal,
    /// Calls of one principal that name the same handle share: 16 to 128 characters under
    /// `io.eyot/session` in `_meta`. One without a handle shares nothing.
    Handle,
    /// No call shares.
    PerRequest,
}

/// The key of `_meta` with which a client names what its calls share.
pub(crate) const HANDLE: &str = "io.eyot/session";
/// Characters of a handle: a stranger must not guess one.
pub(crate) const HANDLE_CHARS: std::ops::RangeInclusive<usize> = 16..=128;
