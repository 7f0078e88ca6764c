//! Random operations, and how they are applied to a store.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use eyot_jsonrpc::Id;
use eyot_session::{
    Claimant, Event, Fence, ItemChange, LogLimits, NewEvent, NodeId, OpenQuestion, Position,
    SessionId, SessionState, Store, StoreFuture, StreamEnd, StreamNo, StreamWrite, UpstreamCursor,
    UpstreamName, WrittenStream,
};
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use crate::block_on;
use crate::samples::{call_stream, named, principal, record, session_id};

/// Few sessions, so that operations meet.
const SESSIONS: Range<u8> = 0..2;
const STREAMS: Range<u32> = 0..3;
const FENCES: Range<u64> = 3..6;
const SEQS: Range<u64> = 0..12;
const TIMES_MS: Range<u64> = 9_000..12_000;

/// Small limits, so that they are reached.
pub(super) const LIMITS: LogLimits = LogLimits {
    events_per_stream_max: 3,
    bytes_per_stream_max: 12,
    keep_done: std::time::Duration::from_millis(500),
    finished_streams_max: 2,
    finished_bytes_max: 8,
};

#[derive(Clone, Debug)]
pub(super) enum Operation {
    Append(SessionId, Fence, StreamNo, Vec<NewEvent>),
    ChangeItems(SessionId, Fence, Vec<ItemChange>),
    Claim(SessionId, Option<Arc<str>>, u64),
    Create(SessionId),
    Finish(SessionId, Fence, StreamNo, StreamEnd),
    List(Option<SessionId>, usize),
    Load(SessionId, u64),
    Open(SessionId, Fence, StreamNo),
    Read(SessionId, StreamNo, Position, usize),
    Remove(SessionId),
    Sweep(u64),
    Touch(SessionId, u64),
    Update(SessionId, Fence, SessionState),
    /// Opens a stream, too.
    Write(SessionId, Fence, StreamWrite),
}

/// Operations of which about half succeed.
pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let step = prop_oneof![3 => operation().prop_map(|it| vec![it]), 1 => whole_call()];
    proptest::collection::vec(step, 1..60).prop_map(|steps| steps.concat())
}

/// Does the operation; returns the answer as text, so that all answers can be compared.
pub(super) fn apply(store: &dyn Store, operation: Operation) -> String {
    use Operation as Op;
    match operation {
        Op::Append(id, fence, no, events) => text(store.append(id, fence, no, events)),
        Op::ChangeItems(id, fence, changes) => text(store.change_items(id, fence, changes)),
        Op::Claim(id, principal, now_ms) => {
            text(store.claim(id, Claimant::new(claimer(), principal), now_ms))
        }
        Op::Create(id) => text(store.create(record(&id))),
        Op::Finish(id, fence, no, end) => text(store.finish(id, fence, no, end)),
        Op::List(after, limit) => text(store.list(after, limit)),
        Op::Load(id, now_ms) => text(store.load(id, now_ms)),
        Op::Open(id, fence, no) => text(store.open(id, fence, call_stream(no))),
        Op::Read(id, no, after, limit) => text(store.read(id, no, after, limit)),
        Op::Remove(id) => text(store.remove(id)),
        Op::Sweep(now_ms) => swept(store, now_ms),
        Op::Touch(id, expires_ms) => {
            store.touch(&id, expires_ms);
            String::new()
        }
        Op::Update(id, fence, state) => text(store.update(id, fence, state)),
        Op::Write(id, fence, write) => text(store.write(id, fence, write)),
    }
}

pub(super) fn claimer() -> NodeId {
    NodeId::new("claimer")
}

fn text<T: Debug>(future: StoreFuture<T>) -> String {
    format!("{:?}", block_on(future))
}

/// The order of the swept sessions differs between stores, so it is not compared.
fn swept(store: &dyn Store, now_ms: u64) -> String {
    let outcome = block_on(store.sweep(now_ms, usize::MAX)).map(|mut ids| {
        ids.sort();
        ids
    });
    format!("{outcome:?}")
}

fn ends() -> impl Strategy<Value = StreamEnd> {
    let last = prop_oneof![Just(Vec::new()), events()];
    (last, TIMES_MS).prop_map(|(last, at_ms)| StreamEnd { last, at_ms })
}

