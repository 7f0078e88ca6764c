//! An upstream of the modern era, whatever carries it.

use std::sync::Arc;

use eyot_jsonrpc::{Message, Response};
use eyot_service::{Fault, Limits, Reply};
use eyot_types::{Era, headers};
use http::{HeaderMap, StatusCode};

use crate::driver;
use crate::http_link::HttpLink;
use crate::http_modern::HttpModern;
use crate::line_connection::LineConnection;
use crate::target::{Runtime, Target};

/// A connection that any number of clients share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ModernConnection(Link);

#[derive(Clone, Debug)]
enum Link {
    Lines(Box<LineConnection>),
    Http(Box<HttpModern>),
}

/// What a client mirrored from parameters into headers (`Mcp-Param-*`), to be passed on.
#[derive(Clone, Debug, Default)]
pub struct ForwardedHeaders(HeaderMap);

impl ForwardedHeaders {
    /// Picks the headers that are passed on; credentials and everything else stay behind.
    #[must_use]
    pub fn pick(headers: &HeaderMap) -> Self {
        let is_parameter = |name: &str| name.starts_with(headers::PARAM_PREFIX);
        let picked = headers.iter().filter(|(name, _)| is_parameter(name.as_str()));
        Self(picked.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// These headers, whatever they are.
    pub fn new(headers: HeaderMap) -> Self {
        Self(headers)
    }
}

impl ModernConnection {
    /// Connects: starts a child, or makes ready to ask a URL.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when the child cannot be started.
    pub fn open(target: &Target, runtime: &Runtime) -> Result<Self, Fault> {
        Ok(Self(match target {
            Target::Command(_) | Target::InProcess(_) => {
                Link::Lines(Box::new(driver::open_lines(target, Era::Modern, runtime)?))
            }
            Target::Url(client) => {
                return Ok(Self::over_http(HttpLink::bare(client), &runtime.limits));
            }
        }))
    }

    /// Requests to a URL.
    pub fn over_http(link: HttpLink, limits: &Arc<Limits>) -> Self {
        Self(Link::Http(Box::new(HttpModern::new(link, limits))))
    }

    /// Requests over a link of lines, which somebody else drives.
    pub fn over_lines(connection: LineConnection) -> Self {
        Self(Link::Lines(Box::new(connection)))
    }

    /// Sends a request; dropping the reply cancels it.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when there is no answer; an answer that is an error is none.
    ///
    /// # Cancel safety
    ///
    /// The upstream is told that nobody waits any more.
    pub async fn request(
        &self,
        request: Message,
        forwarded: &ForwardedHeaders,
    ) -> Result<Reply, Fault> {
        match &self.0 {
            Link::Lines(connection) => connection.request(request).await.map(Reply::Stream),
            Link::Http(upstream) => upstream.request(request, &forwarded.0).await,
        }
    }

    /// Asks with a request that gets one answer, and tells the HTTP status that came with it.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when there is no answer.
    ///
    /// # Cancel safety
    ///
    /// The upstream is told that nobody waits any more.
    pub async fn ask(&self, request: Message) -> Result<(StatusCode, Response), Fault> {
        match &self.0 {
            Link::Lines(connection) => {
                let answer = Reply::Stream(connection.request(request).await?).answer(drop).await?;
                Ok((StatusCode::OK, answer))
            }
            Link::Http(upstream) => upstream.ask(request).await,
        }
    }

    /// Sends a notification.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when it was not taken.
    ///
    /// # Cancel safety
    ///
    /// The message may have been sent.
    pub async fn send(&self, message: Message, forwarded: &ForwardedHeaders) -> Result<(), Fault> {
        match &self.0 {
            Link::Lines(connection) => connection.send(message).await,
            Link::Http(upstream) => upstream.send(message, &forwarded.0).await,
        }
    }

    /// Why the link of lines has ended.
    pub fn end_reason(&self) -> String {
        match &self.0 {
            Link::Lines(connection) => connection.end_reason(),
            Link::Http(_) => "upstream has ended".to_owned(),
        }
    }

    /// Whether it can still be used.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match &self.0 {
            Link::Lines(connection) => connection.is_open(),
            Link::Http(_) => true,
        }
    }
}
