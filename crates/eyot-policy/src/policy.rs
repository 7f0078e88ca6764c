//! What is wanted, as plain data.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::address::ForwardedHeader;

/// The HTTP policy of an endpoint. The default lets every request in.
///
/// Texts (networks, methods, names of headers) are read by [`compile`](Self::compile), which says all
/// that is wrong with them at once. The members stand in the order in which they are asked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "plain data that programs write")]
pub struct Policy {
    /// The networks of the proxies before this server, such as `10.0.0.0/8`, or `unix` for what comes
    /// by a Unix socket. Only they are believed when they say where a request has come from.
    pub trusted_proxies: Vec<String>,
    /// The header in which trusted proxies say it. Any other is ignored: a proxy that writes one of
    /// them passes on what clients write into the other.
    pub forwarded_header: ForwardedHeader,
    /// Whose networks may come in.
    pub networks: Networks,
    /// The methods of HTTP that may be used; `None`: all.
    pub methods: Option<Vec<String>>,
    /// The paths that may be asked for.
    pub paths: Paths,
    /// What single headers must be.
    pub headers: Vec<HeaderRule>,
    /// The pages that may use the endpoint from a browser. `None`: the endpoint alone decides that.
    pub cors: Option<Cors>,
    /// How often requests may come.
    pub rates: Vec<Rate>,
    /// How many requests may run at once.
    pub concurrency: Vec<Concurrency>,
    /// What browsers are told with every response.
    pub security_headers: SecurityHeaders,
}

/// Networks that may come in. A network is an address, `10.0.0.0/8` or `fd00::/8`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "plain data that programs write")]
pub struct Networks {
    /// Only these may come in; empty: all. A client without an address, at a Unix socket, is in none.
    pub allow: Vec<String>,
    /// These may not, even if they are allowed.
    pub deny: Vec<String>,
}

/// Paths that may be asked for. In a pattern `*` stands for any characters, slashes among them; it is
/// held against the path as it was sent, before anything in it is decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "plain data that programs write")]
pub struct Paths {
    /// Only these may be asked for; empty: all.
    pub allow: Vec<String>,
    /// These may not, even if they are allowed.
    pub deny: Vec<String>,
}

/// What one header of a request must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "plain data that programs write")]
pub struct HeaderRule {
    /// Its name, in any case.
    pub name: String,
    /// A request without it is refused.
    pub required: bool,
    /// A request with it is refused.
    pub forbidden: bool,
    /// Each of its values must be one of these, letter by letter. Empty: any.
    pub one_of: Vec<String>,
    /// Each of its values must match one of these, where `*` stands for any characters. Empty: any.
    pub matches: Vec<String>,
    /// How often it may be given; `None`: as often as all headers may.
    pub count_max: Option<usize>,
    /// Bytes of each value; `None`: as many as the head may have.
    pub bytes_max: Option<usize>,
}

/// The pages that may use the endpoint from a browser.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "plain data that programs write")]
pub struct Cors {
    /// Their origins, such as `https://app.example`. A request of any other origin is refused.
    pub origins: Vec<String>,
    /// Whether browsers may send cookies and other credentials of their own along.
    pub credentials: bool,
    /// Response headers that pages may read, besides those that MCP needs.
    pub expose: Vec<String>,
    /// How long a browser may remember what it was allowed.
    #[serde(deserialize_with = "time")]
    pub max_age: Duration,
}

impl Default for Cors {
    fn default() -> Self {
        let max_age = Duration::from_secs(600);
        Self { origins: Vec::new(), credentials: false, expose: Vec::new(), max_age }
    }
}

/// What requests are counted by. Those that are alike in all of a rule's facets share what it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "each facet is told apart by its users")]
pub enum By {
    /// The client's address; of IPv6 the first 64 bits, since a client has all that begin with them.
    Address,
    /// The name that the client has proved to the endpoint; clients without one are one.
    Principal,
    /// The header `Mcp-Session-Id`, which legacy requests have. Others are not counted.
    Session,
    /// The tool that the header `Mcp-Name` of a modern request names. Others are not counted.
    Tool,
}

/// How often requests may come.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "plain data that programs write")]
pub struct Rate {
    /// Its name, for logs and for clients that are refused.
    pub name: String,
    /// What requests are counted by. Empty: all together.
    pub by: Vec<By>,
    /// How many requests may come…
    pub requests: u32,
    /// …in this time.
    #[serde(deserialize_with = "time")]
    pub per: Duration,
    /// How many may come at once after a rest; `None`: as many as `requests`.
    #[serde(default)]
    pub burst: Option<u32>,
    /// Only calls of these tools are counted, where `*` stands for any characters. Empty: all requests.
    #[serde(default)]
    pub tools: Vec<String>,
    /// How many keys are told apart. What comes when there are so many shares one key more.
    #[serde(default = "keys_max")]
    pub keys_max: usize,
}

/// How many requests may run at once: until the last byte of their responses, streams included.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "plain data that programs write")]
pub struct Concurrency {
    /// Its name, for logs and for clients that are refused.
    pub name: String,
    /// What requests are counted by. Empty: all together.
    pub by: Vec<By>,
    /// How many may run.
    pub max: usize,
    /// Only calls of these tools are counted, where `*` stands for any characters. Empty: all requests.
    #[serde(default)]
    pub tools: Vec<String>,
    /// How many keys are told apart. What comes when there are so many shares one key more.
    #[serde(default = "keys_max")]
    pub keys_max: usize,
}

/// What browsers are told with every response. A header that the response has is never replaced.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "plain data that programs write")]
pub struct SecurityHeaders {
    /// Whether the usual ones are set: nothing is sniffed, framed, stored or referred to.
    pub usual: bool,
    /// For how long browsers must use TLS, told to those that have come by it. `None`: not told.
    #[serde(deserialize_with = "some_time")]
    pub hsts: Option<Duration>,
    /// More of them, by name; one of a usual name is set in its place.
    pub set: BTreeMap<String, String>,
}

impl Default for SecurityHeaders {
    fn default() -> Self {
        Self { usual: true, hsts: None, set: BTreeMap::new() }
    }
}

const fn keys_max() -> usize {
    KEYS_MAX
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    eyot_stdx::parse_duration(&text).ok_or_else(|| de::Error::custom(NO_TIME))
}

fn some_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    time(deserializer).map(Some)
}

const NO_TIME: &str = "expected a time such as `500ms`, `30s`, `5m`, `2h` or `7d`";
/// A key is 16 bytes and its place in a map.
const KEYS_MAX: usize = 10_000;
