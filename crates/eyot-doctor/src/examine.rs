//! The way to one server, from its beginning.

use eyot_upstream::{Runtime, Target};

use crate::chart::{Chart, News};
use crate::patient::Patient;
use crate::report::{Ailment, Report};
use crate::{http_answer, network, program, protocol};

/// Goes the way to a server, up to the first step that fails, and tells of each step.
///
/// A program is started up to three times: to hear its first line, to ask for its era, and to speak
/// to it. Each of them has ended, or is told to, when this returns.
///
/// # Cancel safety
///
/// Dropping the future closes connections and ends what was started.
pub async fn examine(
    patient: &Patient,
    runtime: Runtime,
    hear: &mut (dyn FnMut(News<'_>) + Send),
) -> Report {
    let mut chart = Chart::new(patient.patience, hear);
    let ailment = Box::pin(walk(patient, runtime, &mut chart)).await.err();
    Report {
        target: patient.place.clone(),
        server: patient.server.clone(),
        steps: chart.steps,
        ailment,
    }
}

async fn walk(patient: &Patient, runtime: Runtime, chart: &mut Chart<'_>) -> Result<(), Ailment> {
    let mut doubt = None;
    match &patient.target {
        Target::Command(command) => program::examine(command, patient, chart).await?,
        Target::Url(link) => {
            network::examine(link.client(), patient, chart).await?;
            // HTTP with SSE begins with another request.
            if patient.target.http_link().is_some() {
                doubt = http_answer::examine(link, patient, chart).await?;
            }
        }
        Target::WebSocket(link) => network::examine(link.client(), patient, chart).await?,
        _ => {}
    }
    let client = protocol::connect(patient, runtime, doubt, chart).await?;
    let walked = protocol::examine(&client, patient, chart).await;
    // The farewell is as long as that of any step.
    drop(tokio::time::timeout(patient.patience, client.close()).await);
    walked
}
