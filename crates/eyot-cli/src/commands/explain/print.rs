//! Prints an explanation for people.

use eyot::era::revision::Feature;
use eyot::types::{Era, TASKS_EXTENSION};
use serde_json::json;

use super::across::{Across, Tasks};
use super::{Explanation, story};
use crate::writer;

/// Prints an explanation.
pub(super) fn explanation(explanation: &Explanation) -> anyhow::Result<()> {
    let Explanation { steps, info, has_instructions, capabilities, revisions, .. } = explanation;
    let name = info.as_ref().map_or_else(
        || "a server without a name".to_owned(),
        |it| format!("{} {}", it.title.as_ref().unwrap_or(&it.name), it.version),
    );
    let eras = revisions.iter().map(|it| format!("{} ({it})", it.era())).collect::<Vec<_>>();
    writer::print(&name)?;
    writer::print("")?;
    rows(&[
        ["era".to_owned(), eras.join(" and ")],
        ["found".to_owned(), story(steps)],
        ["instructions".to_owned(), yes(*has_instructions)],
        ["capabilities".to_owned(), json!(capabilities).to_string()],
    ])?;
    for era in explanation.eras() {
        match (explanation.own(era), &explanation.across) {
            (Some(revision), _) => {
                let clients = clients(era);
                writer::print("")?;
                writer::print(&format!("{clients} speak {revision} with it: nothing is lost"))?;
            }
            (None, Some(told)) => across(era, told)?,
            (None, None) => {}
        }
    }
    Ok(())
}

fn across(era: Era, across: &Across) -> anyhow::Result<()> {
    let Across { report, told, declared, lost, in_calls, left_out, .. } = across;
    let revision = report.client();
    writer::print("")?;
    writer::print(&format!("{} speak {revision} with Eyot, over the bridge", clients(era)))?;
    rows(&[
        ["are told".to_owned(), json!(told).to_string()],
        ["may declare".to_owned(), json!(declared.1).to_string()],
        ["the server is told".to_owned(), json!(declared.0).to_string()],
        ["tasks".to_owned(), tasks(era, across)],
    ])?;
    section("Lost", lost.iter().map(|(feature, places)| (*feature, listed(places))))?;
    let in_calls = in_calls.iter().map(|(feature, place)| (*feature, (*place).to_owned()));
    section("Lost if it comes in a call", in_calls)?;
    if !left_out.is_empty() {
        writer::print("")?;
        writer::print("  Tools that are left out")?;
        eyot_terminal::print_table(4, &left_out.iter().map(pair).collect::<Vec<_>>())?;
    }
    Ok(())
}

fn section(title: &str, lost: impl Iterator<Item = (Feature, String)>) -> anyhow::Result<()> {
    let rows = lost.map(|(feature, places)| {
        let row = feature.row();
        let instead = match row.instead {
            "" => row.effect.as_str().to_owned(),
            instead => format!("{}: {instead}", row.effect),
        };
        [row.name.to_owned(), row.what.to_owned(), instead, places]
    });
    let rows: Vec<_> = rows.collect();
    writer::print("")?;
    match rows.is_empty() {
        true => writer::print(&format!("  {title}: nothing"))?,
        false => writer::print(&format!("  {title}"))?,
    }
    Ok(eyot_terminal::print_table(4, &rows)?)
}

fn rows(rows: &[[String; 2]]) -> anyhow::Result<()> {
    Ok(eyot_terminal::print_table(2, rows)?)
}

fn clients(era: Era) -> &'static str {
    match era {
        Era::Legacy => "Legacy clients",
        Era::Modern => "Modern clients",
    }
}

/// What happens to tasks; `era` is the era of the clients.
fn tasks(era: Era, across: &Across) -> String {
    let (theirs, own) = match era {
        Era::Legacy => (TASKS_EXTENSION, "2025-11-25"),
        Era::Modern => ("2025-11-25", TASKS_EXTENSION),
    };
    match across.tasks {
        Tasks::None => "the server has none".to_owned(),
        Tasks::Carried => format!("those of {theirs} become those of {own}"),
        Tasks::Lost if across.task_tools.is_empty() => {
            format!("those of {theirs} are not carried: a call lasts until its result")
        }
        Tasks::Lost => {
            let tools = listed(&across.task_tools);
            format!("those of {theirs} are not carried: the server wants them for {tools}")
        }
    }
}

/// The first places, and how many more there are.
fn listed(places: &[String]) -> String {
    let shown = places.iter().take(PLACES_MAX).cloned().collect::<Vec<_>>().join(", ");
    match places.len().saturating_sub(PLACES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn pair((name, reason): &(String, String)) -> [String; 2] {
    [name.clone(), reason.clone()]
}

fn yes(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

/// How many places of one loss people are shown.
const PLACES_MAX: usize = 5;
