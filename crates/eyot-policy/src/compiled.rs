//! A policy that can decide.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Instant;

use eyot_http::Network;
use http::{HeaderValue, Method, StatusCode, request};

use crate::address::{Client, Origin, TrustedProxies};
use crate::concurrency::{ConcurrencyRule, Permit};
use crate::cors::{CorsCheck, is_preflight};
use crate::facts::{Counted, Facts, Name};
use crate::glob::Glob;
use crate::header_rules::HeaderCheck;
use crate::rates::RateRule;
use crate::refusal::{Part, Refusal};
use crate::response_headers::ResponseHeaders;

/// A policy whose texts are read, with all that it has counted.
///
/// It is made by [`Policy::compile`](crate::Policy::compile).
#[derive(Debug)]
pub struct CompiledPolicy {
    pub(crate) proxies: TrustedProxies,
    pub(crate) networks: Lists<Network>,
    pub(crate) methods: Option<Methods>,
    pub(crate) paths: Lists<Glob>,
    pub(crate) headers: Vec<HeaderCheck>,
    pub(crate) cors: Option<CorsCheck>,
    pub(crate) rates: Vec<RateRule>,
    pub(crate) concurrency: Vec<ConcurrencyRule>,
    pub(crate) response_headers: ResponseHeaders,
}

/// What is allowed (empty: all), and what is not even then.
#[derive(Debug)]
pub(crate) struct Lists<T> {
    pub(crate) allow: Vec<T>,
    pub(crate) deny: Vec<T>,
}

/// The methods that are allowed, and what `Allow` says of them.
#[derive(Debug)]
pub(crate) struct Methods {
    pub(crate) list: Vec<Method>,
    pub(crate) allow: HeaderValue,
}

/// What becomes of a request.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum Verdict {
    /// It goes on.
    Passed(Passed),
    /// It ends here.
    Refused(Box<Refusal>),
}

/// What is known of a request that goes on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Passed {
    /// Who sends it.
    pub client: Client,
    /// Its places among those that run; dropping them frees the places.
    pub permits: Vec<Permit>,
    pub(crate) facts: Facts,
}

/// What one part says about a request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The part.
    pub part: Part,
    /// Why the request passes, or why it does not.
    pub outcome: Result<String, Box<Refusal>>,
}

type Checked = Result<(), Box<Refusal>>;

impl CompiledPolicy {
    /// Decides about a request by its head, in the order of [`Part::ALL`], and counts it.
    ///
    /// Rules by principal are asked later, with [`Ticket::identify`](crate::Ticket::identify).
    #[must_use]
    pub fn decide(&self, request: &request::Parts, origin: Origin, now: Instant) -> Verdict {
        match self.admit(request, origin, now) {
            Ok(passed) => Verdict::Passed(passed),
            Err(refusal) => Verdict::Refused(refusal),
        }
    }

    fn admit(
        &self,
        request: &request::Parts,
        origin: Origin,
        now: Instant,
    ) -> Result<Passed, Box<Refusal>> {
        let client = self.proxies.client(origin, &request.headers)?;
        self.admit_client(request, client, now).map_err(|mut refusal| {
            refusal.client = client.address;
            refusal
        })
    }

    fn admit_client(
        &self,
        request: &request::Parts,
        client: Client,
        now: Instant,
    ) -> Result<Passed, Box<Refusal>> {
        self.check_network(client.address)?;
        self.check_method(request)?;
        self.check_path(request.uri.path())?;
        self.check_headers(request)?;
        self.check_page(request)?;
        if self.rates.is_empty() && self.concurrency.is_empty() {
            return Ok(Passed { client, permits: Vec::new(), facts: Facts::default() });
        }
        let facts = Facts::of(client.address, request);
        let permits = self.count(&facts, Name::Unknown, now)?;
        Ok(Passed { client, permits, facts })
    }

    /// What each part says about a request, whatever the parts before it say. If it is not known where
    /// the request comes from, nothing else is asked.
    ///
    /// It counts the request as [`decide`](Self::decide) does.
    #[must_use]
    pub fn explain(&self, request: &request::Parts, origin: Origin, now: Instant) -> Vec<Finding> {
        let client = match self.proxies.client(origin, &request.headers) {
            Ok(client) => client,
            Err(refusal) => return vec![Finding { part: Part::Address, outcome: Err(refusal) }],
        };
        let facts = Facts::of(client.address, request);
        let found = |part| {
            let checked = match part {
                Part::Address => Ok(()),
                Part::Networks => self.check_network(client.address),
                Part::Methods => self.check_method(request),
                Part::Paths => self.check_path(request.uri.path()),
                Part::Headers => self.check_headers(request),
                Part::Cors => self.check_page(request),
                Part::Rates => self.check_rates(&facts, Name::Unknown, now),
                Part::Concurrency => self.begin(&facts, Name::Unknown).map(drop),
            };
            let outcome = checked.map(|()| self.why_passed(part, request, client));
            Finding { part, outcome }
        };
        Part::ALL.into_iter().map(found).collect()
    }

    /// Whether a rule counts by the name of the client.
    pub(crate) fn needs_names(&self) -> bool {
        self.counted().any(|(_, it)| it.needs_name())
    }

    /// Counts a request by the rules that need a name, or by those that need none.
    pub(crate) fn count(
        &self,
        facts: &Facts,
        name: Name<'_>,
        now: Instant,
    ) -> Result<Vec<Permit>, Box<Refusal>> {
        self.check_rates(facts, name, now)?;
        self.begin(facts, name)
    }

    fn check_rates(&self, facts: &Facts, name: Name<'_>, now: Instant) -> Checked {
        self.rates.iter().try_for_each(|it| it.take(facts, name, now))
    }

