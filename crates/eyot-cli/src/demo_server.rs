//! `eyot demo-server`, which `eyot demo` starts as its child.

use anyhow::Context as _;

/// Serves this process's own streams until the input ends.
pub(crate) fn run() -> anyhow::Result<()> {
    let server = eyot_samples::demo()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.context("cannot start")?;
    runtime.block_on(server.serve_stdio());
    // A thread may still wait for input, though the answers are not read any more.
    runtime.shutdown_background();
    Ok(())
}
