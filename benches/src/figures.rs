//! What is said of a load: of one sample, or of many by their medians.

use serde::Serialize;

use crate::load::Sample;
use crate::statistics::median;

/// The figures of what took a load, or their ratios.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Figures {
    pub(crate) p50_us: f64,
    pub(crate) p95_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) requests_per_second: f64,
    pub(crate) cpu_us_per_request: f64,
}

impl From<&Sample> for Figures {
    fn from(sample: &Sample) -> Self {
        let &Sample { p50_us, p95_us, p99_us, requests_per_second, cpu_us_per_request, .. } =
            sample;
        Self { p50_us, p95_us, p99_us, requests_per_second, cpu_us_per_request }
    }
}

impl Figures {
    /// Each figure against that of a baseline.
    pub(crate) fn over(self, baseline: Self) -> Self {
        Self {
            p50_us: self.p50_us / baseline.p50_us,
            p95_us: self.p95_us / baseline.p95_us,
            p99_us: self.p99_us / baseline.p99_us,
            requests_per_second: self.requests_per_second / baseline.requests_per_second,
            cpu_us_per_request: self.cpu_us_per_request / baseline.cpu_us_per_request,
        }
    }

    /// The median of each figure.
    pub(crate) fn median(all: &[Self]) -> Self {
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
