//! Every bound in one place.

use std::time::Duration;

use eyot_jsonrpc::ScanLimits;
use eyot_session::Limits as OneSessionLimits;

/// Bounds on what peers can make this process hold or wait for.
///
/// Each bound has a default that serves ordinary use. What exceeds a bound is refused with an error
/// that names it. The groups show what a bound is about, and so which layer enforces it. Totals that
/// principals share are listed in [`SharedTotal`](crate::SharedTotal).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bounds of one message.
    pub messages: MessageLimits,
    /// Connections of HTTP clients, and the requests on them.
    pub http: HttpLimits,
    /// A client at the other end of a pipe (stdio, a pair of streams).
    pub pipe: PipeLimits,
    /// A WebSocket: to a client, whose pipe it is, or to an upstream.
    pub web_socket: WebSocketLimits,
    /// Sessions of legacy clients.
    pub sessions: SessionLimits,
    /// Calls, from a client's request to its answer.
    pub calls: CallLimits,
    /// What is held for clients between two of their requests.
    pub memory: MemoryLimits,
    /// Connections to upstreams, and sessions there.
    pub upstream: UpstreamLimits,
    /// One principal may have this part of each shared total: with 4 a quarter, with 1 all. Clients
    /// without a name are one principal; where no client has a name, an endpoint takes 1. 4.
    pub principal_parts: usize,
    /// How long running work may go on after shutdown began. 30 s.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages: MessageLimits::default(),
            http: HttpLimits::default(),
            pipe: PipeLimits::default(),
            web_socket: WebSocketLimits::default(),
            sessions: SessionLimits::default(),
            calls: CallLimits::default(),
            memory: MemoryLimits::default(),
            upstream: UpstreamLimits::default(),
            principal_parts: 4,
            drain_timeout: seconds(30),
        }
    }
}

impl Limits {
    /// These bounds where no client has a name: there is one principal, which shares with no other.
    #[must_use]
    pub const fn of_one_principal(self) -> Self {
        Self { principal_parts: 1, ..self }
    }
}

/// Bounds of one message.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MessageLimits {
    /// Bytes of one message: an HTTP body, an event, a line. 16 MiB.
    pub bytes_max: usize,
    /// The shape of a message: depth, members, batch. See [`ScanLimits`].
    pub scan: ScanLimits,
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self { bytes_max: 16 << 20, scan: ScanLimits::default() }
    }
}

/// Bounds of HTTP clients. The endpoint enforces them.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct HttpLimits {
    /// Connections open at once; further ones wait in the kernel's backlog. 16,384.
    pub connections_max: usize,
    /// Connections to the admin address; further ones wait in the kernel's backlog. 64.
    pub admin_connections_max: usize,
    /// Bytes of the head of a request, or of an upstream's answer. 32 KiB.
    pub head_bytes_max: usize,
    /// Header lines of a request, or of an upstream's answer. 64.
    pub headers_max: usize,
    /// How long the TLS handshake of a client may take. 10 s.
    pub tls_timeout: Duration,
    /// Bytes that are read at once from a connection of a client or to an upstream, and that may
    /// wait to be written to it. hyper's smallest is 8 KiB. 256 KiB.
    pub buffer_bytes_max: usize,
    /// From the first moment in which a request could begin to the end of its head. It
    /// bounds silent connections, slow heads and idle kept-alive connections alike. 30 s.
    pub head_timeout: Duration,
    /// Silence within a request's body. 15 s.
    pub body_idle_timeout: Duration,
    /// From the first to the last byte of a request's body. 120 s.
    pub body_timeout: Duration,
    /// How long a request's body may take before it must have come at `body_rate_min`. 30 s.
    pub body_rate_grace: Duration,
    /// Bytes per second, on the average since its first byte, that a request's body must have after
    /// that. 1 KiB.
    pub body_rate_min: u32,
    /// How long the endpoint may take to find out who a client is. 10 s.
    pub authentication_timeout: Duration,
    /// How long a client may take no bytes while there are bytes for it. 30 s.
    pub write_stall_timeout: Duration,
    /// Interval of comments on a silent event stream. 15 s.
    pub keep_alive_interval: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            admin_connections_max: 64,
            head_bytes_max: 32 << 10,
            headers_max: 64,
            tls_timeout: seconds(10),
            buffer_bytes_max: 256 << 10,
            head_timeout: seconds(30),
            body_idle_timeout: seconds(15),
            body_timeout: seconds(120),
            body_rate_grace: seconds(30),
            body_rate_min: 1 << 10,
            authentication_timeout: seconds(10),
            write_stall_timeout: seconds(30),
            keep_alive_interval: seconds(15),
        }
    }
}

