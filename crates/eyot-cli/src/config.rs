//! `eyot config`, and servers that the flags name in configuration files.

mod ask;
mod fill;
mod many;
mod world;

use std::path::{Path, PathBuf};

use eyot_config::{Dialect, Document, Problem, Severity, Shown};
use eyot_interception::{PolicyFile, SettingsFiles};
use serde_json::{Value, json};

pub(crate) use self::fill::{fill_client, fill_run, fill_serve};
pub(crate) use self::many::ManyFiles;
pub(crate) use self::world::World;
use crate::args::{Config, ConfigAction, ConfigFiles, FromFile};
use crate::failure::Failure;
use crate::writer;

/// Runs the command.
pub(crate) fn run(config: Config, is_json: bool) -> anyhow::Result<()> {
    match config.action {
        ConfigAction::Check(files) => check(&files, is_json),
        ConfigAction::Print { files, origin } => {
            let (configs, problems) = read_all(&files)?;
            for problem in &problems {
                writer::say(&problem.to_string());
            }
            let shown = Shown::new(&configs);
            match is_json {
                true => print_json(&shown, origin)?,
                false => shown.to_yaml(origin).iter().try_for_each(|it| writer::print(it))?,
            }
            outcome(&problems)
        }
        ConfigAction::Schema if is_json => writer::print_json(&eyot_config::schema()),
        ConfigAction::Schema => writer::print_pretty_json(&eyot_config::schema()),
    }
}

/// Reads a file with servers. What is wrong in it is among its problems.
fn read(
    path: &Path,
    dialect: Option<Dialect>,
    world: World,
) -> anyhow::Result<eyot_config::Config> {
    let text = read_bytes(path)?;
    Ok(eyot_config::Config::read(&path.display().to_string(), &text, dialect, &world))
}

/// The same, also with what is wrong in its sections about other things than servers, and in the files that
/// these name.
fn read_whole(
    path: &Path,
    dialect: Option<Dialect>,
    world: World,
) -> anyhow::Result<eyot_config::Config> {
    let (text, shown) = (read_bytes(path)?, path.display().to_string());
    let mut config = eyot_config::Config::read(&shown, &text, dialect, &world);
    // What is no text of its format is told once.
    if !config.problems.iter().any(|it| it.is_error() && it.server.is_none()) {
        config.problems.extend(eyot_interception::problems_of_servers(&shown, &text, dialect));
        config.problems.extend(PolicyFile::problems_of_servers(&shown, &text));
    }
    Ok(config)
}

/// The bytes of a file with servers; not all of one that is refused for its length.
pub(crate) fn read_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let read = eyot_files::read(path, BYTES_MAX);
    read.map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())).into())
}

/// Names the configuration file that has a policy, unless a flag names a file of one. What is wrong with the
/// file is told by those who read it.
pub(crate) fn fill_policy(flag: &mut Option<PathBuf>, from: &FromFile) {
    let has_section = |path: &&PathBuf| {
        let document = read_bytes(path).ok();
        let document =
            document.and_then(|it| Document::read(&path.display().to_string(), &it).ok());
        document.is_some_and(|it| it.has_section("policy"))
    };
    if flag.is_none() {
        *flag = from.config.iter().find(has_section).cloned();
    }
}

/// The files that say which interceptors stand before the servers of these files: before all of them, or
/// before this one alone.
pub(crate) fn settings_files(
    flag: Option<&PathBuf>,
    from: &FromFile,
    only: Option<&str>,
) -> SettingsFiles {
    SettingsFiles {
        interceptors: flag.cloned(),
        servers: from.config.clone(),
        dialect: from.dialect,
        only: only.map(str::to_owned),
    }
}

/// The names of the servers in the files that are to be used.
pub(crate) fn enabled(from: &FromFile) -> anyhow::Result<Vec<String>> {
    let configs = from.config.iter().map(|it| read(it, from.dialect, World::default()));
    let configs = configs.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(configs.iter().flat_map(|it| it.enabled_names()).map(str::to_owned).collect())
}

/// Refuses a server whose own interceptors could not be used before it.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn check_settings(from: &FromFile) -> anyhow::Result<()> {
    for path in &from.config {
        let config = read_whole(path, from.dialect, World::default())?;
        let is_about = |it: &&Problem| it.server.is_some() && it.server == from.server;
        fill::refuse(config.problems.iter().filter(|it| it.is_error()).filter(is_about).collect())?;
    }
    Ok(())
}

/// Reads files, and all that is wrong with them.
fn read_all(files: &ConfigFiles) -> anyhow::Result<(Vec<eyot_config::Config>, Vec<Problem>)> {
    let ConfigFiles { files, dialect } = files;
    let configs = files.iter().map(|it| read_whole(it, *dialect, World::default()));
    let configs = configs.collect::<anyhow::Result<Vec<_>>>()?;
    let mut problems: Vec<_> = configs.iter().flat_map(|it| it.problems.clone()).collect();
    problems.extend(eyot_config::Config::duplicates(&configs));
    Ok((configs, problems))
}

fn check(files: &ConfigFiles, is_json: bool) -> anyhow::Result<()> {
    let (configs, problems) = read_all(files)?;
    if is_json {
        let files: Vec<_> = configs.iter().map(summary).collect();
        let problems: Vec<_> = problems.iter().map(document).collect();
        writer::print_json(&json!({ "files": files, "problems": problems }))?;
    } else {
        for problem in &problems {
            writer::print(&problem.to_string())?;
        }
        for config in &configs {
            let (dialect, count) = (config.dialect, config.names().len());
            let servers = if count == 1 { "server" } else { "servers" };
            writer::print(&format!("{}: {count} {servers} ({dialect})", config.source))?;
        }
    }
    outcome(&problems)
}

fn print_json(shown: &Shown, has_origins: bool) -> anyhow::Result<()> {
    let mut document = serde_json::to_value(shown)?;
    if let (true, Value::Object(members)) = (has_origins, &mut document) {
        let origins = shown.origins().into_iter().map(|(at, origin)| (at, origin.into()));
        members.insert("origins".to_owned(), Value::Object(origins.collect()));
    }
    writer::print_json(&document)
}

/// The failure of a command whose files have errors.
fn outcome(problems: &[Problem]) -> anyhow::Result<()> {
    match problems.iter().filter(|it| it.is_error()).count() {
        0 => Ok(()),
        1 => Err(Failure::usage("there is an error").into()),
        count => Err(Failure::usage(format!("there are {count} errors")).into()),
    }
}

fn summary(config: &eyot_config::Config) -> Value {
    json!({
        "file": &*config.source,
        "dialect": config.dialect.as_str(),
        "servers": config.names(),
        "enabled": config.enabled_names(),
    })
}

fn document(problem: &Problem) -> Value {
    json!({
        "severity": if problem.severity == Severity::Error { "error" } else { "warning" },
        "file": &*problem.source,
        "line": problem.at.map(|it| it.line),
        "column": problem.at.map(|it| it.column),
        "server": problem.server,
        "message": problem.message,
    })
}

/// More than what is accepted.
pub(crate) const BYTES_MAX: u64 = (16 << 20) + 1;
