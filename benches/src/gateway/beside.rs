//! Calls to a well server beside one that hangs and beside one that is dead.

use std::fmt;
use std::net::TcpListener;

use anyhow::Context as _;
use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use crate::backend::TOOLS_QUERY;
use crate::budgets::Judged;
use crate::comparison::{Comparison, Row, Side, Turns};
use crate::driver::Driver;
use crate::load::Load;
use crate::process::{self, Core, Server};
use crate::servers_file;
use crate::subject::Programs;

/// The other server behind the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Other {
    /// There is none.
    None,
    /// It takes connections, and answers nothing.
    Hangs,
    /// Nothing listens where it should be.
    IsDead,
}

/// Clients of an era that call the well server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Case {
    other: Other,
    era: Era,
}

/// The rows of the table.
#[derive(Debug, Serialize)]
pub(super) struct Beside(Vec<Row>);

/// Measures all cases in turns, and prints a row for each.
///
/// # Errors
///
/// When a client fails.
pub(super) fn measure(programs: &Programs, turns: Turns) -> anyhow::Result<(Beside, Vec<Judged>)> {
    let mut driver = programs.driver(Core::of_clients(CLIENTS))?;
    // Connections wait in its queue for as long as it is not dropped.
    let hanging = TcpListener::bind("127.0.0.1:0").context("listen")?;
    let hanging = (format!("http://{}/mcp", hanging.local_addr()?), hanging);
    let mut sides = Vec::new();
    for era in [Era::Legacy, Era::Modern] {
        for other in [Other::None, Other::Hangs, Other::IsDead] {
            let case = Case { other, era };
            let server = serve(programs, case, (&driver, &hanging.0))?;
            let load = Load::echo(&server, era, CLIENTS, turns.extent());
            sides.push(Side { subject: case, server, load });
        }
    }
    let comparison = Comparison::measure(&mut driver, &sides, turns.rounds)?;
    println!("{}", Row::HEAD);
    let (mut rows, mut judged) = (Vec::new(), Vec::new());
    for case in sides.iter().map(|it| it.subject) {
        let alone = Case { other: Other::None, ..case };
        let row = Row::new(&comparison, (case, alone), CLIENTS);
        println!("{row}");
        let budget = match case.other {
            Other::None => None,
            Other::Hangs => Some("gateway.beside_hanging_p95_ratio"),
            Other::IsDead => Some("gateway.beside_dead_p95_ratio"),
        };
        if let (Some(budget), Some(ratio)) = (budget, &row.ratio) {
            judged.push(Judged::new(case.to_string(), budget, ratio.p95_us)?);
        }
        rows.push(row);
    }
    Ok((Beside(rows), judged))
}

/// `eyot serve` before the well server, and the other one if there is one.
fn serve(
    programs: &Programs,
    Case { other, era }: Case,
    (driver, hanging): (&Driver, &str),
) -> anyhow::Result<Server> {
    let well = format!("{}?{TOOLS_QUERY}echo", driver.endpoint(Form::Json));
    let url = match other {
        Other::None => None,
        Other::Hangs => Some(hanging),
        Other::IsDead => Some(DEAD),
    };
    let other_server = url.map(|it| ("other".to_owned(), it.to_owned()));
    let file = servers_file::named(&format!("beside-{other:?}-{era}"))?;
    servers_file::write(&file, [("well".to_owned(), well)].into_iter().chain(other_server))?;
    let mut command = process::on(Core::First);
    programs.add_serve(&mut command, "memory:");
    command.arg("--config").arg(file);
    Server::start(command)
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.other {
            Other::None => "a server alone",
            Other::Hangs => "beside one that hangs",
            Other::IsDead => "beside one that is dead",
        };
        write!(f, "{what}, {}", self.era)
    }
}

/// One: what is measured is how long a call takes, and not how many there are room for.
const CLIENTS: usize = 1;
/// No program listens at the port that once multiplexed services.
const DEAD: &str = "http://127.0.0.1:1/mcp";
