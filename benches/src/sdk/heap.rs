//! Allocations, bytes and tasks, as `eyot-bench-heap` counts them.

use anyhow::Context as _;
use eyot_benches::exchange::{Era, Tool};
use eyot_benches::servers::Sdk;
use eyot_benches::{CallCost, HeapReport};

use crate::process::{self, Core};
use crate::program;
use crate::sdk::table::Row;

/// Counts both.
pub(crate) fn rows() -> anyhow::Result<Vec<Row>> {
    let counter = program::heap()?;
    let report = |sdk: Sdk| {
        let mut command = process::on(Core::First);
        command.arg(&counter).args(["--sdk", sdk.name()]);
        let report: HeapReport = serde_json::from_str(&process::read(command)?)?;
        anyhow::Ok(report)
    };
    let (eyot, rmcp) = (report(Sdk::Eyot)?, report(Sdk::Rmcp)?);
    let mut rows = session_rows(&eyot, &rmcp);
    for era in [Era::Legacy, Era::Modern] {
        rows.extend(call_rows(era, &eyot, &rmcp)?);
    }
    Ok(rows)
}

fn session_rows(eyot: &HeapReport, rmcp: &HeapReport) -> Vec<Row> {
    let (eyot, rmcp) = (eyot.session, rmcp.session);
    vec![
        Row::new("idle session: bytes on the heap", eyot.live_bytes, rmcp.live_bytes)
            .budget("sdk.session_heap_bytes"),
        Row::new("idle session: tasks", whole(eyot.live_tasks), whole(rmcp.live_tasks))
            .budget("sdk.session_tasks"),
        Row::new("new session: allocations", eyot.allocations, rmcp.allocations),
        Row::new("new session: tasks", whole(eyot.spawned_tasks), whole(rmcp.spawned_tasks)),
    ]
}

fn call_rows(era: Era, eyot: &HeapReport, rmcp: &HeapReport) -> anyhow::Result<Vec<Row>> {
    let both = |tool| anyhow::Ok((find(eyot, era, tool)?, find(rmcp, era, tool)?));
    let (small, small_of_rmcp) = both(Tool::Add)?;
    let (events, events_of_rmcp) = both(Tool::Report)?;
    let (argument, argument_of_rmcp) = both(Tool::Length)?;
    let (echo, echo_of_rmcp) = both(Tool::Echo)?;
    // Of the text that is sent.
    let ratio = |it: &CallCost| it.bytes / it.text_bytes as f64;
    let spawned = |it: &CallCost| whole(it.spawned_tasks);
    Ok(vec![
        Row::new(format!("{era}, add: allocations"), small.allocations, small_of_rmcp.allocations)
            .budget("sdk.allocations"),
        Row::new(format!("{era}, add: bytes allocated"), small.bytes, small_of_rmcp.bytes),
        Row::new(format!("{era}, add: tasks"), spawned(small), spawned(small_of_rmcp))
            .budget("sdk.call_tasks"),
        Row::new(
            format!("{era}, with progress: allocations"),
            events.allocations,
            events_of_rmcp.allocations,
        ),
        Row::new(
            format!("{era}, 64 KiB argument: x its bytes"),
            ratio(argument),
            ratio(argument_of_rmcp),
        )
        .budget("sdk.argument_ratio"),
        Row::new(format!("{era}, 64 KiB argument and answer: x"), ratio(echo), ratio(echo_of_rmcp))
            .budget("sdk.echo_ratio"),
    ])
}

fn find(report: &HeapReport, era: Era, tool: Tool) -> anyhow::Result<&CallCost> {
    let found = report.calls.iter().find(|it| it.era == era && it.tool == tool);
    found.with_context(|| format!("no counts of {era}, {}", tool.name()))
}

/// Tasks of each session or call, without those that come now and then: a sweep every few
/// seconds is a thousandth of one in each call.
fn whole(tasks: f64) -> f64 {
    (tasks * 10.0).round() / 10.0
}
