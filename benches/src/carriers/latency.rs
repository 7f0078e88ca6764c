//! Calls of one client over each carrier, in turns.

use std::fmt;

use anyhow::Context as _;
use eyot_benches::exchange::{Era, Form};

use super::setting::{Certificate, beside, serve};
use crate::carrier::Carrier;
use crate::comparison::{Comparison, Row, Side, Turns};
use crate::load::Load;
use crate::process::Core;
use crate::subject::Programs;

/// What lies between the client and the server of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Http,
    HttpSse,
    WebSocket,
    /// The client's side is encrypted.
    Tls,
    /// `eyot serve` before a second one; all clear.
    TwoHops,
    /// The same, encrypted between the two.
    TwoHopsTls,
    /// `eyot connect`, which the client starts.
    Connect,
}

/// Measures; returns the rows, and the p50 of `eyot connect` against that of HTTP.
pub(super) fn run(programs: &Programs, turns: Turns) -> anyhow::Result<(Vec<Row>, f64)> {
    let mut driver = programs.driver(Core::of_clients(1))?;
    let upstream = driver.endpoint(Form::Json);
    let certificate = Certificate::new()?;
    let clear_inner = serve(programs, &upstream, &[])?;
    let tls_inner = serve(programs, &upstream, &certificate.flags())?;
    let ca = certificate.ca();
    let ca_flags = ["--ca".to_owned(), ca.display().to_string()];
    let side = |way: Way| {
        let (upstream, flags) = match way {
            Way::TwoHops => (clear_inner.url(), Vec::new()),
            Way::TwoHopsTls => (tls_inner.url(), ca_flags.to_vec()),
            Way::Tls => (upstream.as_str(), certificate.flags()),
            _ => (upstream.as_str(), Vec::new()),
        };
        let server = serve(programs, upstream, &flags)?;
        let carrier = match way {
            Way::Http | Way::TwoHops | Way::TwoHopsTls => Carrier::Http,
            Way::HttpSse => Carrier::HttpSse,
            Way::WebSocket => Carrier::WebSocket,
            Way::Tls => Carrier::HttpTls(ca.clone()),
            Way::Connect => Carrier::Pipe(programs.connect(upstream)?),
        };
        let url = beside(&server, carrier.path());
        let load = Load { url, carrier, ..Load::echo(&server, Era::Legacy, 1, turns.extent()) };
        anyhow::Ok(Side { subject: way, server, load })
    };
    let sides = WAYS.iter().map(|way| side(*way).with_context(|| way.to_string()));
    let sides = sides.collect::<anyhow::Result<Vec<_>>>()?;
    let comparison = Comparison::measure(&mut driver, &sides, turns.rounds)?;
    println!("{}", Row::HEAD);
    let rows = WAYS.iter().map(|way| Row::new(&comparison, (*way, way.baseline()), 1));
    let rows: Vec<Row> = rows.collect();
    rows.iter().for_each(|row| println!("{row}"));
    let p50 = comparison.ratio(Way::Connect, Way::Http).p50_us;
    println!("eyot connect: p50 x {p50:.2}");
    Ok((rows, p50))
}

const WAYS: &[Way] = &[
    Way::Http,
    Way::HttpSse,
    Way::WebSocket,
    Way::Tls,
    Way::TwoHops,
    Way::TwoHopsTls,
    Way::Connect,
];

impl Way {
    const fn baseline(self) -> Self {
        match self {
            Self::TwoHops | Self::TwoHopsTls => Self::TwoHops,
            _ => Self::Http,
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Http => "HTTP",
            Self::HttpSse => "HTTP+SSE",
            Self::WebSocket => "WebSocket",
            Self::Tls => "HTTP over TLS",
            Self::TwoHops => "two hops",
            Self::TwoHopsTls => "two hops, TLS between",
            Self::Connect => "eyot connect",
        })
    }
}
