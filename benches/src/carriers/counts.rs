//! Instructions of a call over each carrier, counted as those of the hops are.

use std::fmt;

use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use super::setting::{add_serve, beside};
use crate::callgrind::{self, Counts};
use crate::carrier::Carrier;
use crate::load::{Extent, Load};
use crate::process::{Core, Server};
use crate::subject::Programs;

/// Calls by which two runs differ.
const REQUESTS: u32 = 1_000;

/// Each baseline before what is held against it.
const CASES: &[(Carrier, Era)] = &[
    (Carrier::Http, Era::Legacy),
    (Carrier::HttpSse, Era::Legacy),
    (Carrier::WebSocket, Era::Legacy),
    (Carrier::Http, Era::Modern),
    (Carrier::WebSocket, Era::Modern),
];

/// One carrier before a server of HTTP.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    carrier: Carrier,
    era: Era,
    per_request: Counts,
    /// Instructions against those of Streamable HTTP.
    ratio: Option<f64>,
}

pub(super) fn run(programs: &Programs) -> anyhow::Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for (carrier, era) in CASES {
        let once = total(programs, carrier, *era, REQUESTS)?;
        let twice = total(programs, carrier, *era, REQUESTS * 2)?;
        let per_request = Counts::per_repetition(once, twice, REQUESTS);
        let http = rows.iter().find(|it| it.carrier == Carrier::Http && it.era == *era);
        let ratio = http.map(|it| per_request.instructions / it.per_request.instructions);
        let row = Row { carrier: carrier.clone(), era: *era, per_request, ratio };
        println!("{row}");
        rows.push(row);
    }
    Ok(rows)
}

/// What one run executes from start to end.
fn total(
    programs: &Programs,
    carrier: &Carrier,
    era: Era,
    requests: u32,
) -> anyhow::Result<Counts> {
    let profile = callgrind::profile(&format!("carrier, {carrier}, {era}"))?;
    let mut driver = programs.driver(Core::Second)?;
    let mut command = callgrind::command(&profile);
    add_serve(programs, &mut command, &driver.endpoint(Form::Json), &[]);
    let server = Server::start(command)?;
    let extent = Extent::Requests(requests.into());
    let load = Load::echo(&server, era, 1, extent);
    let url = beside(&server, carrier.path());
    driver.measure(&Load { url, carrier: carrier.clone(), ..load })?;
    server.stop()?;
    callgrind::totals(&profile)
}

impl Row {
    pub(super) const fn ratio(&self) -> Option<f64> {
        self.ratio
    }

    pub(super) fn name(&self) -> String {
        format!("{}, {}", self.carrier, self.era)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { instructions, system_calls, allocations } = self.per_request;
        write!(
            f,
            "{:30}{instructions:9.0} instructions {system_calls:6.2} system calls",
            self.name()
        )?;
        write!(f, " {allocations:6.2} allocations")?;
        match self.ratio {
            Some(ratio) => write!(f, "  {ratio:.3} x HTTP"),
            None => Ok(()),
        }
    }
}
