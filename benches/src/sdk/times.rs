//! Throughput and latency over loopback, in rounds.

use anyhow::Context as _;
use eyot_benches::exchange::{Era, Tool};

use crate::comparison::{Comparison, Turns};
use crate::driver::Driver;
use crate::figures::Figures;
use crate::load::{Extent, Load, Sample};
use crate::process::{self, Core, Server};
use crate::rounds;
use crate::sdk::instructions::CASES;
use crate::sdk::table::Row;
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
    let compared = bed.measure(programs, turns.rounds, subjects)?;
    let bare = (Who::Bare, Era::Legacy, Tool::Echo);
    let mut rows = Vec::new();
    for &(era, tool, form) in CASES {
        for (name, figure) in [
            ("requests/s", (|it| it.requests_per_second) as fn(&Figures) -> f64),
            ("p95 us", |it| it.p95_us),
            ("CPU us", |it| it.cpu_us_per_request),
        ] {
            let what = format!("{era}, {form}, {CLIENTS} clients: {name}");
            let row = row(&compared, what, (era, tool), figure);
            rows.push(match tool {
                Tool::Echo => row.bare(figure(&compared.median(bare))),
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
    let compared = bed.measure(programs, turns.rounds, subjects)?;
    let mut rows = Vec::new();
    for &(era, tool, form) in CASES {
        let what = format!("{era}, {form}, kept-alive connection: p50 us");
        let row = row(&compared, what, (era, tool), |it| it.p50_us);
        rows.push(if tool == Tool::Report { row.budget("sdk.events_p50_us") } else { row });
    }
    let eyot = compared.median((Who::Eyot, Era::Legacy, Tool::Report)).p50_us;
    let delayed = compared.median((Who::DelayedRmcp, Era::Legacy, Tool::Report)).p50_us;
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
        subjects: Vec<Subject>,
    ) -> anyhow::Result<Comparison<Subject>> {
        let mut driver = programs.driver(self.core)?;
        let mut servers = Vec::new();
        for who in [Who::Bare, Who::Eyot, Who::Rmcp, Who::DelayedRmcp] {
            let mut command = process::on(Core::First);
            command.arg(programs.bench()).args(who.arguments());
            servers.push((who, Server::start(command)?));
        }
        let sample = |it| self.sample(&mut driver, &servers, it);
        let rounds = rounds::measure(rounds, &subjects, sample)?;
        Ok(Comparison { subjects, rounds })
    }

    fn sample(
        &self,
        driver: &mut Driver,
        servers: &[(Who, Server)],
        (who, era, tool): Subject,
    ) -> anyhow::Result<Sample> {
        let server = servers.iter().find(|it| it.0 == who);
        let (_, server) = server.context("the server was not started")?;
        let load = Load::echo(server, era, self.connections, Extent::Millis(self.millis));
        driver.measure(&Load { tool, ..load })
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

/// Both SDKs; their ratio is the median of the rounds' ratios.
fn row(
    compared: &Comparison<Subject>,
    what: String,
    (era, tool): (Era, Tool),
    figure: fn(&Figures) -> f64,
) -> Row {
    let (eyot, rmcp) = ((Who::Eyot, era, tool), (Who::Rmcp, era, tool));
    let of = |it| figure(&compared.median(it));
    Row::new(what, of(eyot), of(rmcp)).ratio(figure(&compared.ratio(rmcp, eyot)))
}
