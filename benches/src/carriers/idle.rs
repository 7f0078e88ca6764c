//! Memory of connections on which nothing happens, and what it takes to open one.

use std::fmt;

use anyhow::Context as _;
use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use super::setting::{Certificate, beside, serve};
use crate::carrier::Carrier;
use crate::load::{Extent, Load};
use crate::machine;
use crate::memory;
use crate::process::{Core, Server};
use crate::subject::Programs;

/// What connections of one carrier cost.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    carrier: Carrier,
    era: Era,
    /// The slope of resident memory between two steps.
    pub(super) bytes_each: f64,
    /// CPU that the server used for each that was opened, session and all.
    open_cpu_us: f64,
}

pub(super) fn run(programs: &Programs, count: usize) -> anyhow::Result<Vec<Row>> {
    let certificate = Certificate::new()?;
    let cases = [
        // A modern client opens nothing but the connection.
        (Carrier::Http, Era::Modern),
        (Carrier::HttpTls(certificate.ca()), Era::Modern),
        (Carrier::HttpSse, Era::Legacy),
        (Carrier::WebSocket, Era::Legacy),
        (Carrier::WebSocket, Era::Modern),
    ];
    let mut rows = Vec::new();
    for (carrier, era) in cases {
        let flags = match carrier {
            Carrier::HttpTls(_) => certificate.flags(),
            _ => Vec::new(),
        };
        let row = measure(programs, carrier, era, &flags, count)?;
        println!("{row}");
        rows.push(row);
    }
    Ok(rows)
}

fn measure(
    programs: &Programs,
    carrier: Carrier,
    era: Era,
    flags: &[String],
    count: usize,
) -> anyhow::Result<Row> {
    let mut driver = programs.driver(Core::Second)?;
    let server = serve(programs, &driver.endpoint(Form::Json), flags)?;
    let url = beside(&server, carrier.path());
    let load = Load::echo(&server, era, 1, Extent::Requests(1));
    let load = Load { url, carrier: carrier.clone(), ..load };
    let mut open = |count| {
        driver.open(&load, count).with_context(|| load.carrier.to_string())?;
        memory::settle(&server)
    };
    let first_count = count / 4;
    let first = open(first_count)?;
    let before_ns = machine::cpu_ns(server.pid())?;
    let second = open(count - first_count)?;
    let opening_ns = machine::cpu_ns(server.pid())? - before_ns;
    let added = (count - first_count) as f64;
    let bytes_each = (second.anonymous_bytes as f64 - first.anonymous_bytes as f64) / added;
    Server::stop(server)?;
    Ok(Row { carrier, era, bytes_each, open_cpu_us: opening_ns as f64 / 1e3 / added })
}

impl Row {
    /// The budget of this row, if it has one.
    pub(super) fn table(&self) -> Option<&'static str> {
        (self.carrier == Carrier::WebSocket).then_some("carriers.web_socket_bytes")
    }

    pub(super) fn name(&self) -> String {
        format!("idle {}, {}", self.carrier, self.era)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes_each, open_cpu_us, .. } = self;
        write!(
            f,
            "{:30}{bytes_each:9.0} bytes each, {open_cpu_us:7.1} us of CPU to open",
            self.name()
        )
    }
}
