//! WebSocket (RFC 6455): one text message per JSON-RPC message, as server and as client.
//!
//! - [`WebSocketIo`]: the messages of an open connection, as a
//!   [`MessageIo`](eyot_service::MessageIo).
//! - [`accept`]: the answer of a server to the request that asks for a connection.
//! - [`ClientHandshake`]: the request of a client, and what the answer must say.
//! - [`WsLimits`]: the bounds of a connection.
//!
//! The requests themselves are HTTP, which another crate reads and writes; this crate is given
//! their headers, and the stream behind them. No extension is negotiated.
//!
//! **Invariant:** what a peer makes this process hold is bounded by what the peer has sent, and by
//! the limits: no buffer is made for bytes that were only declared. An idle connection has none.

mod client_handshake;
mod frame_reader;
mod frame_writer;
mod heartbeat;
mod limits;
mod mask;
mod partial_text;
mod server_handshake;
mod side;
mod violation;
mod web_socket_io;

pub use crate::client_handshake::{ClientHandshake, HandshakeError};
pub use crate::limits::WsLimits;
pub use crate::server_handshake::{HandshakeRefusal, accept};
pub use crate::web_socket_io::WebSocketIo;

/// The subprotocol: MCP, one text message per JSON-RPC message.
pub const SUBPROTOCOL: &str = "mcp";
