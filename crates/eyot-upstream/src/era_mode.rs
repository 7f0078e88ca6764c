//! Which era an upstream is spoken to in.

/// Which era an upstream is spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EraMode {
    /// The server's: it is asked, unless it is known from before.
    #[default]
    Auto,
    /// The legacy era; the server is not asked.
    Legacy,
    /// The modern era; a server of the other is refused.
    Modern,
}
