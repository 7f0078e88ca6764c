//! Sessions as fields of hashes.

use bytes::Bytes;
use eyot_jsonrpc::Id;
use eyot_session::{
    Claimant, Claimed, Fence, ItemChange, NodeId, OpenQuestion, RECORD_VERSION, SessionId,
    SessionItems, SessionRecord, SessionState, StoreError, StreamNo,
};
use eyot_types::Revision;

use crate::failure::corrupt;
use crate::operation::{flag, number, size, text};
use crate::values::Values;

/// The arguments that make a session: its end, its fields, its items.
pub(crate) fn created(record: &SessionRecord) -> Result<Vec<Bytes>, StoreError> {
    let mut fields = vec![
        ("v", number(RECORD_VERSION)),
        ("st", Bytes::from(record.state.encode()?)),
        ("rev", text(record.revision.as_str())),
        ("init", record.initialize.clone()),
        ("fence", number(record.fence.0)),
        ("next", number(StreamNo::STANDALONE.0 + 1)),
        ("born", number(record.created_ms)),
        ("exp", number(record.expires_ms)),
        ("fb", number(0_u32)),
    ];
    fields.extend(record.principal.as_deref().map(|it| ("prin", text(it))));
    fields.extend(record.owner.as_ref().map(|it| ("own", text(it.as_str()))));
    let mut args = vec![number(record.expires_ms), size(fields.len() * 2)];
    for (name, value) in fields {
        args.extend([Bytes::from_static(name.as_bytes()), value]);
    }
    let items = &record.state.items;
    let subscriptions = items.subscriptions().map(|it| ItemChange::Subscribe(it.into()));
    for change in subscriptions.chain(items.questions().iter().cloned().map(ItemChange::Ask)) {
        let (_, field, value) = item(&change);
        args.extend([field, value]);
    }
    Ok(args)
}

/// The arguments of a claim.
pub(crate) fn claimed(claimant: &Claimant, now_ms: u64) -> Vec<Bytes> {
    let Claimant { node, principal, seen } = claimant;
    let name = text(principal.as_deref().unwrap_or_default());
    let seen = seen.map_or_else(Bytes::new, |it| number(it.0));
    vec![number(now_ms), flag(principal.is_some()), name, text(node.as_str()), seen]
}

/// The arguments of a change of items.
pub(crate) fn changed(fence: Fence, changes: &[ItemChange]) -> Vec<Bytes> {
    let mut args = vec![number(fence.0)];
    for (sign, field, value) in changes.iter().map(item) {
        args.extend([Bytes::from_static(sign.as_bytes()), field, value]);
    }
    args
}

/// Whether the item is added, its field, and its value.
fn item(change: &ItemChange) -> (&'static str, Bytes, Bytes) {
    let field = |kind: &str, name: &str| Bytes::from(format!("{kind}{name}"));
    match change {
        ItemChange::Subscribe(uri) => ("+", field("s", uri), Bytes::new()),
        ItemChange::Unsubscribe(uri) => ("-", field("s", uri), Bytes::new()),
        ItemChange::Ask(OpenQuestion { id, call }) => {
            let call = call.as_ref().map(Id::as_raw).unwrap_or_default();
            ("+", field("q", id.as_raw()), text(call))
        }
        ItemChange::Settle(id) => ("-", field("q", id.as_raw()), Bytes::new()),
    }
}

/// Reads a session: its fields, then its items.
pub(crate) fn read(id: SessionId, values: &mut Values) -> Result<Claimed, StoreError> {
    let mut fields = values.list()?;
    let mut found = Fields::default();
    while !fields.is_empty() {
        let name = fields.text()?;
        found.take(&name, &mut fields)?;
    }
    let mut items = values.list()?;
    let mut changes = SessionItems::default();
    while !items.is_empty() {
        changes.apply(read_item(&items.text()?, &items.text()?).ok_or_else(damaged)?);
    }
    let Fields { state: Some(state), revision: Some(revision), fence: Some(fence), .. } = found
    else {
        return Err(damaged());
    };
    let mut state = SessionState::decode(found.version, &state)?;
    state.items = changes;
    let record = SessionRecord {
        id,
        principal: found.principal,
        revision: Revision::parse(&revision).ok_or_else(damaged)?,
        initialize: found.initialize,
        state,
        owner: found.owner,
        fence: Fence(fence),
        created_ms: found.created_ms,
        expires_ms: found.expires_ms,
    };
    Ok(Claimed { record, next_stream: StreamNo(found.next_stream) })
}

#[derive(Default)]
struct Fields {
    version: u32,
    state: Option<Bytes>,
    revision: Option<String>,
    initialize: Bytes,
    principal: Option<String>,
    owner: Option<NodeId>,
    fence: Option<u64>,
    next_stream: u32,
    created_ms: u64,
    expires_ms: u64,
}

impl Fields {
    fn take(&mut self, name: &str, values: &mut Values) -> Result<(), StoreError> {
        let short = |number: u64| u32::try_from(number).map_err(|_| damaged());
        match name {
            "v" => self.version = short(values.number()?)?,
            "st" => self.state = Some(values.bytes()?),
            "rev" => self.revision = Some(values.text()?),
            "init" => self.initialize = values.bytes()?,
            "prin" => self.principal = Some(values.text()?),
            "own" => self.owner = Some(NodeId::new(&values.text()?)),
            "fence" => self.fence = Some(values.number()?),
            "next" => self.next_stream = short(values.number()?)?,
            "born" => self.created_ms = values.number()?,
            "exp" => self.expires_ms = values.number()?,
            // Of later versions, or of the operations alone.
            _ => drop(values.bytes()?),
        }
        Ok(())
    }
}

fn read_item(field: &str, value: &str) -> Option<ItemChange> {
    if let Some(uri) = field.strip_prefix('s') {
        return Some(ItemChange::Subscribe(uri.into()));
    }
    let id = Id::parse(field.strip_prefix('q')?)?;
    let call = if value.is_empty() { None } else { Some(Id::parse(value)?) };
    Some(ItemChange::Ask(OpenQuestion { id, call }))
}

/// The error leaves out the id: a client that knows it can act for the session.
fn damaged() -> StoreError {
    corrupt("a session")
}
