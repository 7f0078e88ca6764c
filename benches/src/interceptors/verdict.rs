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
/// A message of 128 KiB.
const LARGE_BYTES: usize = 128 << 10;

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
    let small = [Kind::None, Kind::Empty, Kind::Native, Kind::Both, Kind::Layer];
    let large = [Kind::None, Kind::Native, Kind::Redaction];
    let tables: [(_, _, &[Kind]); 3] =
        [(1, 200, &small), (32, 200, &small), (1, LARGE_BYTES, &large)];
    for (clients, text_bytes, kinds) in tables {
        let mut driver = programs.driver(Core::of_clients(clients))?;
        let cases = kinds.iter().copied().map(Case);
        let mut sides = Vec::new();
        for subject in cases.clone() {
            let mut command = process::on(Core::First);
            let upstream = driver.endpoint(Form::Json);
            hop::add(programs, &mut command, (subject.0, subject.steps()), &upstream);
            let server = Server::start(command)?;
            let load = Load::echo(&server, Era::Modern, clients, turns.extent());
            let load = Load { text_bytes, ..load };
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
            let budget = match case.0 {
                Kind::Native | Kind::Both if text_bytes < LARGE_BYTES => {
                    Some("interceptors.ten_p95_ratio").zip(p95_ratio)
                }
                Kind::Redaction => Some("interceptors.redaction_cpu_ratio")
                    .zip(row.ratio.map(|it| it.cpu_us_per_request)),
                _ => None,
            };
            if let Some((table, ratio)) = budget {
                let what = format!("{case}, {clients} clients, {text_bytes} bytes");
                judged.push(Judged::new(what, table, ratio)?);
            }
            verdicts.push(Verdict { row, p95_ratio });
        }
    }
    Ok((verdicts, judged))
}

impl Case {
    const fn steps(self) -> usize {
        match self.0 {
            Kind::Redaction => 1,
            _ => STEPS,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::None | Kind::Empty | Kind::Redaction => write!(f, "{}", self.0),
            plan => write!(f, "{STEPS} {plan}"),
        }
    }
}
