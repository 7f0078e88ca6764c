//! Instructions, system calls and allocations of one request over loopback.
//!
//! Each server runs twice under callgrind, with N and with 2N calls of one client: start and
//! warm-up are in both, so the difference is N calls and nothing else.

use std::path::Path;

use eyot_benches::exchange::{Era, Tool};
use eyot_benches::servers::Sdk;

use crate::callgrind::{self, Counts};
use crate::load::{Extent, Load};
use crate::process::{Core, Server};
use crate::sdk::table::Row;
use crate::subject::Programs;

/// What is counted, with what the answer looks like.
pub(crate) const CASES: &[(Era, Tool, &str)] = &[
    (Era::Legacy, Tool::Echo, "json"),
    (Era::Legacy, Tool::Report, "events"),
    (Era::Modern, Tool::Echo, "json"),
    (Era::Modern, Tool::Report, "events"),
];

/// Counts both, and the bare server.
pub(crate) fn rows(programs: &Programs, requests: u32) -> anyhow::Result<Vec<Row>> {
    callgrind::require()?;
    let mut rows = Vec::new();
    for &(era, tool, form) in CASES {
        let counts = |arguments: &[&str]| per_request(programs, arguments, (era, tool), requests);
        let sdk = |sdk: Sdk| counts(&["sdk-server", "--sdk", sdk.name()]);
        let (eyot, rmcp) = (sdk(Sdk::Eyot)?, sdk(Sdk::Rmcp)?);
        let what = |it: &str| format!("{era}, {form}: {it}");
        let instructions = Row::new(what("instructions"), eyot.instructions, rmcp.instructions);
        let budget = match era {
            Era::Legacy => "sdk.instructions_legacy",
            Era::Modern => "sdk.instructions_modern",
        };
        rows.push(match tool {
            Tool::Echo => {
                let bare = counts(&["backend", "--envelope"])?.instructions;
                instructions.bare(bare).budget(budget)
            }
            _ => instructions,
        });
        rows.push(Row::new(what("system calls"), eyot.system_calls, rmcp.system_calls));
        rows.push(Row::new(what("allocations"), eyot.allocations, rmcp.allocations));
    }
    Ok(rows)
}

fn per_request(
    programs: &Programs,
    arguments: &[&str],
    (era, tool): (Era, Tool),
    requests: u32,
) -> anyhow::Result<Counts> {
    let name = format!("sdk {} {era} {}", arguments.last().unwrap_or(&""), tool.name());
    let profile = callgrind::profile(&name.replace("--", ""))?;
    let total = |requests: u32| {
        let extent = Extent::Requests(requests.into());
        let load = |server: &Server| Load { tool, ..Load::echo(server, era, 1, extent) };
        total(programs, arguments, &profile, load)
    };
    Ok(Counts::per_repetition(total(requests)?, total(requests * 2)?, requests))
}

/// What one run executes from start to end.
fn total(
    programs: &Programs,
    arguments: &[&str],
    profile: &Path,
    load: impl FnOnce(&Server) -> Load,
) -> anyhow::Result<Counts> {
    let mut driver = programs.driver(Core::Second)?;
    let mut command = callgrind::command(profile);
    command.arg(programs.bench()).args(arguments);
    let server = Server::start(command)?;
    driver.measure(&load(&server))?;
    server.stop()?;
    callgrind::totals(profile)
}
