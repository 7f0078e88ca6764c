//! Clients in a closed loop: each sends its next call when it has read the answer of the last.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use eyot_benches::exchange::{Call, Era, Tool};
use http::Uri;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::carrier::{Carrier, Connected};
use crate::process::Server;
use crate::statistics::percentile;
use crate::{listener, machine};

/// What to send, where to, and for how long.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Load {
    /// The endpoint.
    pub(crate) url: String,
    /// What carries the messages.
    pub(crate) carrier: Carrier,
    /// What the clients speak.
    pub(crate) era: Era,
    /// What they call.
    pub(crate) tool: Tool,
    /// Size of the text that is sent and comes back.
    pub(crate) text_bytes: usize,
    /// Clients, each with a connection and, if the era has them, a session of its own.
    pub(crate) connections: usize,
    /// When it is enough.
    pub(crate) extent: Extent,
    /// The process that is measured, unless the client starts it.
    pub(crate) server_pid: u32,
}

/// How much to measure, after a warm-up.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Extent {
    /// For so many milliseconds.
    Millis(u64),
    /// So many calls of each client.
    Requests(u64),
}

/// What was measured.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) requests: u64,
    pub(crate) requests_per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p95_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) max_us: f64,
    /// CPU that the measured process used for a request.
    pub(crate) cpu_us_per_request: f64,
    /// Connections that the backend accepted for a request.
    pub(crate) connects_per_request: f64,
    /// CPUs that were busy with something else.
    pub(crate) others_cpus: f64,
}

impl Load {
    /// Texts of 200 bytes that come back.
    pub(crate) fn echo(server: &Server, era: Era, connections: usize, extent: Extent) -> Self {
        let (url, server_pid) = (server.url().to_owned(), server.pid());
        let (carrier, tool) = (Carrier::Http, Tool::Echo);
        Self { url, carrier, era, tool, text_bytes: 200, connections, extent, server_pid }
    }

    /// Connects one client.
    ///
    /// # Errors
    ///
    /// When it is refused.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub(crate) async fn connect(&self) -> anyhow::Result<Connected> {
        let url: Uri = self.url.parse().context("the endpoint")?;
        Connected::new(&self.carrier, &url, self.era, self.tool).await
    }

    /// Connects, warms up, measures.
    ///
    /// # Errors
    ///
    /// When one call is not answered, or not with its own answer.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes all connections.
    pub(crate) async fn measure(&self) -> anyhow::Result<Sample> {
        let call = Call::new(self.era, self.tool, self.text_bytes);
        let mut clients = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            clients.push(self.connect().await?);
        }
        let server_pid = clients.iter().find_map(Connected::pid).unwrap_or(self.server_pid);
        let (clients, _) = drive(clients, &call, self.extent.warm_up()).await?;
        let before = Usage::now(server_pid)?;
        let (clients, mut latencies_ns) = drive(clients, &call, self.extent.until()).await?;
        let used = Usage::now(server_pid)?.since(&before);
        // The next round has sessions of its own, and on a pipe a child for each.
        for client in clients {
            client.leave().await?;
        }
        latencies_ns.sort_unstable();
        Ok(sample(&latencies_ns, &used))
    }
}

/// When a client has done enough.
#[derive(Clone, Copy)]
enum Until {
    Requests(u64),
    Time(Instant),
}

impl Extent {
    fn until(self) -> Until {
        match self {
            Self::Requests(requests) => Until::Requests(requests),
            Self::Millis(millis) => Until::Time(Instant::now() + Duration::from_millis(millis)),
        }
    }

    fn warm_up(self) -> Until {
        match self {
            // Equal before every count, so that it cancels out between two runs.
            Self::Requests(_) => Self::Requests(50).until(),
            Self::Millis(millis) => Self::Millis(millis / 5).until(),
        }
    }
}

impl Until {
    fn is_reached(self, requests: usize, now: Instant) -> bool {
        match self {
            Self::Requests(enough) => requests as u64 >= enough,
            Self::Time(end) => now >= end,
        }
    }
}

/// Lets all clients run; returns them with the latencies of their calls.
async fn drive(
    clients: Vec<Connected>,
    call: &Call,
    until: Until,
) -> anyhow::Result<(Vec<Connected>, Vec<u64>)> {
    let mut running = JoinSet::new();
    for client in clients {
        running.spawn(call_on(client, call.clone(), until));
    }
    let (mut clients, mut latencies_ns) = (Vec::new(), Vec::new());
    while let Some(ended) = running.join_next().await {
        let (client, mut own) = ended.context("a client panicked")??;
        clients.push(client);
        latencies_ns.append(&mut own);
    }
    Ok((clients, latencies_ns))
}

/// Makes one call after the other.
async fn call_on(
    mut client: Connected,
    call: Call,
    until: Until,
) -> anyhow::Result<(Connected, Vec<u64>)> {
    let mut latencies_ns = Vec::new();
    let mut now = Instant::now();
    while !until.is_reached(latencies_ns.len(), now) {
        let start = now;
        client.call(&call).await?;
        now = Instant::now();
        latencies_ns.push(u64::try_from((now - start).as_nanos()).unwrap_or(u64::MAX));
    }
    Ok((client, latencies_ns))
}

/// CPU and wall time so far.
struct Usage {
    at: Instant,
    server_ns: u64,
    own_ns: u64,
    busy_ns: u64,
    connects: u64,
}

/// What a measurement took.
struct Used {
    wall: Duration,
    server: Duration,
    /// Connections to the backend in this process.
    connects: u64,
    others: Duration,
}

impl Usage {
    fn now(server_pid: u32) -> anyhow::Result<Self> {
        Ok(Self {
            at: Instant::now(),
            server_ns: machine::cpu_ns(server_pid)?,
            own_ns: machine::cpu_ns(std::process::id())?,
            busy_ns: machine::busy_ns()?,
            connects: listener::accepted(),
        })
    }

    fn since(&self, before: &Self) -> Used {
        let server_ns = self.server_ns - before.server_ns;
        let known_ns = server_ns + (self.own_ns - before.own_ns);
        Used {
            wall: self.at - before.at,
            server: Duration::from_nanos(server_ns),
            connects: self.connects - before.connects,
            others: Duration::from_nanos((self.busy_ns - before.busy_ns).saturating_sub(known_ns)),
        }
    }
}

fn sample(sorted_ns: &[u64], used: &Used) -> Sample {
    let micros = |percent| Duration::from_nanos(percentile(sorted_ns, percent)).as_secs_f64() * 1e6;
    let requests = sorted_ns.len();
    // Exact: a count of requests is far below 2^53.
    let count = requests as f64;
    let wall_s = used.wall.as_secs_f64();
    Sample {
        requests: requests as u64,
        requests_per_second: count / wall_s,
        p50_us: micros(50),
        p95_us: micros(95),
        p99_us: micros(99),
        max_us: micros(100),
        cpu_us_per_request: used.server.as_secs_f64() * 1e6 / count,
        connects_per_request: used.connects as f64 / count,
        others_cpus: used.others.as_secs_f64() / wall_s,
    }
}
