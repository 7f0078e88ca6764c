//! `eyot sessions`: the sessions in a store.

use anyhow::Context as _;
use eyot::session::{SessionId, SessionRecord};
use eyot::{Durability, StoreUrl};
use serde_json::{Value, json};

use crate::args::{Sessions, SessionsAction};
use crate::writer::{print, print_json, print_pretty_json};

/// Runs the command.
pub(crate) fn run(sessions: Sessions, is_json: bool) -> anyhow::Result<()> {
    let store = sessions.store.context("name the store: --store sqlite:PATH or redis://HOST")?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        match sessions.action {
            SessionsAction::Ls => list(&store, is_json).await,
            SessionsAction::Show { id } => show(&store, &id).await,
            SessionsAction::Rm { id } => remove(&store, &id).await,
        }
    })
}

async fn list(url: &StoreUrl, is_json: bool) -> anyhow::Result<()> {
    /// How many records are read at once.
    const PAGE_RECORDS: usize = 500;
    let store = url.open_to_read()?;
    let mut after = None;
    if !is_json {
        print(&row(["SESSION", "PRINCIPAL", "REVISION", "EXPIRES"]))?;
    }
    loop {
        let page = store.list(after, PAGE_RECORDS).await?;
        for record in &page {
            match is_json {
                true => print_json(&summary(record))?,
                false => print(&line(record))?,
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE_RECORDS => after = Some(last.id.clone()),
            _ => break,
        }
    }
    store.shutdown().await?;
    Ok(())
}

async fn show(url: &StoreUrl, id: &str) -> anyhow::Result<()> {
    let store = url.open_to_read()?;
    let record = store.load(parse(id)?, 0).await?;
    store.shutdown().await?;
    let record = record.with_context(|| format!("there is no session {id}"))?;
    let mut shown = summary(&record);
    if let Some(members) = shown.as_object_mut() {
        let initialize: Value = serde_json::from_slice(&record.initialize).unwrap_or_default();
        members.insert("initialize".to_owned(), initialize);
        members.insert("state".to_owned(), serde_json::to_value(&record.state)?);
    }
    print_pretty_json(&shown)
}

async fn remove(url: &StoreUrl, id: &str) -> anyhow::Result<()> {
    // It must be there: nothing is made for a removal.
    url.open_to_read()?.shutdown().await?;
    let store = url.open(Durability::Sync)?;
    let was_there = store.remove(parse(id)?).await?;
    store.shutdown().await?;
    anyhow::ensure!(was_there, "there is no session {id}");
    print("removed")?;
    Ok(())
}

fn parse(id: &str) -> anyhow::Result<SessionId> {
    SessionId::parse(id).with_context(|| format!("`{}` is no session id", id.escape_debug()))
}

fn summary(record: &SessionRecord) -> Value {
    json!({
        "id": record.id.as_str(),
        "principal": record.principal,
        "revision": record.revision.as_str(),
        "createdMs": record.created_ms,
        "expiresMs": record.expires_ms,
        "fence": record.fence.0,
    })
}

fn line(record: &SessionRecord) -> String {
    let now_ms = eyot::service::unix_ms();
    let expires = match record.expires_ms.checked_sub(now_ms) {
        Some(left_ms) => format!("in {} min", left_ms.div_ceil(60_000)),
        None => "expired".to_owned(),
    };
    let principal = record.principal.as_deref().unwrap_or("-");
    row([record.id.as_str(), principal, record.revision.as_str(), &expires])
}

fn row(cells: [&str; 4]) -> String {
    let [id, principal, revision, expires] = cells;
    format!("{id:<24} {principal:<16} {revision:<12} {expires}")
}
