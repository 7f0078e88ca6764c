//! `eyot man` and `eyot completions`: what the shell and the manual know of the program.

use std::path::Path;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::{Args, Completions, Manual};
use crate::writer;

/// Runs `eyot completions`.
pub(crate) fn completions(asked: &Completions) -> anyhow::Result<()> {
    Ok(writer::print_text(&script(asked.shell)?)?)
}

/// Runs `eyot man`.
pub(crate) fn run(asked: &Manual) -> anyhow::Result<()> {
    match &asked.dir {
        Some(folder) => write_pages(folder),
        None => Ok(writer::print_text(&page(without_help(shown()))?)?),
    }
}

/// The script that completes the program's words in a shell.
fn script(shell: Shell) -> anyhow::Result<String> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut shown(), NAME, &mut script);
    Ok(String::from_utf8(script)?)
}

/// Writes a page for each command, named as `man` looks for it.
fn write_pages(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    for (name, command) in pages() {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page(command)?).with_context(|| path.display().to_string())?;
        writer::print(&path.display().to_string())?;
    }
    Ok(())
}

/// The commands that have a page, by its name: the program, its commands, and theirs.
fn pages() -> Vec<(String, Command)> {
    let mut whole = without_help(shown());
    whole.build();
    let mut pages = Vec::new();
    let mut rest = vec![(NAME.to_owned(), whole)];
    while let Some((name, command)) = rest.pop() {
        let below = command.get_subcommands();
        rest.extend(below.map(|it| (format!("{name}-{}", it.get_name()), it.clone())));
        // The header names the page, as `man` shows it.
        pages.push((name.clone(), command.display_name(name)));
    }
    pages.sort_by(|(one, _), (other, _)| one.cmp(other));
    pages
}

/// The command without `help`, which is no page.
fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

/// The page of a command.
fn page(command: Command) -> anyhow::Result<String> {
    let mut page = Vec::new();
    let source = format!("{NAME} {}", env!("CARGO_PKG_VERSION"));
    Man::new(command).source(source).render(&mut page)?;
    Ok(String::from_utf8(page)?)
}

/// The program without the commands that are for itself alone.
fn shown() -> Command {
    let whole = Args::command();
    let (commands, args) = (whole.get_subcommands(), whole.get_arguments());
    let mut shown = Command::new(NAME).args(args.cloned());
    shown = shown.subcommands(commands.filter(|it| !it.is_hide_set()).cloned());
    shown = shown.subcommand_required(true);
    if let Some(about) = whole.get_about() {
        shown = shown.about(about.clone());
    }
    shown.version(env!("CARGO_PKG_VERSION"))
}

const NAME: &str = "eyot";

#[cfg(test)]
mod tests;
