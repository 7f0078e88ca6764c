//! Resident memory and tasks of sessions and streams by the thousand.

use eyot_benches::servers::Sdk;

use crate::memory::{Kind, Options as Extent, Steps, measure};
use crate::process::{self, Core, Server};
use crate::sdk::table::Row;
use crate::sdk_server::Tasks;
use crate::subject::Programs;

/// Measures both: sessions at rest, then sessions with an open stream each.
pub(crate) fn rows(programs: &Programs, count: usize) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (kind, what, table) in [
        (Kind::Sessions, "idle session", "memory.session_bytes"),
        (Kind::Streams, "session with its stream", "memory.stream_bytes"),
    ] {
        let held = |sdk| hold(programs, sdk, kind, count);
        let (eyot, rmcp) = (held(Sdk::Eyot)?, held(Sdk::Rmcp)?);
        rows.push(
            Row::new(format!("{what}: resident bytes"), eyot.bytes_each, rmcp.bytes_each)
                .budget(table),
        );
        rows.push(Row::new(format!("{count} of them: resident MB"), eyot.all_mb, rmcp.all_mb));
        rows.push(Row::new(format!("{count} of them: tasks"), eyot.tasks, rmcp.tasks));
    }
    Ok(rows)
}

/// What a server holds.
struct ServerMemory {
    bytes_each: f64,
    all_mb: f64,
    tasks: f64,
}

fn hold(programs: &Programs, sdk: Sdk, kind: Kind, count: usize) -> anyhow::Result<ServerMemory> {
    let mut driver = programs.driver(Core::Second)?;
    let mut command = process::on(Core::First);
    command.arg(programs.bench()).args(["sdk-server", "--sdk", sdk.name()]);
    let mut server = Server::start(command)?;
    let extent = Extent { first: count / 10, second: count };
    let Steps { second, bytes_each, .. } = measure(&mut driver, &server, &extent, kind)?;
    let tasks: Tasks = serde_json::from_str(&server.ask("tasks")?)?;
    driver.close_streams()?;
    let all_mb = second.1.anonymous_bytes as f64 / f64::from(1 << 20);
    Ok(ServerMemory { bytes_each, all_mb, tasks: tasks.tasks as f64 })
}
