//! One server after the other, shown line by line.

use std::fmt;
use std::time::Duration;

use eyot_upstream::Runtime;
use serde_json::{Value, json};

use crate::chart::News;
use crate::examine::examine;
use crate::patient::Patient;
use crate::report::{Ailment, Report, Step, Verdict};

/// How long a step may take, unless its user says another time.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// What people are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "its users show all of it")]
pub enum Line<'a> {
    /// A line of the result.
    Out(&'a str),
    /// What is waited for.
    Waiting(&'a str),
}

/// Examines servers, and shows what is found as soon as it is.
pub struct Rounds<S> {
    show: S,
    reports: Vec<Report>,
}

impl<S: FnMut(Line<'_>) + Send> Rounds<S> {
    /// No server so far.
    pub fn new(show: S) -> Self {
        Self { show, reports: Vec::new() }
    }

    /// Examines the next server.
    ///
    /// # Cancel safety
    ///
    /// As [`examine`].
    pub async fn examine(&mut self, patient: &Patient, runtime: Runtime) {
        self.head(&title(&patient.place, patient.server.as_deref()));
        let show = &mut self.show;
        let mut hear = |news: News<'_>| match news {
            News::Waiting(step) => show(Line::Waiting(&format!("… {}", step.label()))),
            News::Done(step) => show_step(step, show),
        };
        let report = examine(patient, runtime, &mut hear).await;
        self.reports.push(report);
    }

    /// Notes a server that a file says impossible things of.
    pub fn misconfigured(&mut self, server: &str, detail: &str) {
        self.head(server);
        let report = Report::misconfigured(server, detail);
        report.steps.iter().for_each(|it| show_step(it, &mut self.show));
        self.reports.push(report);
    }

    /// All that was found, for programs.
    #[must_use]
    pub fn document(&self) -> Value {
        json!({ "targets": self.reports.iter().map(Report::document).collect::<Vec<_>>() })
    }

    /// Why not all servers are well, in one line; of several reasons, none has the word. `None`: they
    /// are.
    #[must_use]
    pub fn outcome(&self) -> Option<(Ailment, String)> {
        let mut ailments: Vec<Ailment> = self.reports.iter().filter_map(|it| it.ailment).collect();
        let (ill, all) = (ailments.len(), self.reports.len());
        ailments.dedup();
        let ailment = match ailments.as_slice() {
            [] => return None,
            [ailment] => *ailment,
            _ => Ailment::Failed,
        };
        let mut steps = self.reports.iter().flat_map(|it| &it.steps);
        let message = match (all, steps.rfind(|it| it.verdict == Verdict::Failed)) {
            (1, Some(step)) => format!("the way to the server ends at: {}", step.name.label()),
            _ => format!("{ill} of {all} servers are not well"),
        };
        Some((ailment, message))
    }

    fn head(&mut self, title: &str) {
        if !self.reports.is_empty() {
            (self.show)(Line::Out(""));
        }
        (self.show)(Line::Out(title));
    }
}

impl<S> fmt::Debug for Rounds<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rounds").field("reports", &self.reports).finish_non_exhaustive()
    }
}

fn show_step(step: &Step, show: &mut impl FnMut(Line<'_>)) {
    show(Line::Out(&step.to_string()));
    if let Some(advice) = &step.advice {
        show(Line::Out(&format!("      → {advice}")));
    }
}

/// The line above the steps.
fn title(target: &str, server: Option<&str>) -> String {
    match server {
        Some(server) if server != target => format!("{server}: {target}"),
        _ => target.to_owned(),
    }
}
