//! Counts what a server asks of the heap and of the runtime: `cargo xtask bench sdk` runs it.
//!
//! The server is called within this process, without a socket, on a runtime of one thread. Every
//! request is made before the count begins; what is counted is the server's alone.
#![expect(clippy::print_stdout, reason = "a tool prints what it measured")]

mod counter;
mod endpoint;

use bytes::Bytes;
use clap::Parser;
use eyot_benches::exchange::{Call, Era, Tool};
use eyot_benches::servers::{self, Sdk};
use eyot_benches::{CallCost, HeapReport, SessionCost};
use http::HeaderValue;

use crate::counter::{Counted, Counter};
use crate::endpoint::{Endpoint, Mounted};

/// Counts what a server asks of the heap and of the runtime.
#[derive(Debug, Parser)]
struct Options {
    /// Whose server is counted
    #[arg(long, value_enum)]
    sdk: Sdk,
    /// Sessions to open
    #[arg(long, default_value_t = 2_000)]
    sessions: u32,
    /// Calls of each kind
    #[arg(long, default_value_t = 1_000)]
    calls: u32,
    /// Only calls of this era: for a profile of them alone
    #[arg(long, value_enum)]
    era: Option<Era>,
    /// Only calls of this tool
    #[arg(long, value_enum)]
    tool: Option<Tool>,
}

impl Options {
    fn counts(&self, era: Era, tool: Tool) -> bool {
        self.era.is_none_or(|it| it == era) && self.tool.is_none_or(|it| it == tool)
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let report = match options.sdk {
        Sdk::Eyot => report(&servers::eyot()?.http().into_service(), &options),
        Sdk::Rmcp => report(&servers::rmcp(), &options),
    };
    println!("{}", serde_json::to_string(&report?)?);
    Ok(())
}

/// Size of a text that outweighs everything else in its call.
const LARGE_BYTES: usize = 64 << 10;

/// What is called: a small call, one with a large argument, one whose answer is large too, and
/// one that is answered with a stream.
const CALLS: &[(Tool, usize)] =
    &[(Tool::Add, 0), (Tool::Length, LARGE_BYTES), (Tool::Echo, LARGE_BYTES), (Tool::Report, 16)];

fn report<S: Mounted>(service: &S, options: &Options) -> anyhow::Result<HeapReport> {
    let counter = Counter::new()?;
    let endpoint = Endpoint::new(service.clone());
    let session = open_sessions(&counter, &endpoint, options.sessions)?;
    let mut calls = Vec::new();
    for era in [Era::Legacy, Era::Modern] {
        for &(tool, text_bytes) in CALLS {
            if options.counts(era, tool) {
                calls.push(call(&counter, &endpoint, options.calls, (era, tool, text_bytes))?);
            }
        }
    }
    Ok(HeapReport { session, calls })
}

fn open_sessions<S: Mounted>(
    counter: &Counter,
    endpoint: &Endpoint<S>,
    count: u32,
) -> anyhow::Result<SessionCost> {
    /// What exists once per process exists after so many.
    const WARM_UP: u32 = 16;
    let open = |count| async move {
        for _ in 0..count {
            endpoint.open_session().await?;
        }
        anyhow::Ok(())
    };
    counter.count(open(WARM_UP))?;
    let Counted { live_bytes, live_tasks, spawned_tasks, allocations, .. } =
        counter.count(open(count))?.per(count);
    Ok(SessionCost { live_bytes, live_tasks, spawned_tasks, allocations })
}

fn call<S: Mounted>(
    counter: &Counter,
    endpoint: &Endpoint<S>,
    count: u32,
    (era, tool, text_bytes): (Era, Tool, usize),
) -> anyhow::Result<CallCost> {
    let call = Call::new(era, tool, text_bytes);
    let session = match era {
        Era::Legacy => Some(counter.run(endpoint.open_session())?),
        Era::Modern => None,
    };
    let request = |id| endpoint::call(&call, id, (era, tool), session.as_ref());
    counter.run(endpoint.ask(request(0)?, &answer(0)))?;
    let requests = (1..=count).map(|id| request(id.into())).collect::<Result<Vec<_>, _>>()?;
    let counted = counter.count(async {
        for request in requests {
            endpoint.send(request).await?;
        }
        Ok(())
    });
    let Counted { allocations, bytes, spawned_tasks, .. } = counted?.per(count);
    Ok(CallCost { era, tool, text_bytes, allocations, bytes, spawned_tasks })
}

/// What stands in the answer to a call with this id.
fn answer(id: u64) -> Bytes {
    format!("{}{id},\"result\":", eyot_benches::exchange::ID_PREFIX).into()
}

/// The name of a session, as it goes into a header.
type SessionId = HeaderValue;