/// Bounds of the client of a pipe. The endpoint's pipe enforces them.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PipeLimits {
    /// Calls of the client that run at once; further messages are not read. 1,024.
    pub running_max: usize,
    /// Bytes that wait for the client before its calls are polled no further. 1 MiB.
    pub queue_bytes_max: usize,
    /// How long a client may take no bytes while there are bytes for it. 30 s.
    pub write_stall_timeout: Duration,
}

impl Default for PipeLimits {
    fn default() -> Self {
        Self { running_max: 1_024, queue_bytes_max: 1 << 20, write_stall_timeout: seconds(30) }
    }
}

/// Bounds of a WebSocket, beside those of messages, of connections and of a pipe.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WebSocketLimits {
    /// Fragments of one message, and as many more as it has times 64 bytes. 1,024.
    pub fragments_max: usize,
    /// Pings and pongs of the peer in one second. 100.
    pub control_frames_max: u32,
    /// Silence of the peer after which it is asked for a pong. 30 s.
    pub ping_interval: Duration,
    /// How long the peer may be silent after that. 20 s.
    pub pong_timeout: Duration,
    /// How long the peer may take to answer a close. 2 s.
    pub close_timeout: Duration,
}

impl Default for WebSocketLimits {
    fn default() -> Self {
        Self {
            fragments_max: 1_024,
            control_frames_max: 100,
            ping_interval: seconds(30),
            pong_timeout: seconds(20),
            close_timeout: seconds(2),
        }
    }
}

/// Bounds of legacy clients' sessions. The endpoint enforces them.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SessionLimits {
    /// Sessions in this process. 100,000.
    pub in_all_max: usize,
    /// Bytes of what clients said in `initialize` and have subscribed to, in all sessions together.
    /// 256 MiB.
    pub state_bytes_max: usize,
    /// Bytes of one `initialize`, which is kept as long as its session. 64 KiB.
    pub initialize_bytes_max: usize,
    /// Resources, or tasks, that one session or one modern subscription hears of. 1,000.
    pub subscriptions_max: usize,
    /// Bytes of the URI of such a resource. 8 KiB.
    pub uri_bytes_max: usize,
    /// Questions of the upstream in one session that its client has not answered. 64.
    pub questions_max: usize,
    /// Bounds of each session: its silence, its requests and its streams. See
    /// [`eyot_session::Limits`].
    pub each: OneSessionLimits,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            in_all_max: 100_000,
            state_bytes_max: 256 << 20,
            initialize_bytes_max: 64 << 10,
            subscriptions_max: 1_000,
            uri_bytes_max: 8 << 10,
            questions_max: 64,
            each: OneSessionLimits::default(),
        }
    }
}

/// Bounds of one call.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CallLimits {
    /// How long a legacy call may be silent before its reply becomes a resumable stream. 1 s.
    pub json_patience: Duration,
    /// Upstream silence after which a call fails. Every message of the call starts it anew.
    /// 60 s.
    pub timeout: Duration,
    /// How long a call may take in all, whatever the upstream says meanwhile. 1 h.
    pub total_timeout: Duration,
    /// How long the client may owe an answer to a question of the upstream: people are slower
    /// than programs. It takes the place of `timeout` for as long as a question is open.
    /// 600 s.
    pub question_timeout: Duration,
    /// How long a modern client may take for a round of a call that its handler has parked or
    /// left. 600 s.
    pub round_timeout: Duration,
    /// How often a server may ask for another round of one call. 16.
    pub rounds_max: u32,
    /// Questions of one call that are open at once. 32.
    pub questions_max: usize,
    /// Messages of one call (or of one listening client) that wait to be written out. 256.
    pub queue_messages_max: usize,
    /// Bytes of these messages; while none waits, one of any length fits. 8 MiB.
    pub queue_bytes_max: usize,
    /// How long a reader may leave that queue full before its call fails. 5 s.
    pub queue_stall_timeout: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            json_patience: seconds(1),
            timeout: seconds(60),
            total_timeout: seconds(3_600),
            question_timeout: seconds(600),
            round_timeout: seconds(600),
            rounds_max: 16,
            questions_max: 32,
            queue_messages_max: 256,
            queue_bytes_max: 8 << 20,
            queue_stall_timeout: seconds(5),
        }
    }
}

