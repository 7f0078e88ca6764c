//! Every bound in one place.

use std::time::Duration;

use eyot_jsonrpc::ScanLimits;

/// Bounds on what others can make this process hold or wait for.
///
/// Each has a default that serves ordinary use. What exceeds a bound is refused with an
/// error that names it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one message, whatever carries it (HTTP body, event, line from a child).
    pub message_bytes_max: usize,
    /// Bounds on the shape of one message.
    pub scan: ScanLimits,
    /// Connections open at once; further ones wait in the kernel's backlog.
    pub connections_max: usize,
    /// Bytes of a request's head. hyper's smallest is 8 KiB.
    pub head_bytes_max: usize,
    /// Header lines of a request.
    pub headers_max: usize,
    /// From the first moment in which a request could begin to the end of its head. It
    /// bounds silent connections, slow heads and idle kept-alive connections alike.
    pub head_timeout: Duration,
    /// Silence within a request's body.
    pub body_idle_timeout: Duration,
    /// From the first to the last byte of a request's body.
    pub body_timeout: Duration,
    /// How long it may take to find out who a client is.
    pub authentication_timeout: Duration,
    /// How long a client may take no bytes while there are bytes for it.
    pub write_stall_timeout: Duration,
    /// Legacy sessions in this process.
    pub sessions_max: usize,
    /// Legacy sessions of one principal.
    pub sessions_per_principal_max: usize,
    /// How long a legacy call may be silent before its reply becomes a resumable stream.
    pub json_patience: Duration,
    /// Interval of comments on a silent event stream.
    pub keep_alive_interval: Duration,
    /// Upstream silence after which a call fails. Every message of the call starts it anew.
    pub call_timeout: Duration,
    /// The same while the client owes an answer to a question of the upstream: people are
    /// slower than programs.
    pub question_timeout: Duration,
    /// Establishing a connection to an upstream, or a child's answer to the first request.
    pub connect_timeout: Duration,
    /// Messages of one call (or of one listening client) that wait to be written out.
    pub queue_messages_max: usize,
    /// How long a reader may leave that queue full before its call fails.
    pub queue_stall_timeout: Duration,
    /// Bytes that wait for the client of a pipe before its calls are polled no further.
    pub pipe_queue_bytes: usize,
    /// Idle connections kept to one upstream.
    pub idle_connections_max: usize,
    /// How long an idle connection to an upstream is kept.
    pub idle_connection_timeout: Duration,
    /// Sessions that are held at an upstream of the other era.
    pub upstream_sessions_max: usize,
    /// How long such a session is kept that nobody uses.
    pub upstream_idle_timeout: Duration,
    /// Calls that wait for their client's next round.
    pub parked_calls_max: usize,
    /// The same of one principal.
    pub parked_calls_per_principal_max: usize,
    /// How long a modern client may take for a round of a call that its handler has parked or
    /// left.
    pub round_timeout: Duration,
    /// Tasks that are kept for clients.
    pub tasks_max: usize,
    /// The same of one principal.
    pub tasks_per_principal_max: usize,
    /// How long such a task is kept from its creation on, unless its server keeps it for less.
    pub task_ttl: Duration,
    /// Bytes of the results of such tasks, of all together.
    pub task_results_bytes_max: usize,
    /// How long running work may go on after shutdown began.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 16 << 20,
            scan: ScanLimits::default(),
            connections_max: 16_384,
            head_bytes_max: 32 << 10,
            headers_max: 64,
            head_timeout: Duration::from_secs(30),
            body_idle_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(120),
            authentication_timeout: Duration::from_secs(10),
            write_stall_timeout: Duration::from_secs(30),
            sessions_max: 100_000,
            sessions_per_principal_max: 100_000,
            json_patience: Duration::from_secs(1),
            keep_alive_interval: Duration::from_secs(15),
            call_timeout: Duration::from_secs(60),
            question_timeout: Duration::from_secs(600),
            connect_timeout: Duration::from_secs(10),
            queue_messages_max: 256,
            queue_stall_timeout: Duration::from_secs(5),
            pipe_queue_bytes: 1 << 20,
            idle_connections_max: 64,
            idle_connection_timeout: Duration::from_secs(20),
            upstream_sessions_max: 1_024,
            upstream_idle_timeout: Duration::from_secs(300),
            parked_calls_max: 1_024,
            parked_calls_per_principal_max: 256,
            round_timeout: Duration::from_secs(600),
            tasks_max: 10_000,
            tasks_per_principal_max: 1_000,
            task_ttl: Duration::from_secs(3_600),
            task_results_bytes_max: 64 << 20,
            drain_timeout: Duration::from_secs(30),
        }
    }
}
