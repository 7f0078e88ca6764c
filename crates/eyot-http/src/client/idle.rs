//! The connections to one upstream that wait for its next request.

use std::time::{Duration, Instant};

use eyot_service::UpstreamLimits;
use parking_lot::Mutex;

use crate::client::connection::Connection;

/// Idle connections. Last in, first out: the warmest is taken first.
#[derive(Debug)]
pub(super) struct IdleConnections {
    connections: Mutex<Vec<(Connection, Instant)>>,
    connections_max: usize,
    timeout: Duration,
}

impl IdleConnections {
    pub(super) fn new(limits: &UpstreamLimits) -> Self {
        let UpstreamLimits { idle_connections_max, idle_connection_timeout, .. } = *limits;
        Self {
            connections: Mutex::new(Vec::new()),
            connections_max: idle_connections_max,
            timeout: idle_connection_timeout,
        }
    }

    /// The warmest idle connection that has not expired.
    pub(super) fn take(&self) -> Option<Connection> {
        let mut connections = self.connections.lock();
        let (connection, since) = connections.pop()?;
        if since.elapsed() < self.timeout {
            return Some(connection);
        }
        // The connections below it are older still.
        connections.clear();
        None
    }

    /// Keeps a connection, if there is room for it.
    pub(super) fn put(&self, connection: Connection) {
        let mut connections = self.connections.lock();
        if connections.len() < self.connections_max {
            connections.push((connection, Instant::now()));
        }
    }
}