    fn begin(&self, facts: &Facts, name: Name<'_>) -> Result<Vec<Permit>, Box<Refusal>> {
        let begun = self.concurrency.iter().map(|it| it.begin(facts, name));
        begun.filter_map(Result::transpose).collect()
    }

    fn check_network(&self, address: Option<IpAddr>) -> Checked {
        let refused = |member: &str| {
            let rule = format!("networks.{member}");
            let why = "the network of the client is not allowed";
            Err(Refusal::of(Part::Networks, rule, StatusCode::FORBIDDEN, why))
        };
        let is_in = |it: &Network| address.is_some_and(|address| it.contains(address));
        match self.networks.refusing(is_in) {
            Some(member) => refused(member),
            None => Ok(()),
        }
    }

    fn check_method(&self, request: &request::Parts) -> Checked {
        let Some(methods) = &self.methods else { return Ok(()) };
        // A browser asks before it sends; whether it may is for the part after this.
        let is_question = self.cors.is_some() && is_preflight(request);
        if is_question || methods.list.contains(&request.method) {
            return Ok(());
        }
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let mut refusal =
            Refusal::of(Part::Methods, "methods", status, "the method of HTTP is not allowed");
        refusal.allow = Some(methods.allow.clone());
        Err(refusal)
    }

    fn check_path(&self, path: &str) -> Checked {
        let Some(member) = self.paths.refusing(|it| it.matches(path.as_bytes())) else {
            return Ok(());
        };
        // 404 would tell a legacy client that its session is gone.
        let (rule, status) = (format!("paths.{member}"), StatusCode::FORBIDDEN);
        Err(Refusal::of(Part::Paths, rule, status, "the path is not allowed"))
    }

    fn check_headers(&self, request: &request::Parts) -> Checked {
        // A browser writes the headers of its question itself.
        if self.cors.is_some() && is_preflight(request) {
            return Ok(());
        }
        self.headers.iter().try_for_each(|it| it.check(&request.headers))
    }

    fn check_page(&self, request: &request::Parts) -> Checked {
        self.cors.as_ref().map_or(Ok(()), |it| it.check(&request.headers))
    }

    fn counted(&self) -> impl Iterator<Item = (&str, &Counted)> {
        let rates = self.rates.iter().map(|it| (&*it.rate.name, &it.counted));
        rates.chain(self.concurrency.iter().map(|it| (&*it.concurrency.name, &it.counted)))
    }

    /// Why a part lets a request pass, in words.
    fn why_passed(&self, part: Part, request: &request::Parts, client: Client) -> String {
        let without_rule = |has_rule: bool, why: &str| match has_rule {
            true => why.to_owned(),
            false => "no rule".to_owned(),
        };
        match part {
            Part::Address => address_in_words(client),
            Part::Networks => without_rule(!self.networks.is_empty(), "the network is allowed"),
            Part::Methods => match &self.methods {
                Some(_) => format!("{} is allowed", request.method),
                None => "no rule".to_owned(),
            },
            Part::Paths => without_rule(!self.paths.is_empty(), "the path is allowed"),
            Part::Headers => {
                without_rule(!self.headers.is_empty(), "the headers are as they must be")
            }
            Part::Cors => match request.headers.contains_key(http::header::ORIGIN) {
                _ if self.cors.is_none() => "no rule".to_owned(),
                true => "the origin is allowed".to_owned(),
                false => "no page sends it".to_owned(),
            },
            Part::Rates => {
                let rules = self.rates.iter().map(|it| (&*it.rate.name, &it.counted));
                counted_in_words(rules, request, client)
            }
            Part::Concurrency => {
                let rules = self.concurrency.iter();
                let rules = rules.map(|it| (&*it.concurrency.name, &it.counted));
                counted_in_words(rules, request, client)
            }
        }
    }
}

impl<T> Lists<T> {
    fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }

    /// The list that refuses what some elements hold for.
    fn refusing(&self, holds: impl Fn(&T) -> bool) -> Option<&'static str> {
        if self.deny.iter().any(&holds) {
            return Some("deny");
        }
        let is_allowed = self.allow.is_empty() || self.allow.iter().any(&holds);
        (!is_allowed).then_some("allow")
    }
}

fn address_in_words(client: Client) -> String {
    let Some(address) = client.address else {
        return "the client has no address".to_owned();
    };
    match client.proxies {
        0 => format!("the client is {address}, at the other end of the connection"),
        1 => format!("the client is {address}, as a trusted proxy says"),
        count => format!("the client is {address}, as {count} trusted proxies say"),
    }
}

/// Which rules count a request, and which wait for the name of its client.
fn counted_in_words<'p>(
    rules: impl Iterator<Item = (&'p str, &'p Counted)>,
    request: &request::Parts,
    client: Client,
) -> String {
    let facts = Facts::of(client.address, request);
    let (mut counted, mut later, mut others) = (Vec::new(), Vec::new(), 0);
    for (name, rule) in rules {
        match (rule.key(&facts, Name::Unknown), rule.key(&facts, Name::Known(None))) {
            (Some(_), _) => counted.push(name),
            (None, Some(_)) => later.push(name),
            (None, None) => others += 1,
        }
    }
    let mut words = match counted.is_empty() {
        false => format!("counted by {}", counted.join(", ")),
        true if others == 0 && later.is_empty() => return "no rule".to_owned(),
        true => "not counted".to_owned(),
    };
    if !later.is_empty() {
        // Writing to a text does not fail.
        let _written = write!(words, "; {} as soon as its name is known", later.join(", "));
    }
    words
}

#[cfg(test)]
mod tests;
