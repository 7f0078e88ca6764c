//! Servers that take a load in turns, and what came of it.

use std::fmt;

use clap::Args;
use serde::Serialize;

use crate::driver::Driver;
use crate::figures::Figures;
use crate::load::{Extent, Load, Sample};
use crate::process::Server;
use crate::rounds::{self, Round};
use crate::statistics::median;

/// How often what is compared takes turns, and for how long.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Turns {
    /// Rounds that count
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Milliseconds for each in one round
    #[arg(long, default_value_t = 500)]
    pub(crate) millis: u64,
}

impl Turns {
    /// How much to measure in one turn.
    pub(crate) fn extent(self) -> Extent {
        Extent::Millis(self.millis)
    }
}

/// A server, and the load that it takes.
#[derive(Debug)]
pub(crate) struct Side<T> {
    pub(crate) subject: T,
    /// Ends with this value.
    pub(crate) server: Server,
    pub(crate) load: Load,
}

/// What has been compared, and the rounds that count.
#[derive(Debug)]
pub(crate) struct Comparison<T> {
    pub(crate) subjects: Vec<T>,
    pub(crate) rounds: Vec<Round>,
}

impl<T: Copy + PartialEq> Comparison<T> {
    /// Lets all sides take turns.
    ///
    /// # Errors
    ///
    /// When a client fails.
    pub(crate) fn measure(
        driver: &mut Driver,
        sides: &[Side<T>],
        rounds: usize,
    ) -> anyhow::Result<Self> {
        let places: Vec<&Side<T>> = sides.iter().collect();
        let rounds = rounds::measure(rounds, &places, |side| driver.measure(&side.load))?;
        Ok(Self { subjects: sides.iter().map(|it| it.subject).collect(), rounds })
    }

    /// CPUs that others kept busy, the median of the rounds.
    pub(crate) fn others_cpus(&self) -> f64 {
        median(self.rounds.iter().map(Round::others_cpus))
    }

    /// The samples of one subject.
    pub(crate) fn samples(&self, subject: T) -> impl Iterator<Item = &Sample> {
        let place = self.subjects.iter().position(|it| *it == subject);
        self.rounds.iter().filter_map(move |round| round.samples.get(place?))
    }

    /// The medians of one subject.
    pub(crate) fn median(&self, subject: T) -> Figures {
        Figures::median(&self.samples(subject).map(Figures::from).collect::<Vec<_>>())
    }

    /// One subject against another: the median of the rounds' ratios.
    pub(crate) fn ratio(&self, subject: T, baseline: T) -> Figures {
        let both = self.samples(subject).zip(self.samples(baseline));
        let ratios = both.map(|(one, other)| Figures::from(one).over(other.into()));
        Figures::median(&ratios.collect::<Vec<_>>())
    }
}

/// A line of a table: one subject with so many clients.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    what: String,
    clients: usize,
    others_cpus: f64,
    pub(crate) figures: Figures,
    /// Against what the table compares with.
    pub(crate) ratio: Option<Figures>,
}

impl Row {
    /// What one subject gave, held against `baseline` if that is another one.
    pub(crate) fn new<T: Copy + PartialEq + fmt::Display>(
        comparison: &Comparison<T>,
        (subject, baseline): (T, T),
        clients: usize,
    ) -> Self {
        let ratio = (subject != baseline).then(|| comparison.ratio(subject, baseline));
        Self {
            what: subject.to_string(),
            clients,
            others_cpus: comparison.others_cpus(),
            figures: comparison.median(subject),
            ratio,
        }
    }

    /// What stands above the columns.
    pub(crate) const HEAD: &str =
        "                              clients  calls/s   p50 us   p95 us   CPU us";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, clients, figures, ratio, .. } = self;
        let Figures { p50_us, p95_us, requests_per_second, cpu_us_per_request, .. } = figures;
        write!(f, "{what:30}{clients:7}{requests_per_second:9.0}{p50_us:9.0}{p95_us:9.0}")?;
        write!(f, "{cpu_us_per_request:9.1}")?;
        let Some(ratio) = ratio else { return Ok(()) };
        let Figures { requests_per_second, cpu_us_per_request, .. } = ratio;
        write!(f, "   x {requests_per_second:.3} calls/s, x {cpu_us_per_request:.2} CPU")
    }
}
