//! What needs more than one slot: lists of all sessions, and sweeps.
//!
//! An index is a hint, since it cannot change together with what it points to. An entry is made before
//! what it is for, so that nothing is forgotten; what it points to decides, and an entry for nothing is
//! removed by the next sweep.

use std::sync::Arc;

use deadpool_redis::redis::{Cmd, Value, cmd};
use eyot_session::{SessionId, SessionRecord, StoreError};
use futures_util::future::join_all;

use crate::keys::{Index, SHARDS};
use crate::operation::{Operation, Step, Subject, flag, number};
use crate::sessions;
use crate::shared::Shared;
use crate::values::{Values, Word};

/// How many sessions with finished streams, and how many parked calls, one sweep looks at.
const DUE_MAX: u32 = 1_024;

/// Enters something that is due at a time.
pub(crate) fn enter(shared: &Shared, index: Index, name: &str, score: u64) -> Step {
    let mut add = cmd("ZADD");
    add.arg(shared.keys.index_of(index, name)).arg(score).arg(name);
    Step::Plain(add)
}

/// Moves what is entered already.
fn moved(shared: &Shared, index: Index, name: &str, score: &str) -> Step {
    let mut add = cmd("ZADD");
    add.arg(shared.keys.index_of(index, name)).arg("XX").arg(score).arg(name);
    Step::Plain(add)
}

/// Makes the time earlier at which something is due.
pub(crate) fn enter_sooner(shared: &Shared, index: Index, name: &str, score: u64) -> Step {
    let mut add = cmd("ZADD");
    add.arg(shared.keys.index_of(index, name)).arg("LT").arg(score).arg(name);
    Step::Plain(add)
}

fn left(shared: &Shared, index: Index, name: &str) -> Step {
    let mut remove = cmd("ZREM");
    remove.arg(shared.keys.index_of(index, name)).arg(name);
    Step::Plain(remove)
}

/// Takes a session out of all indexes.
pub(crate) fn leave(shared: &Shared, id: &SessionId) -> Operation {
    let indexes = [Index::Ends, Index::Finished, Index::Ids];
    let steps = indexes.map(|index| left(shared, index, id.as_str())).into();
    Operation::aside(Subject::Session(id.clone()), steps)
}

/// The names that are due in each part of an index.
fn due(shared: &Shared, index: Index, now_ms: u64, limit: u32) -> Vec<Step> {
    let per_shard = limit.div_ceil(SHARDS).max(1);
    let ask = |key: String| -> Cmd {
        let mut range = cmd("ZRANGEBYSCORE");
        range.arg(key).arg("-inf").arg(now_ms).arg("LIMIT").arg(0).arg(per_shard);
        range
    };
    shared.keys.indexes(index).map(|key| Step::Plain(ask(key))).collect()
}

fn names(answers: Vec<Value>) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for answer in answers {
        found.extend(Values::of(answer)?.rest(Values::text)?);
    }
    Ok(found)
}

/// What a sweep has found of a session.
struct Swept {
    id: SessionId,
    word: Word,
    ends: String,
    next_end: String,
    streams: Vec<u64>,
}

/// Forgets sessions that have expired, streams that ended long enough ago, and parked calls that have
/// expired.
pub(crate) async fn sweep(
    shared: Arc<Shared>,
    now_ms: u64,
    limit: usize,
) -> Result<Vec<SessionId>, StoreError> {
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let ends = ask_due(&shared, Index::Ends, now_ms, limit);
    let finished = ask_due(&shared, Index::Finished, now_ms, DUE_MAX);
    let parked = ask_due(&shared, Index::Parked, now_ms, DUE_MAX);
    let mut ended = ends.await?;
    ended.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let finished = finished.await?.into_iter().filter(|it| !ended.contains(it));
    let may_end = ended.iter().map(|it| (it.as_str(), true));
    let finished: Vec<_> = finished.collect();
    let visits = may_end.chain(finished.iter().map(|it| (it.as_str(), false)));
    let sessions = visits.filter_map(|(id, may_end)| {
        let id = SessionId::parse(id)?;
        let args = vec![number(now_ms), flag(may_end)];
        let step = Step::call("sweep", shared.keys.session(&id), args);
        Some(shared.call(Subject::Session(id.clone()), step, true, move |mut values| {
            let word = values.word()?;
            let (ends, next_end) = (values.text()?, values.text()?);
            Ok(Swept { id, word, ends, next_end, streams: values.rest(Values::number)? })
        }))
    });
    let sessions: Vec<_> = sessions.collect();
    let parked = parked.await?;
    sweep_parked(&shared, parked, now_ms);
    let mut gone = Vec::new();
    for swept in join_all(sessions).await {
        let swept = swept?;
        shared.drop_streams(&swept.id, &swept.streams);
        clear(&shared, &swept);
        if swept.word == Word::Ended {
            gone.push(swept.id);
        }
    }
    Ok(gone)
}

