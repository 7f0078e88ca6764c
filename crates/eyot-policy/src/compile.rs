//! Reads the texts of a policy, and says all that is wrong with them.

use std::collections::HashSet;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use eyot_http::Network;
use eyot_metrics::watch_limit;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderValue, Method, Uri};

use crate::address::TrustedProxies;
use crate::compiled::{CompiledPolicy, Lists, Methods};
use crate::concurrency::ConcurrencyRule;
use crate::cors::CorsCheck;
use crate::facts::Counted;
use crate::glob::Glob;
use crate::header_rules::HeaderCheck;
use crate::policy::{By, Concurrency, Cors, HeaderRule, Policy, Rate, SecurityHeaders};
use crate::problems::{PolicyProblem, PolicyProblems};
use crate::rates::RateRule;
use crate::response_headers::{ResponseHeaders, USUAL};
use eyot_stdx::{Pace, PacedKeys, RunningKeys};

impl Policy {
    /// Reads all texts.
    ///
    /// # Errors
    ///
    /// All that is wrong with them.
    pub fn compile(&self) -> Result<CompiledPolicy, PolicyProblems> {
        self.compile_with(None)
    }

    /// As [`compile`](Self::compile), for a policy that takes the place of `before`: rules that are as
    /// they were go on with what they have counted.
    ///
    /// # Errors
    ///
    /// All that is wrong with the texts.
    pub fn compile_after(&self, before: &CompiledPolicy) -> Result<CompiledPolicy, PolicyProblems> {
        self.compile_with(Some(before))
    }

    fn compile_with(
        &self,
        before: Option<&CompiledPolicy>,
    ) -> Result<CompiledPolicy, PolicyProblems> {
        let mut reader = Reader::default();
        let compiled = CompiledPolicy {
            proxies: self.proxies(&mut reader),
            networks: Lists {
                allow: reader.networks("networks.allow", &self.networks.allow),
                deny: reader.networks("networks.deny", &self.networks.deny),
            },
            methods: self.methods.as_ref().and_then(|it| reader.methods(it)),
            paths: Lists {
                allow: reader.paths("paths.allow", &self.paths.allow),
                deny: reader.paths("paths.deny", &self.paths.deny),
            },
            headers: each("headers", &self.headers, |at, it| reader.header_rule(at, it)),
            cors: self.cors.as_ref().map(|it| reader.cors(it)),
            rates: {
                let mut names = HashSet::new();
                each("rates", &self.rates, |at, it| {
                    reader.name(at, &it.name, &mut names);
                    reader.rate(at, it, before)
                })
            },
            concurrency: {
                let mut names = HashSet::new();
                each("concurrency", &self.concurrency, |at, it| {
                    reader.name(at, &it.name, &mut names);
                    reader.concurrency(at, it, before)
                })
            },
            response_headers: reader.response_headers(&self.security_headers),
        };
        PolicyProblems::some(reader.problems)?;
        Ok(compiled)
    }

    fn proxies(&self, reader: &mut Reader) -> TrustedProxies {
        let is_sockets = |it: &&String| it.as_str() == "unix";
        let networks = self.trusted_proxies.iter().enumerate().filter(|it| !is_sockets(&it.1));
        let networks = networks.filter_map(|(number, text)| {
            reader.network(&format!("trusted_proxies[{number}]"), text)
        });
        TrustedProxies {
            networks: networks.collect(),
            has_sockets: self.trusted_proxies.iter().any(|it| is_sockets(&it)),
            header: self.forwarded_header,
        }
    }
}

/// Collects what is wrong on the way.
#[derive(Debug, Default)]
struct Reader {
    problems: Vec<PolicyProblem>,
}

/// Reads the elements of a list, each with the member that it is.
fn each<'t, T, R>(
    list: &str,
    of: &'t [T],
    mut read: impl FnMut(&str, &'t T) -> Option<R>,
) -> Vec<R> {
    let numbered = of.iter().enumerate();
    numbered.filter_map(|(number, it)| read(&format!("{list}[{number}]"), it)).collect()
}

impl Reader {
    fn problem(&mut self, member: impl Into<String>, message: impl Into<String>) {
        self.problems.push(PolicyProblem { member: member.into(), message: message.into() });
    }

    fn read<T>(&mut self, member: &str, read: Result<T, impl Display>) -> Option<T> {
        read.map_err(|error| self.problem(member, error.to_string())).ok()
    }

