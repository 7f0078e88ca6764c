//! An answer that is a status without a JSON-RPC message.

use eyot_service::{Fault, OperatorText};
use eyot_types::codes::{self, Outcome};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};

/// A status, and what its answer shows of a mistake in the set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BareStatus {
    pub(crate) status: StatusCode,
    hint: Option<Box<str>>,
    /// Where a redirect leads: no client should learn of it.
    location: Option<OperatorText>,
    /// What the body says, if it is text that was read: to be judged, not to be told.
    pub(crate) words: Box<str>,
}

impl BareStatus {
    /// The status of an answer with this head.
    pub(crate) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let mut leads_to = None;
        let hint = if status.is_redirection() {
            leads_to = location(headers).map(|it| OperatorText::new(format!("Location {it}")));
            leads_to.is_some().then(|| ", which is not followed".to_owned())
        } else if status.is_success() && status != StatusCode::ACCEPTED {
            let media_type = media_type(headers);
            Some(format!(" and {media_type} in the place of a message; {IS_ENDPOINT}"))
        } else if matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
            Some(format!("; {IS_ENDPOINT}"))
        } else {
            None
        };
        let hint = hint.map(Into::into);
        Self { status, hint, location: leads_to, words: Box::default() }
    }

    /// A status of which nothing else is known.
    pub(crate) fn bare(status: StatusCode) -> Self {
        Self { status, hint: None, location: None, words: Box::default() }
    }

    /// The fault for a request that was answered so.
    pub(crate) fn fault(&self) -> Fault {
        let Self { status, hint, location, .. } = self;
        if let Some(location) = location {
            let location = location.reveal_to_operator();
            tracing::warn!(%status, location, "upstream redirects to another place");
        }
        let hint = hint.as_deref().unwrap_or_default();
        let reason = format!("upstream answered with HTTP status {status}{hint}");
        // The upstream says that it did not take the request, or that it failed in it.
        let is_not_taken = status.is_client_error() || status.is_redirection();
        let outcome = if is_not_taken { Outcome::NotSent } else { Outcome::Unknown };
        let error = codes::upstream_lost(&reason, outcome, status.is_server_error());
        let fault = if eyot_era::detect::is_legacy_refusal(status.as_u16()) {
            Fault::refused(error)
        } else {
            Fault::upstream(error)
        };
        fault.with_operator_text(location.clone()).told()
    }
}

/// Where a redirect leads, without what may be secret in it.
fn location(headers: &HeaderMap) -> Option<String> {
    let location = headers.get(LOCATION)?.to_str().ok()?;
    let shown = location.split(['?', '#']).next().unwrap_or_default();
    let shown = match shown.split_once("//") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}//{host}{path}")
        }
        None => shown.to_owned(),
    };
    Some(shown.chars().take(SHOWN_MAX).collect())
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let value: Option<String> = value.map(|it| it.chars().take(SHOWN_MAX).collect());
    value.map_or_else(|| "no media type".to_owned(), |it| format!("media type {it:?}"))
}

const IS_ENDPOINT: &str = "is its URL that of an MCP endpoint?";
/// Characters of a header that an error repeats.
const SHOWN_MAX: usize = 200;

#[cfg(test)]
mod tests;
