//! The start of `eyot connect`, as a client sees it, and what it then holds.

use std::time::Instant;

use anyhow::Context as _;
use eyot_benches::exchange::{Call, Era, Form, Tool};
use http::Uri;
use serde::Serialize;

use crate::carrier::{Carrier, Connected};
use crate::machine;
use crate::process::Core;
use crate::statistics::median;
use crate::subject::Programs;

/// Calls before its memory is looked at.
const CALLS: usize = 200;

/// The times, in milliseconds, and the memory of one that has made calls.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// From exec to the answer to `initialize`, with one round trip to the server.
    pub(super) median_ms: f64,
    max_ms: f64,
    /// Resident, the pages of the program's file among it.
    pub(super) resident_bytes: u64,
    anonymous_bytes: u64,
}

pub(super) fn run(programs: &Programs, starts: u32) -> anyhow::Result<Row> {
    let driver = programs.driver(Core::Second)?;
    let url = driver.endpoint(Form::Json);
    let carrier = Carrier::Pipe(programs.connect(&url)?);
    let url: Uri = url.parse().context("the endpoint")?;
    let call = Call::new(Era::Legacy, Tool::Echo, 200);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut times_ms = Vec::new();
    // One more, and first: it reads the program from the disk.
    for _ in 0..=starts {
        let begin = Instant::now();
        runtime.block_on(async {
            let client = Connected::new(&carrier, &url, Era::Legacy, Tool::Echo).await?;
            times_ms.push(begin.elapsed().as_secs_f64() * 1e3);
            client.leave().await
        })?;
    }
    let counted = times_ms.get(1..).unwrap_or_default();
    let max_ms = counted.iter().copied().fold(0.0, f64::max);
    let (resident_bytes, anonymous_bytes) = runtime.block_on(async {
        let mut client = Connected::new(&carrier, &url, Era::Legacy, Tool::Echo).await?;
        for _ in 0..CALLS {
            client.call(&call).await?;
        }
        let pid = client.pid().context("eyot connect has ended")?;
        let held = (machine::resident_bytes(pid)?, machine::footprint(pid)?.anonymous_bytes);
        client.leave().await?;
        anyhow::Ok(held)
    })?;
    let median_ms = median(counted.iter().copied());
    let row = Row { median_ms, max_ms, resident_bytes, anonymous_bytes };
    let Row { median_ms, max_ms, .. } = row;
    println!("eyot connect: first answer after {median_ms:.1} ms (at most {max_ms:.1})");
    println!(
        "eyot connect: {} KB resident, {} KB of it its own",
        resident_bytes >> 10,
        anonymous_bytes >> 10
    );
    Ok(row)
}