    fn check(&mut self, member: String, is_right: bool, message: &str) {
        if !is_right {
            self.problem(member, message);
        }
    }

    fn network(&mut self, member: &str, text: &str) -> Option<Network> {
        if text.to_ascii_lowercase().starts_with("::ffff:") {
            // Addresses are compared in their plain form.
            self.problem(member, "write it as an IPv4 network, such as `10.0.0.0/8`");
            return None;
        }
        self.read(member, text.parse())
    }

    fn networks(&mut self, member: &str, texts: &[String]) -> Vec<Network> {
        each(member, texts, |at, text| self.network(at, text))
    }

    fn paths(&mut self, member: &str, texts: &[String]) -> Vec<Glob> {
        each(member, texts, |at, text| {
            let is_path = text.starts_with(['/', '*']);
            self.check(at.to_owned(), is_path, "a path begins with `/`");
            Some(Glob::new(text))
        })
    }

    fn methods(&mut self, texts: &[String]) -> Option<Methods> {
        if texts.is_empty() {
            let message = "no method would be allowed: name some, or leave the member out";
            self.problem("methods", message);
            return None;
        }
        let list = each("methods", texts, |at, text| {
            let is_upper = text.bytes().all(|it| it.is_ascii_uppercase());
            self.check(at.to_owned(), is_upper, "methods are written in capitals, such as `POST`");
            self.read(at, Method::from_bytes(text.as_bytes()))
        });
        let allow = self.read("methods", HeaderValue::try_from(texts.join(", ")))?;
        Some(Methods { list, allow })
    }

    fn header_rule(&mut self, at: &str, rule: &HeaderRule) -> Option<HeaderCheck> {
        let HeaderRule { one_of, matches, count_max, bytes_max, .. } = rule;
        let has_values = !one_of.is_empty() || !matches.is_empty();
        let has_bounds = count_max.is_some() || bytes_max.is_some();
        if rule.forbidden {
            let is_alone = !rule.required && !has_values && !has_bounds;
            let message = "a forbidden header has no value: leave the other members out";
            self.check(format!("{at}.forbidden"), is_alone, message);
        } else {
            let says_something = rule.required || has_values || has_bounds;
            self.check(at.to_owned(), says_something, "the rule says nothing about the header");
        }
        self.check(format!("{at}.count_max"), *count_max != Some(0), FORBID_INSTEAD);
        let name = self.header_name(&format!("{at}.name"), &rule.name)?;
        let matches = matches.iter().map(|it| Glob::new(it)).collect();
        Some(HeaderCheck { name, matches, rule: rule.clone() })
    }

    fn header_name(&mut self, member: &str, text: &str) -> Option<HeaderName> {
        let name = HeaderName::from_bytes(text.as_bytes());
        self.read(member, name.map_err(|_| format!("`{text}` is no name of a header")))
    }

    fn cors(&mut self, cors: &Cors) -> CorsCheck {
        let some = "name the origins of the pages, such as `https://app.example`";
        self.check("cors.origins".to_owned(), !cors.origins.is_empty(), some);
        let origins = each("cors.origins", &cors.origins, |at, text| {
            let origin = text.trim_end_matches('/').to_ascii_lowercase();
            if !is_origin(&origin) {
                self.problem(at, "expected `https://HOST`, or with a port");
                return None;
            }
            self.read(at, HeaderValue::try_from(origin))
        });
        let expose = each("cors.expose", &cors.expose, |at, text| self.header_name(at, text));
        CorsCheck::new(origins, expose, cors)
    }

