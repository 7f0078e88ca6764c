//! `eyot import`: the servers of clients in a file of our own.

use std::path::Path;

use anyhow::Context as _;
use eyot_config::{Config, Imported, Secrets};
use eyot_files::Readers;

use super::client_file::{self, Found};
use crate::args::Import;
use crate::failure::Failure;
use crate::{config, writer};

/// Runs the command.
pub(crate) fn run(import: &Import, is_json: bool) -> anyhow::Result<()> {
    let Import { files, dialect, to, force, with_secrets } = import;
    if let Some(path) = to.as_deref().filter(|it| it.exists() && !force) {
        let message = format!("{} is there already: --force writes over it", path.display());
        return Err(Failure::usage(message).into());
    }
    let mut configs = Vec::new();
    for word in files {
        let Found { path, dialect: of_client } = client_file::find(word)?;
        let text = config::read_bytes(&path)?;
        let (path, dialect) = (path.display().to_string(), dialect.or(of_client));
        configs.push(Config::read_references(&path, &text, dialect, &config::World::default()));
    }
    for warning in configs.iter().flat_map(|it| &it.problems).filter(|it| !it.is_error()) {
        writer::say(&warning.to_string());
    }
    let secrets = if *with_secrets { Secrets::Written } else { Secrets::AsVariables };
    let imported = Imported::new(&configs, secrets).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        Failure::usage(lines.join("\n"))
    })?;
    let lines = match is_json {
        true => vec![serde_json::to_string(&imported)?],
        false => imported.to_yaml(),
    };
    match to {
        None if is_json => writer::print_json(&imported)?,
        None => lines.iter().try_for_each(|it| writer::print(it))?,
        Some(path) => {
            write(path, &lines, if *with_secrets { Readers::User } else { Readers::Usual })?
        }
    }
    for missing in imported.missing() {
        let (variable, source, at) = (&missing.variable, &missing.source, missing.at);
        writer::say(&format!("set {variable} to what is at {source}:{at}"));
    }
    Ok(())
}

fn write(path: &Path, lines: &[String], readers: Readers) -> anyhow::Result<()> {
    let text: String = lines.iter().map(|it| format!("{it}\n")).collect();
    let written = eyot_files::write_new(path, text.as_bytes(), readers);
    written.with_context(|| format!("cannot write {}", path.display()))
}
