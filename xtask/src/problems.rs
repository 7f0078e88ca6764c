//! The report of a check's problems.

/// Fails with every problem on a line of its own.
pub(crate) fn report(problems: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
    Ok(())
}
