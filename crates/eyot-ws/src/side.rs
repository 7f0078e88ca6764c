//! The two sides of a connection.

/// Which side this process is. "A client MUST mask all frames that it sends to the server […] A
/// server MUST NOT mask any frames that it sends to the client" (RFC 6455, 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// It has accepted the connection.
    Server,
    /// It has opened the connection.
    Client,
}
