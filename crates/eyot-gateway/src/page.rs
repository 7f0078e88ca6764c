//! Pages of a merged list.

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Request, Response};
use eyot_stdx::SealKeys;
use eyot_types::{Era, JsonObject, PaginatedParams, codes};
use serde_json::{Value, json};

use crate::catalog::Missing;
use crate::listing::Listing;
use crate::view::{Hidden, View};

/// The answer to a request for a page.
///
/// # Errors
/// The cursor is none of ours, or a server has an item of 4 GiB.
pub(crate) fn page(
    request: &Request,
    (listing, era): (Listing, Era),
    view: &View,
    missing: &[Missing],
    keys: &SealKeys,
) -> Result<Response, ErrorObject> {
    let params: PaginatedParams = match request.params() {
        Some(_) => request.decode_params().map_err(|it| codes::invalid_params(&it.to_string()))?,
        None => PaginatedParams::default(),
    };
    let start = match &params.cursor {
        None => 0,
        Some(cursor) => start_of(cursor, listing, view, keys)?,
    };
    let (runs, next) = view.runs(start, ITEMS_MAX, BYTES_MAX);
    let mut result = JsonObject::new();
    let is_last = next >= view.len();
    if !is_last && let Some(mark) = next.checked_sub(1).and_then(|it| view.mark(it)) {
        let cursor = keys.seal(bound(listing).as_bytes(), json!(mark).to_string().as_bytes());
        result.insert("nextCursor".to_owned(), cursor.into());
    }
    if era == Era::Modern {
        result.insert("resultType".to_owned(), "complete".into());
        result.insert("ttlMs".to_owned(), 0.into());
        result.insert("cacheScope".to_owned(), "private".into());
    }
    let mut metadata = JsonObject::new();
    if !missing.is_empty() {
        metadata.insert(PARTIAL.to_owned(), missing.iter().map(described).collect());
    }
    if !view.hidden.is_empty() {
        let named = |it: &Hidden| json!({ "uri": it.key, "server": it.server, "shown": it.shown });
        metadata.insert(HIDDEN.to_owned(), view.hidden.iter().map(named).collect());
    }
    if !metadata.is_empty() {
        result.insert("_meta".to_owned(), metadata.into());
    }
    let answer = request.answer(&result);
    answer
        .with_array(listing.items(), &runs)
        .ok_or_else(|| ErrorObject::new(INTERNAL_ERROR, "the list is too long for one message"))
}

fn described(missing: &Missing) -> Value {
    let Missing { member, reason, is_known } = missing;
    json!({ "server": member.name(), "reason": reason, "isKnown": is_known })
}

/// Where the page behind a cursor begins.
fn start_of(
    cursor: &str,
    listing: Listing,
    view: &View,
    keys: &SealKeys,
) -> Result<usize, ErrorObject> {
    let opened = keys.open(bound(listing).as_bytes(), cursor);
    let mark = opened.and_then(|it| serde_json::from_slice::<(String, String)>(&it).ok());
    let (slot, key) = mark.ok_or_else(|| codes::invalid_params("cursor is not known"))?;
    Ok(view.behind(&slot, &key))
}

/// What a cursor is sealed for.
fn bound(listing: Listing) -> String {
    format!("gateway/{}", listing.items())
}

/// Names the servers whose part of a list is missing, or is what they said before.
const PARTIAL: &str = "io.eyot/partial";
/// Names what servers list under an address that another one has already: clients see the first one's.
const HIDDEN: &str = "io.eyot/hidden";
/// Items of one page: more than most clients have tools, since some read the first page alone.
const ITEMS_MAX: usize = 5_000;
/// Bytes of one page.
const BYTES_MAX: usize = 4 << 20;
