//! Medians over the rounds of one cell.

use std::fmt;

use serde::Serialize;

use crate::budgets::Budget;
use crate::hop::cell::{Cell, SUBJECTS};
use crate::load::Sample;
use crate::rounds::Round;
use crate::statistics::median;
use crate::subject::{Hop, Subject};

/// What one cell gave.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    cell: Cell,
    rounds: usize,
    /// CPUs that others kept busy, the median of the rounds.
    others_cpus: f64,
    rows: Vec<Row>,
}

/// One hop in one cell.
#[derive(Debug, Serialize)]
struct Row {
    subject: Subject,
    median: Figures,
    /// Against the envelope hop with the same clients: the median of the rounds' ratios.
    ratio: Option<Figures>,
}

/// The figures of a hop, or their ratios.
#[derive(Debug, Clone, Copy, Serialize)]
struct Figures {
    p50_us: f64,
    p95_us: f64,
    p99_us: f64,
    requests_per_second: f64,
    cpu_us_per_request: f64,
}

impl Summary {
    pub(crate) fn new(cell: Cell, rounds: &[Round]) -> Self {
        let others_cpus = median(rounds.iter().map(Round::others_cpus));
        let rows = SUBJECTS.iter().map(|subject| row(*subject, rounds)).collect();
        Self { cell, rounds: rounds.len(), others_cpus, rows }
    }
}

fn row(subject: Subject, rounds: &[Round]) -> Row {
    let figures = |round: &Round, subject| {
        let place = SUBJECTS.iter().position(|it| *it == subject)?;
        round.samples.get(place).map(Figures::from)
    };
    let own: Vec<Figures> = rounds.iter().filter_map(|it| figures(it, subject)).collect();
    let ratios = rounds
        .iter()
        .filter_map(|it| Some(figures(it, subject)?.over(figures(it, subject.baseline())?)));
    let ratios: Vec<Figures> = ratios.collect();
    let ratio = (subject != subject.baseline()).then(|| Figures::median(&ratios));
    Row { subject, median: Figures::median(&own), ratio }
}

impl From<&Sample> for Figures {
    fn from(sample: &Sample) -> Self {
        let &Sample { p50_us, p95_us, p99_us, requests_per_second, cpu_us_per_request, .. } =
            sample;
        Self { p50_us, p95_us, p99_us, requests_per_second, cpu_us_per_request }
    }
}

impl Figures {
    fn over(self, baseline: Self) -> Self {
        Self {
            p50_us: self.p50_us / baseline.p50_us,
            p95_us: self.p95_us / baseline.p95_us,
            p99_us: self.p99_us / baseline.p99_us,
            requests_per_second: self.requests_per_second / baseline.requests_per_second,
            cpu_us_per_request: self.cpu_us_per_request / baseline.cpu_us_per_request,
        }
    }

    fn median(all: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(all.iter().map(figure));
        Self {
            p50_us: of(|it| it.p50_us),
            p95_us: of(|it| it.p95_us),
            p99_us: of(|it| it.p99_us),
            requests_per_second: of(|it| it.requests_per_second),
            cpu_us_per_request: of(|it| it.cpu_us_per_request),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cell, rounds, others_cpus, rows } = self;
        writeln!(f, "{cell} ({rounds} rounds; others kept {others_cpus:.2} CPUs busy)")?;
        let head = ["p50 us", "p95 us", "p99 us", "req/s", "CPU us"];
        let [p50, p95, p99, rate, cpu] = head;
        writeln!(f, "{:22}{p50:>9}{p95:>9}{p99:>9}{rate:>9}{cpu:>9}", "")?;
        for row in rows {
            writeln!(f, "{row}")?;
        }
        rows.iter().try_for_each(|row| judge(row, f))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { p50_us, p95_us, p99_us, requests_per_second, cpu_us_per_request } =
            self.median;
        let name = self.subject.to_string();
        write!(f, "{name:22}{p50_us:9.0}{p95_us:9.0}{p99_us:9.0}{requests_per_second:9.0}")?;
        write!(f, "{cpu_us_per_request:9.1}")?;
        let Some(ratio) = self.ratio else { return Ok(()) };
        let Figures { p50_us, p95_us, p99_us, requests_per_second, cpu_us_per_request } = ratio;
        write!(f, "   x {p50_us:.2} {p95_us:.2} {p99_us:.2} {requests_per_second:.2}")?;
        write!(f, " {cpu_us_per_request:.2}")
    }
}

/// Says how Eyot stands to its budgets. Times never fail anything: the machine is shared.
fn judge(row: &Row, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (Some(ratio), Hop::Eyot) = (row.ratio, row.subject.hop) else { return Ok(()) };
    for (table, figure) in [
        ("hop.p95_ratio", ratio.p95_us),
        ("hop.cpu_ratio", ratio.cpu_us_per_request),
        ("hop.throughput_ratio", ratio.requests_per_second),
    ] {
        let budget = Budget::find(table).map_err(|_missing| fmt::Error)?;
        writeln!(f, "  {}: {table} {figure:.2}, {}", row.subject, budget.judge(figure))?;
    }
    Ok(())
}
