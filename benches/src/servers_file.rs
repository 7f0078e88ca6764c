//! Configuration files of `eyot serve`, with servers at URLs.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use crate::backend::TOOLS_QUERY;
use crate::program;

/// A file of `eyot serve` with so many servers at an endpoint, each with tools of its own; the first
/// has the tool that clients call.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn file(endpoint: &str, count: usize) -> anyhow::Result<PathBuf> {
    let file = named("gateway")?;
    write(&file, numbered(endpoint, (0..count).map(|it| it.to_string()), None))?;
    Ok(file)
}

/// Where a file of this name is to be.
///
/// # Errors
///
/// When there is no folder for it.
pub(crate) fn named(name: &str) -> anyhow::Result<PathBuf> {
    Ok(program::out_folder()?.join(format!("{name}-{}.mcp.json", std::process::id())))
}

/// Servers at an endpoint, with their names and URLs. All have the same `tools`, if they are given.
pub(crate) fn numbered(
    endpoint: &str,
    numbers: impl Iterator<Item = String>,
    tools: Option<&str>,
) -> impl Iterator<Item = (String, String)> {
    numbers.map(move |number| {
        let own = || if number == "0" { "echo".to_owned() } else { format!("tool_{number}") };
        let tools = tools.map_or_else(own, str::to_owned);
        (format!("s{number}"), format!("{endpoint}?{TOOLS_QUERY}{tools}"))
    })
}

/// Writes a file with these servers: names and URLs.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn write(
    file: &Path,
    servers: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<()> {
    let servers = servers.map(|(name, url)| (name, json!({ "type": "http", "url": url })));
    let servers: serde_json::Map<_, _> = servers.collect();
    let text = json!({ "mcpServers": servers }).to_string();
    std::fs::write(file, text).with_context(|| format!("write {}", file.display()))
}
