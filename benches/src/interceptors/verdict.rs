//! Hops with a plan of ten steps and without one, in turns.

use std::fmt;

use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use super::hop;
use super::kind::Kind;
use crate::budgets::Judged;
use crate::comparison::{Comparison, Row, Side, Turns};
use crate::load::Load;
use crate::process::{self, Core, Server};
use crate::subject::Programs;

/// What stands in a hop, and how many clients call through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Case(Kind);

/// The rows of the table, and the ratios of the 95th percentiles.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    row: Row,
    p95_ratio: Option<f64>,
}

const STEPS: usize = 10;

/// Measures with one client and with many, and prints a row for each hop.
///
/// # Errors
///
/// When a client fails.
pub(super) fn measure(
    programs: &Programs,
    turns: Turns,
) -> anyhow::Result<(Vec<Verdict>, Vec<Judged>)> {
    let (mut verdicts, mut judged) = (Vec::new(), Vec::new());
    println!("{}", Row::HEAD);
    for clients in [1, 32] {
        let mut driver = programs.driver(Core::of_clients(clients))?;
        let cases = [Kind::None, Kind::Empty, Kind::Native, Kind::Both, Kind::Layer].map(Case);
        let mut sides = Vec::new();
        for subject in cases {
            let mut command = process::on(Core::First);
            let upstream = driver.endpoint(Form::Json);
            hop::add(programs, &mut command, (subject.0, STEPS), &upstream);
            let server = Server::start(command)?;
            let load = Load::echo(&server, Era::Modern, clients, turns.extent());
            sides.push(Side { subject, server, load });
        }
        let comparison = Comparison::measure(&mut driver, &sides, turns.rounds)?;
        for case in cases {
            let row = Row::new(&comparison, (case, Case(Kind::None)), clients);
            let p95_ratio = row.ratio.map(|it| it.p95_us);
            match p95_ratio {
                Some(ratio) => println!("{row}, x {ratio:.3} p95"),
                None => println!("{row}"),
            }
            if let (Kind::Native | Kind::Both, Some(ratio)) = (case.0, p95_ratio) {
                let what = format!("{case}, {clients} clients");
                judged.push(Judged::new(what, "interceptors.ten_p95_ratio", ratio)?);
            }
            verdicts.push(Verdict { row, p95_ratio });
        }
    }
    Ok((verdicts, judged))
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::None | Kind::Empty => write!(f, "{}", self.0),
            plan => write!(f, "{STEPS} {plan}"),
        }
    }
}
