//! Throughput and latency over loopback, in rounds.

use anyhow::Context as _;
use eyot_benches::exchange::{Era, Tool};

use crate::driver::Driver;
use crate::load::{Extent, Load, Sample};
use crate::process::{self, Core, Server};
use crate::rounds::{self, Round};
use crate::sdk::instructions::{CASES, TEXT_BYTES};
use crate::sdk::table::Row;
use crate::statistics::median;
use crate::subject::Programs;

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Bare hyper that reads the envelope.
    Bare,
    Eyot,
    Rmcp,
    /// rmcp on sockets as the system gives them: what `axum::serve` makes of it.
    DelayedRmcp,
}

/// Who answers what.
type Subject = (Who, Era, Tool);

/// How often the servers take turns, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turns {
    /// Rounds that count.
    pub(crate) rounds: usize,
    /// Milliseconds for one server in one round.
    pub(crate) millis: u64,
}

/// Many clients, then one: throughput, then latency.
pub(crate) fn rows(programs: &Programs, turns: Turns) -> anyhow::Result<Vec<Row>> {
    let mut rows = many_clients(programs, turns)?;
    rows.extend(one_client(programs, turns)?);
    Ok(rows)
}

/// 32 clients keep a server on a core of its own busy.
fn many_clients(programs: &Programs, turns: Turns) -> anyhow::Result<Vec<Row>> {
    const CLIENTS: usize = 32;
    let mut subjects = vec![(Who::Bare, Era::Legacy, Tool::Echo)];
    for &(era, tool, _) in CASES {
        subjects.extend([(Who::Eyot, era, tool), (Who::Rmcp, era, tool)]);
    }
    let bed = Bed { connections: CLIENTS, core: Core::Second, millis: turns.millis };
    let rounds = bed.measure(programs, turns.rounds, &subjects)?;
    let compared = Compared { subjects: &subjects, rounds: &rounds };
    let bare = (Who::Bare, Era::Legacy, Tool::Echo);
    let mut rows = Vec::new();
    for &(era, tool, form) in CASES {
        for (name, figure) in [
            ("requests/s", (|it| it.requests_per_second) as fn(&Sample) -> f64),
            ("p95 us", |it| it.p95_us),
            ("CPU us", |it| it.cpu_us_per_request),
        ] {
            let what = format!("{era}, {form}, {CLIENTS} clients: {name}");
            let row = compared.row(what, (era, tool), figure);
            rows.push(match tool {
                Tool::Echo => row.bare(compared.median(bare, figure)),
                _ => row,
            });
        }
    }
    Ok(rows)
}

/// One client on the server's own core, or the wake-up of an idle virtual CPU would drown the
/// rest.
fn one_client(programs: &Programs, turns: Turns) -> anyhow::Result<Vec<Row>> {
    let mut subjects = vec![(Who::DelayedRmcp, Era::Legacy, Tool::Report)];
    for &(era, tool, _) in CASES {
        subjects.extend([(Who::Eyot, era, tool), (Who::Rmcp, era, tool)]);
    }
    let bed = Bed { connections: 1, core: Core::First, millis: turns.millis };
    let rounds = bed.measure(programs, turns.rounds, &subjects)?;
    let compared = Compared { subjects: &subjects, rounds: &rounds };
    let p50 = |it: &Sample| it.p50_us;
    let mut rows = Vec::new();
    for &(era, tool, form) in CASES {
        let what = format!("{era}, {form}, kept-alive connection: p50 us");
        let row = compared.row(what, (era, tool), p50);
        rows.push(if tool == Tool::Report { row.budget("sdk.events_p50_us") } else { row });
    }
    let eyot = compared.median((Who::Eyot, Era::Legacy, Tool::Report), p50);
    let delayed = compared.median((Who::DelayedRmcp, Era::Legacy, Tool::Report), p50);
    rows.push(Row::new("the same, legacy, where nobody sets TCP_NODELAY", eyot, delayed));
    Ok(rows)
}

/// What is held fixed while servers are compared.
struct Bed {
    connections: usize,
    core: Core,
    millis: u64,
}

impl Bed {
    fn measure(
        &self,
        programs: &Programs,
        rounds: usize,
        subjects: &[Subject],
    ) -> anyhow::Result<Vec<Round>> {
        let mut driver = programs.driver(self.core)?;
        let mut servers = Vec::new();
        for who in [Who::Bare, Who::Eyot, Who::Rmcp, Who::DelayedRmcp] {
            let mut command = process::on(Core::First);
            command.arg(programs.bench()).args(who.arguments());
            servers.push((who, Server::start(command)?));
        }
        rounds::measure(rounds, subjects, |it| self.sample(&mut driver, &servers, it))
    }

    fn sample(
        &self,
        driver: &mut Driver,
        servers: &[(Who, Server)],
        (who, era, tool): Subject,
    ) -> anyhow::Result<Sample> {
        let server = servers.iter().find(|it| it.0 == who);
        let (_, server) = server.context("the server was not started")?;
        driver.measure(&Load {
            url: server.url().to_owned(),
            era,
            tool,
            text_bytes: TEXT_BYTES,
            connections: self.connections,
            extent: Extent::Millis(self.millis),
            server_pid: server.pid(),
        })
    }
}

impl Who {
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Bare => &["backend", "--envelope"],
            Self::Eyot => &["sdk-server", "--sdk", "eyot"],
            Self::Rmcp => &["sdk-server", "--sdk", "rmcp"],
            Self::DelayedRmcp => &["sdk-server", "--sdk", "rmcp", "--delays"],
        }
    }
}

/// The rounds, and what was compared in them.
struct Compared<'a> {
    subjects: &'a [Subject],
    rounds: &'a [Round],
}

impl Compared<'_> {
    fn figures(&self, subject: Subject, figure: fn(&Sample) -> f64) -> Vec<f64> {
        let place = self.subjects.iter().position(|it| *it == subject);
        let samples = self.rounds.iter().filter_map(|round| round.samples.get(place?));
        samples.map(figure).collect()
    }

    fn median(&self, subject: Subject, figure: fn(&Sample) -> f64) -> f64 {
        median(self.figures(subject, figure))
    }

    /// Both SDKs; their ratio is the median of the rounds' ratios.
    fn row(&self, what: String, (era, tool): (Era, Tool), figure: fn(&Sample) -> f64) -> Row {
        let eyot = self.figures((Who::Eyot, era, tool), figure);
        let rmcp = self.figures((Who::Rmcp, era, tool), figure);
        let ratio = median(rmcp.iter().zip(&eyot).map(|(rmcp, eyot)| rmcp / eyot));
        Row::new(what, median(eyot), median(rmcp)).ratio(ratio)
    }
}
