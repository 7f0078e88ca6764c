//! The metrics of clients' connections.

use metrics::{Unit, describe_gauge, gauge};

pub(crate) fn describe() {
    describe_gauge!(CONNECTIONS, Unit::Count, "Open connections of clients.");
    let help = "Connections of clients that are WebSockets.";
    describe_gauge!(WEB_SOCKETS, Unit::Count, help);
}

/// A client connected (1) or went away (-1).
pub fn connections_changed(by: f64) {
    gauge!(CONNECTIONS).increment(by);
}

/// A connection of a client became a WebSocket (1), or such a one ended (-1).
pub fn web_sockets_changed(by: f64) {
    gauge!(WEB_SOCKETS).increment(by);
}

const CONNECTIONS: &str = "eyot_connections";
const WEB_SOCKETS: &str = "eyot_web_sockets";
