//! A store so simple that it is obviously right, to compare others with.

use std::collections::BTreeMap;

use eyot_session::{
    Claimed, Event, Fence, ItemChange, NewEvent, Page, Position, SessionId, SessionRecord,
    SessionState, StoreError, StreamEnd, StreamNo, StreamWrite, UpstreamCursor,
};
use proptest::test_runner::{Config, TestRunner};

use super::make_store::MakeStore;
use super::operation::{LIMITS, Operation, apply, claimer, operations};
use crate::samples::{START, call_stream, record};

/// With this many cases, a run against a file takes less than two seconds.
const CASES: u32 = 48;

pub(super) fn agrees_with_a_simple_model(make: MakeStore<'_>) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&operations(), |operations| {
        let store = make(LIMITS);
        let mut model = Model::default();
        for operation in operations {
            let expected = model.apply(operation.clone());
            let found = apply(&*store, operation.clone());
            proptest::prop_assert_eq!(found, expected, "at {:?}", operation);
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "store and model differ: {outcome:?}");
}

#[derive(Default)]
struct Model {
    sessions: BTreeMap<SessionId, ModelSession>,
}

#[derive(Clone)]
struct ModelSession {
    record: SessionRecord,
    next_stream: u32,
    streams: BTreeMap<StreamNo, ModelStream>,
}

#[derive(Clone, Default)]
struct ModelStream {
    kept: Vec<Event>,
    top: Position,
    trimmed: Position,
    /// Every cursor, in order.
    cursors: Vec<UpstreamCursor>,
    expires_ms: Option<u64>,
}

impl Model {
    fn apply(&mut self, operation: Operation) -> String {
        use Operation as Op;
        match operation {
            Op::Append(id, fence, no, events) => text(&self.append(&id, fence, no, events)),
            Op::ChangeItems(id, fence, changes) => text(&self.change_items(&id, fence, changes)),
            Op::Claim(id, principal, now_ms) => {
                text(&Ok(self.claim(&id, principal.as_deref(), now_ms)))
            }
            Op::Create(id) => text(&self.create(&id)),
            Op::Finish(id, fence, no, end) => text(&self.finish(&id, fence, no, end)),
            Op::List(after, limit) => text(&Ok(self.list(after.as_ref(), limit))),
            Op::Load(id, now_ms) => text(&Ok(self.load(&id, now_ms))),
            Op::Open(id, fence, no) => text(&self.open(&id, fence, no)),
            Op::Read(id, no, after, limit) => text(&self.read(&id, no, after, limit)),
            Op::Remove(id) => text(&Ok(self.sessions.remove(&id).is_some())),
            Op::Sweep(now_ms) => text(&Ok(self.sweep(now_ms))),
            Op::Touch(id, expires_ms) => self.touch(&id, expires_ms),
            Op::Update(id, fence, state) => text(&self.update(&id, fence, state)),
            Op::Write(id, fence, write) => text(&self.write(&id, fence, write)),
        }
    }

    fn create(&mut self, id: &SessionId) -> Result<(), StoreError> {
        if self.sessions.contains_key(id) {
            return Err(StoreError::Conflict);
        }
        let session = ModelSession { record: record(id), next_stream: 1, streams: BTreeMap::new() };
        self.sessions.insert(id.clone(), session);
        Ok(())
    }

    fn live(&mut self, id: &SessionId, now_ms: u64) -> Option<&mut ModelSession> {
        self.sessions.get_mut(id).filter(|session| session.record.expires_ms > now_ms)
    }

    fn load(&mut self, id: &SessionId, now_ms: u64) -> Option<SessionRecord> {
        self.live(id, now_ms).map(|session| session.record.clone())
    }

    fn claim(&mut self, id: &SessionId, principal: Option<&str>, now_ms: u64) -> Option<Claimed> {
        let session = self.live(id, now_ms)?;
        if session.record.principal.as_deref() != principal {
            return None;
        }
        session.record.fence.0 += 1;
        session.record.owner = Some(claimer());
        Some(Claimed { record: session.record.clone(), next_stream: StreamNo(session.next_stream) })
    }

    fn list(&self, after: Option<&SessionId>, limit: usize) -> Vec<SessionRecord> {
        let records = self.sessions.values().map(|session| session.record.clone());
        records.filter(|record| after.is_none_or(|after| record.id > *after)).take(limit).collect()
    }

    fn touch(&mut self, id: &SessionId, expires_ms: u64) -> String {
        if let Some(session) = self.sessions.get_mut(id) {
            session.record.expires_ms = session.record.expires_ms.max(expires_ms);
        }
        String::new()
    }

    fn sweep(&mut self, now_ms: u64) -> Vec<SessionId> {
        let is_expired = |record: &SessionRecord| record.expires_ms <= now_ms;
        let expired = self.sessions.values().filter(|session| is_expired(&session.record));
        let ids = expired.map(|session| session.record.id.clone()).collect();
        self.sessions.retain(|_, session| !is_expired(&session.record));
        for session in self.sessions.values_mut() {
            session.streams.retain(|_, stream| stream.expires_ms.is_none_or(|end| end > now_ms));
        }
        ids
    }