/// Bounds of what is held for clients between two of their requests. The bridge and the handlers
/// enforce them, each for its own part.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MemoryLimits {
    /// Calls that wait for their client's next round. 1,024.
    pub parked_calls_max: usize,
    /// Bytes of the last answers of such calls, which are kept for clients that come again. 16 MiB.
    pub last_words_bytes_max: usize,
    /// Tasks that are kept for clients. 10,000.
    pub tasks_max: usize,
    /// Questions of one task that are open at once. 64.
    pub task_questions_max: usize,
    /// How long a task is kept from its creation on, unless its server keeps it for less.
    /// 1 h.
    pub task_ttl: Duration,
    /// Bytes of the results of all tasks together. 64 MiB.
    pub task_results_bytes_max: usize,
    /// Tools of one upstream that Eyot remembers, for all principals together. 16,384.
    pub known_tools_max: usize,
    /// Bytes of what is known of such tools. 16 MiB.
    pub known_tools_bytes_max: usize,
    /// Pages of lists of one upstream that Eyot remembers, for all principals together.
    /// 1,024.
    pub known_lists_max: usize,
    /// Bytes of such pages. 16 MiB.
    pub known_lists_bytes_max: usize,
    /// How long such a page is told again without asking the upstream, where nothing says that it
    /// has changed. 60 s.
    pub known_lists_ttl: Duration,
    /// Results that a typed client caches for as long as a modern server allows. 256.
    pub cache_entries_max: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            parked_calls_max: 1_024,
            last_words_bytes_max: 16 << 20,
            tasks_max: 10_000,
            task_questions_max: 64,
            task_ttl: seconds(3_600),
            task_results_bytes_max: 64 << 20,
            known_tools_max: 16_384,
            known_tools_bytes_max: 16 << 20,
            known_lists_max: 1_024,
            known_lists_bytes_max: 16 << 20,
            known_lists_ttl: seconds(60),
            cache_entries_max: 256,
        }
    }
}

/// Bounds of what is held at upstreams, and of child processes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct UpstreamLimits {
    /// Upstreams that the clients of a forward server have named and that something is kept of. 256.
    pub targets_max: usize,
    /// Establishing a connection to an upstream, or a child's answer to the first request.
    /// 10 s.
    pub connect_timeout: Duration,
    /// How long a call waits for an upstream that cannot be reached, and is not sent meanwhile.
    /// Zero: such a call fails at once, so that what stands before a proxy can turn to another.
    /// 0 s.
    pub connect_patience: Duration,
    /// How long the TLS handshake with an upstream may take. 10 s.
    pub tls_timeout: Duration,
    /// Idle connections kept to one upstream; there are never more than were in use at once. 1,024.
    pub idle_connections_max: usize,
    /// How long an idle connection to an upstream is kept. 20 s.
    pub idle_connection_timeout: Duration,
    /// Bytes of the cookies that an upstream sets in one session; beyond them the oldest go. 8 KiB.
    pub cookies_bytes_max: usize,
    /// Sessions that are held at an upstream of the other era. 1,024.
    pub sessions_max: usize,
    /// Bytes of the capabilities of one client, which tell its sessions from those of others. 4 KiB.
    pub capabilities_bytes_max: usize,
    /// How long such a session is kept while no client uses it. 30 min, as a client's own session.
    pub session_idle_timeout: Duration,
    /// How long a call waits for its turn in such a session while no other one ends there that it
    /// has to wait for, before it may get a session to itself. Where others come and go, it waits up
    /// to six times as long. 5 s.
    pub turn_patience: Duration,
    /// Pages of one list that are read to learn of its tools. 64.
    pub list_pages_max: usize,
    /// How long a call waits for the list that tells which headers its tool has. 5 s.
    pub list_timeout: Duration,
    /// Children that run at once. 256.
    pub children_max: usize,
    /// How long a call waits for a child to end when there are too many. 10 s.
    pub children_wait_timeout: Duration,
    /// Calls that wait for that at once. 1,024.
    pub children_waiting_max: usize,
    /// Bytes of messages that may wait for a child to read its stdin, in addition to one message of
    /// the longest kind. 16 MiB.
    pub child_queue_bytes_max: usize,
    /// Bytes of a child's stderr that are kept for the report of its end. 8 KiB.
    pub child_stderr_bytes_max: usize,
    /// Time between the end of a child's stdin and SIGTERM. 2 s, like the official TypeScript and
    /// Python SDKs.
    pub child_exit_grace: Duration,
    /// Time between SIGTERM and SIGKILL. 2 s, like those SDKs.
    pub child_kill_grace: Duration,
}

impl Default for UpstreamLimits {
    fn default() -> Self {
        Self {
            targets_max: 256,
            connect_timeout: seconds(10),
            connect_patience: Duration::ZERO,
            tls_timeout: seconds(10),
            idle_connections_max: 1_024,
            idle_connection_timeout: seconds(20),
            cookies_bytes_max: 8 << 10,
            sessions_max: 1_024,
            capabilities_bytes_max: 4 << 10,
            session_idle_timeout: seconds(1_800),
            turn_patience: seconds(5),
            list_pages_max: 64,
            list_timeout: seconds(5),
            children_max: 256,
            children_wait_timeout: seconds(10),
            children_waiting_max: 1_024,
            child_queue_bytes_max: 16 << 20,
            child_stderr_bytes_max: 8 << 10,
            child_exit_grace: seconds(2),
            child_kill_grace: seconds(2),
        }
    }
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[cfg(test)]
mod tests;
