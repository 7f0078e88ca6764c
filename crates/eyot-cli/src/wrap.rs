//! `eyot wrap` and `eyot unwrap`: the files of clients, changed.

mod client_file;
mod import;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser as _;
use eyot_files::Backups;
use eyot_wrap::{Change, Document, Outcome, WrapError, Wrapper};
use serde_json::json;

use self::client_file::Found;
pub(crate) use self::import::run as import;
use crate::args::{Args, ClientFile, Wrap};
use crate::failure::Failure;
use crate::{config, writer};

/// Runs `eyot wrap`.
pub(crate) fn wrap(wrap: &Wrap, is_json: bool) -> anyhow::Result<()> {
    let Wrap { file, flag } = wrap;
    let wrapper = Wrapper { program: program(file)?, flags: flag.clone() };
    with_file(file, is_json, |document, _| {
        let change = document.wrap(&file.names, &wrapper).map_err(|it| refused(&it))?;
        check_flags(&change, flag)?;
        Ok(change)
    })
}

/// Runs `eyot unwrap`.
pub(crate) fn unwrap(file: &ClientFile, is_json: bool) -> anyhow::Result<()> {
    let program = program(file)?;
    with_file(file, is_json, |document, backups| {
        let change = document.unwrap(&file.names, &backups.texts(), &program);
        Ok(change.map_err(|it| refused(&it))?)
    })
}

fn refused(error: &WrapError) -> Failure {
    Failure::usage(error.to_string())
}

/// Changes a file.
fn with_file(
    asked: &ClientFile,
    is_json: bool,
    change: impl for<'d> FnOnce(&'d Document, &Backups) -> anyhow::Result<Change<'d>>,
) -> anyhow::Result<()> {
    let Found { path, dialect } = client_file::find(&asked.file)?;
    let text = config::read_bytes(&path)?;
    let shown = path.display().to_string();
    let document =
        Document::read(&shown, &text, asked.dialect.or(dialect)).map_err(|it| refused(&it))?;
    // What a link leads to is changed, and not the link.
    let target = path.canonicalize().with_context(|| format!("cannot find {shown}"))?;
    let backups = Backups::of(&target, config::BYTES_MAX);
    let change = change(&document, &backups)?;
    let mut kept = None;
    if let (Some(bytes), false) = (change.bytes(), asked.dry_run) {
        // What is put back exactly can be wrapped again.
        let is_lost =
            change.outcomes.iter().any(|it| it.1 != Outcome::Unwrapped && it.1.is_change());
        if is_lost {
            let backup = backups.keep(&text);
            kept = Some(backup.with_context(|| format!("cannot keep {shown} as it is"))?);
        }
        eyot_files::replace(&target, &text, &bytes)
            .with_context(|| format!("cannot write {shown}"))?;
        backups.forget(&bytes);
    }
    tell(&change, asked, kept.as_deref(), is_json)
}

/// Says what has become of the file.
fn tell(
    change: &Change<'_>,
    asked: &ClientFile,
    kept: Option<&Path>,
    is_json: bool,
) -> anyhow::Result<()> {
    let diff = change.diff();
    let (file, kept) = (change.path(), kept.map(|it| it.display().to_string()));
    if is_json {
        let servers = change.outcomes.iter().map(
            |(name, it)| json!({ "name": name, "changed": it.is_change(), "message": it.as_str() }),
        );
        return writer::print_json(&json!({
            "file": file,
            "servers": servers.collect::<Vec<_>>(),
            "written": !diff.is_empty() && !asked.dry_run,
            "backup": kept,
            "diff": diff.iter().map(|it| format!("{it}\n")).collect::<String>(),
        }));
    }
    diff.iter().try_for_each(|it| writer::print(it))?;
    // Where all are asked for, it is no news that some are as they are.
    let is_news = |it: &&(String, Outcome)| !asked.names.is_empty() || it.1 != Outcome::NotWrapped;
    for (name, outcome) in change.outcomes.iter().filter(is_news) {
        writer::say(&format!("{file}: `{name}` {}", outcome.as_str()));
    }
    if diff.is_empty() {
        writer::say(&format!("{file}: nothing has changed"));
    } else if asked.dry_run {
        writer::say(&format!("{file}: nothing is written, because of --dry-run"));
    } else {
        let kept = kept.map(|it| format!("; as it was before, it is {it}")).unwrap_or_default();
        writer::say(&format!("{file}: written{kept}. Start the client again"));
    }
    Ok(())
}

/// Refuses flags that the program would refuse when the client starts it.
fn check_flags(change: &Change<'_>, flags: &[String]) -> anyhow::Result<()> {
    for (name, _) in change.outcomes.iter().filter(|it| it.1 == Outcome::Wrapped) {
        let Some(command) = change.command(name) else { continue };
        let end: &[&str] = if command == "run" { &["--", "x"] } else { &["http://localhost"] };
        let words = ["eyot", command].into_iter().chain(flags.iter().map(String::as_str));
        let parsed = Args::try_parse_from(words.chain(end.iter().copied()));
        if parsed.is_err() || flags.iter().any(|it| it == "--") {
            let message =
                format!("--flag: `{name}` becomes `eyot {command}`, which takes no such flags");
            return Err(Failure::usage(message).into());
        }
    }
    Ok(())
}

/// This program, as clients are to start it.
fn program(asked: &ClientFile) -> anyhow::Result<String> {
    if let Some(program) = &asked.program {
        return Ok(program.clone());
    }
    let own =
        std::env::current_exe().context("this program has no path: name it with --program")?;
    let path = installed(&own).unwrap_or(own);
    let path = path.into_os_string().into_string();
    path.map_err(|_| {
        Failure::usage("the path of this program is no text: name one with --program").into()
    })
}

/// Where the shell finds this program, which may be a link that leads to another version later.
fn installed(own: &Path) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let name = own.file_name()?;
    let mut places = std::env::split_paths(&folders).filter(|it| it.is_absolute());
    places.find_map(|folder| {
        let place = folder.join(name);
        (place.canonicalize().ok()? == own.canonicalize().ok()?).then_some(place)
    })
}
