//! The formats that files are written in, each read into one tree.

mod jsonc;
mod toml;
mod yaml;

pub use self::jsonc::json_options;
use crate::node::{Fault, Node};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON; comments and commas before closing brackets are allowed.
    Json,
    /// TOML.
    Toml,
    /// YAML: one document, of the core schema.
    Yaml,
}

/// Reads a text: a tree, and what is wrong with it although it can be read.
///
/// # Errors
/// What is wrong with a text that cannot be read.
pub fn parse(text: &str, format: Format) -> Result<(Node, Vec<Fault>), Fault> {
    let mut faults = Vec::new();
    let node = match format {
        Format::Json => jsonc::parse(text, &mut faults)?,
        Format::Toml => toml::parse(text, &mut faults)?,
        Format::Yaml => yaml::parse(text, &mut faults)?,
    };
    Ok((node, faults))
}

#[cfg(test)]
mod tests;