fn ask_due(
    shared: &Shared,
    index: Index,
    now_ms: u64,
    limit: u32,
) -> eyot_session::StoreFuture<Vec<String>> {
    if limit == 0 {
        return Box::pin(std::future::ready(Ok(Vec::new())));
    }
    shared.submit(Subject::All, due(shared, index, now_ms, limit), false, names)
}

/// Brings the indexes to what a sweep has found.
fn clear(shared: &Shared, swept: &Swept) {
    if swept.word != Word::Ok {
        return shared.send(leave(shared, &swept.id));
    }
    let name = swept.id.as_str();
    let next = match &*swept.next_end {
        "" => left(shared, Index::Finished, name),
        score => moved(shared, Index::Finished, name, score),
    };
    let steps = vec![moved(shared, Index::Ends, name, &swept.ends), next];
    shared.send(Operation::aside(Subject::Session(swept.id.clone()), steps));
}

fn sweep_parked(shared: &Arc<Shared>, names: Vec<String>, now_ms: u64) {
    for name in names {
        let step = Step::call("sweep_parked", [shared.keys.parked(&name)], vec![number(now_ms)]);
        let (me, subject) = (Arc::clone(shared), Subject::Parked((*name).into()));
        let reply = move |answers: Result<Vec<Value>, StoreError>| {
            let found = answers.and_then(|it| {
                let mut values = Values::of_last(it)?;
                Ok((values.word()?, values.text()?))
            });
            let step = match found {
                Ok((Word::Ok, ends)) => moved(&me, Index::Parked, &name, &ends),
                Ok(_) => left(&me, Index::Parked, &name),
                Err(_) => return,
            };
            me.send(Operation::aside(Subject::Parked(name.into()), vec![step]));
        };
        shared.send(Operation {
            subject,
            steps: vec![step],
            is_write: false,
            reply: Box::new(reply),
        });
    }
}

/// Sessions in the order of their ids. A damaged one is left out and logged: it must not hide the
/// others.
pub(crate) async fn list(
    shared: Arc<Shared>,
    first: eyot_session::StoreFuture<Vec<String>>,
    limit: usize,
) -> Result<Vec<SessionRecord>, StoreError> {
    let mut records = Vec::new();
    let mut page = first.await?;
    while records.len() < limit {
        let Some(last) = page.last().cloned() else { break };
        let ids = page.iter().filter_map(|it| SessionId::parse(it));
        let loading: Vec<_> = ids.map(|id| load(&shared, id)).collect();
        for loaded in join_all(loading).await {
            match loaded {
                Ok(found) => records.extend(found),
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::warn!(%error, "session is left out of a list");
                }
                Err(error) => return Err(error),
            }
        }
        page = ask_ids(&shared, Some(&last), limit - records.len().min(limit)).await?;
    }
    records.truncate(limit);
    Ok(records)
}

/// Up to `limit` ids after an id, in order.
pub(crate) fn ask_ids(
    shared: &Shared,
    after: Option<&str>,
    limit: usize,
) -> eyot_session::StoreFuture<Vec<String>> {
    if limit == 0 {
        return Box::pin(std::future::ready(Ok(Vec::new())));
    }
    /// One page, so that an answer is not too large.
    const PAGE_MAX: usize = 1_024;
    let limit = limit.min(PAGE_MAX);
    let from = after.map_or_else(|| "-".to_owned(), |it| format!("({it}"));
    let steps = shared.keys.indexes(Index::Ids).map(|key| {
        let mut range = cmd("ZRANGEBYLEX");
        range.arg(key).arg(&from).arg("+").arg("LIMIT").arg(0).arg(limit);
        Step::Plain(range)
    });
    shared.submit(Subject::All, steps.collect(), false, move |answers| {
        let mut found = names(answers)?;
        found.sort_unstable();
        found.truncate(limit);
        Ok(found)
    })
}

/// The session, also if it has expired.
pub(crate) fn load(
    shared: &Shared,
    id: SessionId,
) -> eyot_session::StoreFuture<Option<SessionRecord>> {
    let [head, items, ..] = shared.keys.session(&id);
    let step = Step::call("load", [head, items], Vec::new());
    shared.call(Subject::Session(id.clone()), step, false, move |mut values| {
        match values.word()? {
            Word::Ok => sessions::read(id, &mut values).map(|it| Some(it.record)),
            _ => Ok(None),
        }
    })
}
