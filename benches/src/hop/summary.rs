//! Medians over the rounds of one cell.

use std::fmt;

use anyhow::Context as _;
use eyot_benches::exchange::{Era, Form};
use serde::Serialize;

use crate::budgets::Judged;
use crate::comparison::Comparison;
use crate::figures::Figures;
use crate::hop::cell::{Cell, SUBJECTS};
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

impl Summary {
    pub(crate) fn new(cell: Cell, comparison: &Comparison<Subject>) -> Self {
        let row = |subject: &Subject| {
            let (subject, baseline) = (*subject, subject.baseline());
            let ratio = (subject != baseline).then(|| comparison.ratio(subject, baseline));
            Row { subject, median: comparison.median(subject), ratio }
        };
        let rows = SUBJECTS.iter().map(row).collect();
        let (rounds, others_cpus) = (comparison.rounds.len(), comparison.others_cpus());
        Self { cell, rounds, others_cpus, rows }
    }

    /// Calls per second of Eyot with modern clients beside those of the envelope hop, and what
    /// that is held against: only small answers in JSON are.
    pub(crate) fn throughput(&self) -> anyhow::Result<Option<Judged>> {
        let Cell { form: Form::Json, text_bytes: 200, connections, .. } = self.cell else {
            return Ok(None);
        };
        let subject = Subject { hop: Hop::Eyot, era: Era::Modern };
        let row = self.rows.iter().find(|it| it.subject == subject);
        let ratio = row.and_then(|it| it.ratio).context("a baseline is missing")?;
        let table = match connections {
            1 => "hop.throughput_1",
            32 => "hop.throughput_32",
            256 => "hop.throughput_256",
            _ => return Ok(None),
        };
        let what = format!("{subject}, {connections} clients");
        Judged::new(what, table, ratio.requests_per_second).map(Some)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cell, rounds, others_cpus, rows } = self;
        writeln!(f, "{cell} ({rounds} rounds; others kept {others_cpus:.2} CPUs busy)")?;
        let head = ["p50 us", "p95 us", "p99 us", "req/s", "CPU us"];
        let [p50, p95, p99, rate, cpu] = head;
        writeln!(f, "{:22}{p50:>9}{p95:>9}{p99:>9}{rate:>9}{cpu:>9}", "")?;
        rows.iter().try_for_each(|row| writeln!(f, "{row}"))
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