/// Many streams must end before one is forgotten: single operations seldom do that.
fn whole_call() -> impl Strategy<Value = Vec<Operation>> {
    (ids(), fences(), streams(), ends()).prop_map(|(id, fence, no, end)| {
        vec![Operation::Open(id.clone(), fence, no), Operation::Finish(id, fence, no, end)]
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation as Op;
    prop_oneof![
        4 => (ids(), fences(), streams(), events()).prop_map(|(id, fence, no, events)| {
            Op::Append(id, fence, no, events)
        }),
        1 => (ids(), fences(), changes()).prop_map(|(id, fence, changes)| {
            Op::ChangeItems(id, fence, changes)
        }),
        1 => (ids(), principals(), TIMES_MS).prop_map(|(id, principal, now_ms)| {
            Op::Claim(id, principal, now_ms)
        }),
        2 => ids().prop_map(Op::Create),
        1 => (ids(), fences(), streams(), ends()).prop_map(|(id, fence, no, end)| {
            Op::Finish(id, fence, no, end)
        }),
        1 => (proptest::option::of(ids()), 0..4_usize).prop_map(|(after, limit)| {
            Op::List(after, limit)
        }),
        1 => (ids(), TIMES_MS).prop_map(|(id, now_ms)| Op::Load(id, now_ms)),
        3 => (ids(), fences(), streams()).prop_map(|(id, fence, no)| Op::Open(id, fence, no)),
        4 => (ids(), streams(), positions(), 0..5_usize).prop_map(|(id, no, after, limit)| {
            Op::Read(id, no, after, limit)
        }),
        1 => prop_oneof![
            1 => ids().prop_map(Op::Remove),
            2 => TIMES_MS.prop_map(Op::Sweep),
        ],
        1 => (ids(), TIMES_MS).prop_map(|(id, expires_ms)| Op::Touch(id, expires_ms)),
        1 => (ids(), fences(), any::<bool>()).prop_map(|(id, fence, is_initialized)| {
            Op::Update(id, fence, SessionState { is_initialized, ..SessionState::default() })
        }),
        3 => (ids(), fences(), writes()).prop_map(|(id, fence, write)| {
            Op::Write(id, fence, write)
        }),
    ]
}

/// Writes that open a stream and most often end it, so that streams are forgotten.
fn writes() -> impl Strategy<Value = StreamWrite> {
    let end = prop_oneof![3 => TIMES_MS.prop_map(Some), 1 => Just(None)];
    (streams(), events(), end).prop_map(|(no, events, end_ms)| {
        let stream = WrittenStream::New(call_stream(no));
        StreamWrite { stream, events, end_ms }
    })
}

/// Changes of few items, so that they meet.
fn changes() -> impl Strategy<Value = Vec<ItemChange>> {
    let id = |name: u64| Id::from_text(&name.to_string());
    let change = prop_oneof![
        (0..3_u64).prop_map(|name| ItemChange::Subscribe(name.to_string().into())),
        (0..3_u64).prop_map(|name| ItemChange::Unsubscribe(name.to_string().into())),
        (0..3_u64, proptest::option::of(0..2_u64)).prop_map(move |(name, call)| {
            ItemChange::Ask(OpenQuestion { id: id(name), call: call.map(Id::from_number) })
        }),
        (0..3_u64).prop_map(move |name| ItemChange::Settle(id(name))),
    ];
    proptest::collection::vec(change, 0..4)
}

/// Ids that differ in their first characters, which is what `Debug` shows.
fn ids() -> impl Strategy<Value = SessionId> {
    SESSIONS.prop_map(|place| session_id(&format!("{place}-session")))
}

fn principals() -> impl Strategy<Value = Option<Arc<str>>> {
    prop_oneof![2 => Just(principal()), 1 => Just(None)]
}

fn fences() -> impl Strategy<Value = Fence> {
    prop_oneof![3 => Just(FENCES.start), 1 => FENCES].prop_map(Fence)
}

fn streams() -> impl Strategy<Value = StreamNo> {
    STREAMS.prop_map(StreamNo)
}

fn positions() -> impl Strategy<Value = Position> {
    (fences(), SEQS).prop_map(|(fence, seq)| Position { fence, seq })
}

fn upstreams() -> impl Strategy<Value = UpstreamName> {
    prop_oneof![2 => Just(UpstreamName::DEFAULT), 1 => Just(named())]
}

/// Events that are mostly in order.
fn events() -> impl Strategy<Value = Vec<NewEvent>> {
    let step = (0..4_u64, 0..8_usize, proptest::option::of(upstreams()));
    let steps = proptest::collection::vec(step, 0..4);
    (positions(), steps).prop_map(|(start, steps)| {
        let mut position = start;
        let event = |(step, len, upstream): (u64, usize, Option<UpstreamName>)| {
            position.seq += step;
            let cursor = Bytes::from(format!("up/{}", position.seq));
            let upstream_cursor = upstream.map(|upstream| UpstreamCursor { upstream, cursor });
            Event { position, data: Bytes::from(vec![b'x'; len]), upstream_cursor }
        };
        steps.into_iter().map(event).collect()
    })
}