    fn owned(&mut self, id: &SessionId, fence: Fence) -> Result<&mut ModelSession, StoreError> {
        let session = self.sessions.get_mut(id).ok_or(StoreError::NotFound)?;
        if session.record.fence == fence { Ok(session) } else { Err(StoreError::Fenced) }
    }

    fn owned_stream(
        &mut self,
        id: &SessionId,
        fence: Fence,
        no: StreamNo,
    ) -> Result<&mut ModelStream, StoreError> {
        self.owned(id, fence)?.streams.get_mut(&no).ok_or(StoreError::NotFound)
    }

    fn update(
        &mut self,
        id: &SessionId,
        fence: Fence,
        state: SessionState,
    ) -> Result<(), StoreError> {
        let known = &mut self.owned(id, fence)?.record.state;
        *known = SessionState { items: known.items.clone(), ..state };
        Ok(())
    }

    fn change_items(
        &mut self,
        id: &SessionId,
        fence: Fence,
        changes: Vec<ItemChange>,
    ) -> Result<(), StoreError> {
        let items = &mut self.owned(id, fence)?.record.state.items;
        for change in changes {
            items.apply(change);
        }
        Ok(())
    }

    fn open(&mut self, id: &SessionId, fence: Fence, no: StreamNo) -> Result<(), StoreError> {
        let session = self.owned(id, fence)?;
        let stream = session.streams.entry(no).or_default();
        if stream.expires_ms.is_some() {
            return Err(StoreError::Conflict);
        }
        session.next_stream = session.next_stream.max(no.0 + 1);
        Ok(())
    }

    fn finish(
        &mut self,
        id: &SessionId,
        fence: Fence,
        no: StreamNo,
        end: StreamEnd,
    ) -> Result<(), StoreError> {
        if !end.last.is_empty() {
            self.append(id, fence, no, end.last)?;
        }
        let stream = self.owned_stream(id, fence, no)?;
        stream.expires_ms = stream.expires_ms.or(Some(end.at_ms + 500));
        self.owned(id, fence)?.forget_oldest();
        Ok(())
    }

    fn append(
        &mut self,
        id: &SessionId,
        fence: Fence,
        no: StreamNo,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        let stream = self.owned_stream(id, fence, no)?;
        let places: Vec<Position> =
            std::iter::once(stream.top).chain(events.iter().map(|event| event.position)).collect();
        if stream.expires_ms.is_some() || !places.is_sorted_by(|before, next| before < next) {
            return Err(StoreError::Conflict);
        }
        for event in events {
            stream.top = event.position;
            stream.cursors.extend(event.upstream_cursor.clone());
            stream.kept.push(event);
        }
        stream.trim();
        Ok(())
    }

    /// One step after the other; if one fails, the session is what it was.
    fn write(
        &mut self,
        id: &SessionId,
        fence: Fence,
        write: StreamWrite,
    ) -> Result<(), StoreError> {
        let (no, before) = (write.stream.no(), self.sessions.clone());
        let opened = self.open(id, fence, no);
        let appended = opened.and_then(|()| self.append(id, fence, no, write.events));
        let done = match write.end_ms {
            None => appended,
            Some(at_ms) => appended
                .and_then(|()| self.finish(id, fence, no, StreamEnd { last: Vec::new(), at_ms })),
        };
        if done.is_err() {
            self.sessions = before;
        }
        done
    }

    fn read(
        &self,
        id: &SessionId,
        no: StreamNo,
        after: Position,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let session = self.sessions.get(id).ok_or(StoreError::NotFound)?;
        let stream = session.streams.get(&no).ok_or(StoreError::NotFound)?;
        if stream.trimmed != START && after < stream.trimmed {
            return Err(StoreError::Trimmed { oldest: stream.trimmed });
        }
        let rest = stream.kept.iter().filter(|event| event.position > after);
        Ok(Page {
            stream: call_stream(no),
            events: rest.clone().take(limit).cloned().collect(),
            is_end: stream.expires_ms.is_some() && rest.count() <= limit,
            last_upstream_cursors: stream.cursors.iter().cloned().collect(),
        })
    }
}

impl ModelSession {
    /// Counts all streams anew for each one that is forgotten.
    fn forget_oldest(&mut self) {
        loop {
            let finished = || self.streams.iter().filter(|(_, it)| it.expires_ms.is_some());
            let count = finished().count();
            let bytes: usize = finished().map(|(_, it)| it.bytes()).sum();
            let fits = count <= LIMITS.finished_streams_max && bytes <= LIMITS.finished_bytes_max;
            match finished().min_by_key(|(no, it)| (it.expires_ms, **no)).map(|(no, _)| *no) {
                Some(oldest) if count > 1 && !fits => self.streams.remove(&oldest),
                _ => return,
            };
        }
    }
}

impl ModelStream {
    /// Counts all events anew for each one that is dropped.
    fn trim(&mut self) {
        while self.kept.len() > 1
            && (self.kept.len() > LIMITS.events_per_stream_max
                || self.bytes() > LIMITS.bytes_per_stream_max)
        {
            self.trimmed = self.kept.remove(0).position;
        }
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|event| event.data.len()).sum()
    }
}

fn text<T: std::fmt::Debug>(outcome: &Result<T, StoreError>) -> String {
    format!("{outcome:?}")
}
