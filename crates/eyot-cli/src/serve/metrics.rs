//! The metrics of the process. They have to be there before all that counts.

use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The recorder of the process, as text for Prometheus. Cheap to clone.
#[derive(Clone)]
pub(super) struct Metrics(PrometheusHandle);

impl Metrics {
    /// Installs the recorder. What counts finds it only from now on.
    pub(super) fn install() -> anyhow::Result<Self> {
        let mut builder = PrometheusBuilder::new();
        for (name, buckets) in eyot_metrics::INTERCEPTOR_BUCKETS {
            builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)?;
        }
        let recorder = builder.install_recorder().context("metrics")?;
        eyot_metrics::describe();
        Ok(Self(recorder))
    }

    /// The text of `/metrics`.
    pub(super) fn render(&self) -> String {
        eyot_metrics::report_limits();
        self.0.run_upkeep();
        self.0.render()
    }

    /// Sums up what was measured, now and then, so that it stays small when no reader comes. Never ready.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops this.
    pub(super) async fn keep_small(this: Option<&Self>) {
        let Some(Self(recorder)) = this else { return std::future::pending().await };
        loop {
            tokio::time::sleep(UPKEEP_INTERVAL).await;
            recorder.run_upkeep();
        }
    }
}

const UPKEEP_INTERVAL: Duration = Duration::from_secs(10);
