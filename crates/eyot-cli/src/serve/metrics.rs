//! The recorder of the metrics. It has to be there before all that counts.

use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Installs the recorder.
pub(super) fn install() -> anyhow::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new().set_buckets(eyot_metrics::SECONDS_BUCKETS)?;
    let recorder = builder.install_recorder().context("metrics")?;
    eyot_metrics::describe();
    Ok(recorder)
}

/// Sums up what was measured, so that it stays small when no reader comes. Never ready.
pub(super) async fn keep_small(recorder: Option<&PrometheusHandle>) {
    loop {
        tokio::time::sleep(Duration::from_secs(10)).await;
        recorder.inspect(|it| it.run_upkeep());
    }
}
