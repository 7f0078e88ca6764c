//! One question to an upstream at a URL, and its answer as it comes.

use std::sync::Arc;

use eyot_era::detect;
use eyot_http::UpstreamBody;
use eyot_service::Fault;
use http::Response;

use crate::http_link::HttpLink;
use crate::http_modern::HttpModern;
use crate::upstream_ids::UpstreamIds;

/// Asks with `server/discover`, which opens nothing, and gives whatever is answered: for those who
/// want to see what there is at a URL. Redirects are followed as for any other request.
///
/// # Errors
///
/// A [`Fault`] when there is no answer, or one that refuses the authorization.
///
/// # Cancel safety
///
/// Dropping the future closes the connection.
pub async fn knock(link: &HttpLink) -> Result<Response<UpstreamBody>, Fault> {
    let limits = Arc::new(*link.client().limits());
    let question = detect::discover(&detect::proxy_meta());
    let question = question.with_upstream_id(UpstreamIds::default().next());
    HttpModern::new(link.clone(), &limits).post(&question, None).await
}