    fn name<'n>(&mut self, at: &str, name: &'n str, names: &mut HashSet<&'n str>) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_plain);
        let message = "expected up to 64 letters, digits, `-`, `_` and `.`";
        self.check(format!("{at}.name"), is_name, message);
        let is_new = names.insert(name);
        self.check(format!("{at}.name"), is_new, "another rule has this name: clients are told it");
    }

    fn counted(&mut self, at: &str, (by, tools): (&[By], &[String]), keys_max: usize) -> Counted {
        let message = "expected 1 to 1000000";
        self.check(format!("{at}.keys_max"), (1..=KEYS_MAX).contains(&keys_max), message);
        let is_once = by.iter().collect::<HashSet<_>>().len() == by.len();
        self.check(format!("{at}.by"), is_once, "one of them is given twice");
        Counted { by: by.to_vec(), tools: tools.iter().map(|it| Glob::new(it)).collect() }
    }

    fn rate(&mut self, at: &str, rate: &Rate, before: Option<&CompiledPolicy>) -> Option<RateRule> {
        let counted = self.counted(at, (&rate.by, &rate.tools), rate.keys_max);
        self.check(format!("{at}.per"), rate.per <= PER_MAX, "expected at most `30d`");
        let burst = rate.burst.unwrap_or(rate.requests);
        self.check(format!("{at}.burst"), rate.burst != Some(0), "expected 1 or more");
        let interval = rate.per.checked_div(rate.requests).filter(|it| !it.is_zero());
        let Some(interval) = interval else {
            self.problem(
                format!("{at}.requests"),
                "expected 1 or more, and at most one in a nanosecond",
            );
            return None;
        };
        let pace = Pace { interval, tolerance: interval.saturating_mul(burst.saturating_sub(1)) };
        let known = before.and_then(|it| it.rates.iter().find(|it| it.rate == *rate));
        let keys = known.map(|it| Arc::clone(&it.keys));
        let keys = keys.unwrap_or_else(|| {
            let keys = Arc::new(PacedKeys::new(pace, rate.keys_max));
            let watched = Arc::downgrade(&keys);
            let used = move || watched.upgrade().map(|it| it.len());
            watch_limit("policy.rates.keys_max", rate.keys_max, used);
            keys
        });
        Some(RateRule { rate: rate.clone(), counted, keys })
    }

    fn concurrency(
        &mut self,
        at: &str,
        concurrency: &Concurrency,
        before: Option<&CompiledPolicy>,
    ) -> Option<ConcurrencyRule> {
        let Concurrency { name, by, max, tools, keys_max } = concurrency;
        let counted = self.counted(at, (by, tools), *keys_max);
        self.check(format!("{at}.max"), *max > 0, "expected 1 or more");
        let counts_alike = |it: &Concurrency| {
            (&it.name, &it.by, &it.tools, it.keys_max) == (name, by, tools, *keys_max)
        };
        let known =
            before.and_then(|it| it.concurrency.iter().find(|it| counts_alike(&it.concurrency)));
        let keys = known.map(|it| Arc::clone(&it.keys));
        let keys = keys.unwrap_or_else(|| {
            let keys = Arc::new(RunningKeys::new(*keys_max));
            let watched = Arc::downgrade(&keys);
            let used = move || watched.upgrade().map(|it| it.len());
            watch_limit("policy.concurrency.keys_max", *keys_max, used);
            keys
        });
        Some(ConcurrencyRule { concurrency: concurrency.clone(), counted, keys })
    }

    fn response_headers(&mut self, wanted: &SecurityHeaders) -> ResponseHeaders {
        let mut always = Vec::new();
        for (text, value) in &wanted.set {
            let at = format!("security_headers.set.{text}");
            let name = self.header_name(&at, text);
            let value = self.read(&at, HeaderValue::try_from(value));
            let Some((name, value)) = name.zip(value) else { continue };
            let is_free = !FRAMING.contains(&name);
            self.check(at, is_free, "this header belongs to the answer itself");
            always.push((name, value));
        }
        for (name, value) in USUAL.into_iter().filter(|_| wanted.usual) {
            if always.iter().all(|it| it.0 != name) {
                always.push((name, HeaderValue::from_static(value)));
            }
        }
        let max_age = wanted.hsts.map(|it| format!("max-age={}", it.as_secs()));
        let by_tls = max_age.and_then(|it| self.read("security_headers.hsts", it.try_into()));
        ResponseHeaders { always, by_tls }
    }
}

/// A scheme and a host, and nothing else.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let has_plain_host =
        uri.host().is_some_and(|it| !it.is_empty() && !it.contains('*')) && !text.contains('@');
    let rest = text.split_once("://").map_or("", |it| it.1);
    is_web && has_plain_host && !rest.contains(['/', '?', '#'])
}

/// Headers that say how an answer is to be read.
const FRAMING: [HeaderName; 5] =
    [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE, CONTENT_TYPE];
const FORBID_INSTEAD: &str = "a header that may not be given is `forbidden: true`";
const NAME_BYTES_MAX: usize = 64;
const KEYS_MAX: usize = 1_000_000;
const PER_MAX: Duration = Duration::from_secs(30 * 86_400);

#[cfg(test)]
mod tests;
