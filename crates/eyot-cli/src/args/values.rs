//! What flags of several commands take.

use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use eyot::http::HttpClient;
use eyot::store::{InvalidStoreUrl, StoreUrl};
use eyot::{EraMode, Eras, Limits};

use crate::secrets;

/// The era to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpokenEra {
    /// The era of the server.
    #[default]
    Auto,
    /// With a session: revisions up to 2025-11-25.
    Legacy,
    /// Without a session: revisions from 2026-07-28 on.
    Modern,
}

impl From<SpokenEra> for EraMode {
    fn from(era: SpokenEra) -> Self {
        match era {
            SpokenEra::Auto => Self::Auto,
            SpokenEra::Legacy => Self::Legacy,
            SpokenEra::Modern => Self::Modern,
        }
    }
}

/// The clients that a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServedEras {
    /// Clients of both eras.
    Both,
    /// Clients with sessions, up to 2025-11-25.
    Legacy,
    /// Clients without sessions, from 2026-07-28 on.
    Modern,
}

impl From<ServedEras> for Eras {
    fn from(eras: ServedEras) -> Self {
        match eras {
            ServedEras::Both => Self::Both,
            ServedEras::Legacy => Self::Legacy,
            ServedEras::Modern => Self::Modern,
        }
    }
}

/// A header of HTTP requests.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((name, value)) if !name.trim().is_empty() => {
                let value = variable_or_text(value.trim())?;
                Ok(Self { name: name.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err("expected NAME:VALUE or NAME:env:VAR".to_owned()),
        }
    }
}

/// The debug output has no value: it may be a secret.
impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Header").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The value of the variable that `env:VAR` names, or the text itself.
pub(super) fn variable_or_text(text: &str) -> Result<String, String> {
    let is_name = |it: &&str| it.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
    match text.strip_prefix("env:").filter(is_name) {
        Some(name) => std::env::var(name).map_err(|_| format!("variable {name} is not set")),
        None => Ok(text.to_owned()),
    }
}

/// The place of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenSource(pub(crate) String);

impl FromStr for TokenSource {
    type Err = String;

    /// Other users of the machine can read the flags of a program.
    fn from_str(text: &str) -> Result<Self, String> {
        match secrets::is_literal(text) {
            true => Err("expected @FILE or env:VAR".to_owned()),
            false => Ok(Self(text.to_owned())),
        }
    }
}

/// Reads the URL of a process, which has no path: requests bring their own.
pub(crate) fn parse_origin(text: &str) -> Result<String, String> {
    let client = HttpClient::new(text, Limits::default()).map_err(|it| it.to_string())?;
    match client.path() {
        "/" => Ok(text.to_owned()),
        _ => Err("expected a URL without a path, as http://10.0.0.5:8080".to_owned()),
    }
}

/// Reads the name of a store: as it is, or out of a file or a variable, because other users of the machine
/// can read the flags of a program.
pub(crate) fn parse_store(text: &str) -> Result<StoreUrl, String> {
    if secrets::is_literal(text) && text.contains("://") && text.contains('@') {
        return Err("a password is not for a flag: put the URL into @FILE or env:VAR".to_owned());
    }
    let url = secrets::read(text).map_err(|it| format!("{it:#}"))?;
    url.expose().parse().map_err(|it: InvalidStoreUrl| it.to_string())
}

/// A variable for the child.
#[derive(Clone)]
pub(crate) struct EnvVar {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

impl FromStr for EnvVar {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name.is_empty() {
            return Err("expected NAME or NAME=VALUE".to_owned());
        }
        Ok(Self { name: name.to_owned(), value })
    }
}

/// The debug output has no value: it may be a secret.
impl std::fmt::Debug for EnvVar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnvVar").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A time such as `500ms`, `30s`, `5m`, `2h` or `7d`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    let form = "expected a number above zero with ms, s, m, h or d, such as `30s`";
    eyot_stdx::parse_duration(text).ok_or(form)
}
