//! Pages of a merged list.

use eyot_jsonrpc::{ErrorObject, Request, Response};
use eyot_stdx::SealKeys;
use eyot_types::{Era, JsonObject, PaginatedParams, codes};
use serde_json::{Value, json};

use crate::catalog::Missing;
use crate::listing::Listing;
use crate::view::{Hidden, View};

/// The answer to a request for a page.
///
/// # Errors
/// The cursor is none of ours.
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
    let is_whole = start == 0 && missing.is_empty();
    if is_whole && let Some(whole) = view.whole.get() {
        return Ok(whole.clone().with_client_id(request.id()));
    }
    let mut text = String::with_capacity(view.len_bytes().min(BYTES_MAX) + HEAD_BYTES);
    text.push_str(&format!("{{\"{}\":", listing.items()));
    let next = view.write(start, ITEMS_MAX, BYTES_MAX, &mut text);
    let is_last = next >= view.len();
    if !is_last && let Some(mark) = next.checked_sub(1).and_then(|it| view.mark(it)) {
        let cursor = keys.seal(bound(listing).as_bytes(), json!(mark).to_string().as_bytes());
        text.push_str(&format!(",\"nextCursor\":{}", Value::from(cursor)));
    }
    if era == Era::Modern {
        text.push_str(",\"resultType\":\"complete\",\"ttlMs\":0,\"cacheScope\":\"private\"");
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
        text.push_str(&format!(",\"_meta\":{}", Value::Object(metadata)));
    }
    text.push('}');
    let answer = Response::of_text(request.id(), &text);
    if is_whole && is_last && text.len() <= KEPT_BYTES_MAX {
        view.whole.get_or_init(|| answer.clone());
    }
    Ok(answer)
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
/// Bytes around the items of a page, mostly.
const HEAD_BYTES: usize = 256;
/// Bytes of an answer that is kept for the next client: a longer one is made anew.
const KEPT_BYTES_MAX: usize = 256 << 10;
/// Items of one page: more than most clients have tools, since some read the first page alone.
const ITEMS_MAX: usize = 5_000;
/// Bytes of one page.
const BYTES_MAX: usize = 4 << 20;
