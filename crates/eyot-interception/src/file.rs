//! A file of settings, read again when it, or a file that it names, changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eyot_config::{Document, Problem};
use eyot_files::Stamp;
use eyot_proxy::ProxyConfig;
use eyot_upstream::Runtime;
use tokio::sync::Notify;

use crate::interception::{Interception, InterceptionDriver};
use crate::settings::Settings;
use crate::steps::SettingsProblem;

/// All that is wrong with a file of settings, one line each, with places.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct FileProblems(String);

/// The plans of a proxy, and the file that they come from.
#[derive(Debug)]
pub struct InterceptorFile {
    path: PathBuf,
    plans: Interception,
}

impl InterceptorFile {
    /// Reads the file that a flag names, and puts its plans into the proxy; `None`: it names none. The
    /// driver is to run as long as the proxy does.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, and where; or the server of interceptors that cannot be used.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was opened.
    pub async fn open(
        path: Option<&PathBuf>,
        config: &mut ProxyConfig,
    ) -> Result<Option<(Self, InterceptionDriver)>, FileProblems> {
        let Some(path) = path else { return Ok(None) };
        let endpoint = &config.endpoint;
        let over = endpoint.shutdown.finished().clone();
        let runtime = Runtime::new(endpoint.tasks.clone(), over, Arc::new(endpoint.limits));
        let (file, driver) = Self::start(path, &runtime).await?;
        file.plans.apply(config);
        Ok(Some((file, driver)))
    }

    /// Reads a file, and connects to the servers of interceptors that it names.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was opened.
    pub async fn start(
        path: &Path,
        runtime: &Runtime,
    ) -> Result<(Self, InterceptionDriver), FileProblems> {
        let (document, settings) = read(path)?;
        let started = Interception::start(settings, &read_named, runtime).await;
        let (plans, driver) = started.map_err(|it| placed(&document, &it))?;
        Ok((Self { path: path.to_owned(), plans }, driver))
    }

    /// The plans that came of it.
    #[must_use]
    pub const fn plans(&self) -> &Interception {
        &self.plans
    }

    /// Reads the file again whenever it, or one that it names, has changed. Never ready.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops looking.
    async fn keep_fresh(&self, hangup: &Notify, servers: &impl Fn() -> Option<Vec<String>>) {
        let (mut known, mut servers_known) = (self.stamps(), servers());
        loop {
            tokio::select! {
                () = hangup.notified() => {}
                () = tokio::time::sleep(LOOK_INTERVAL) => {
                    let servers_now = servers();
                    if servers_now != servers_known {
                        servers_known = servers_now;
                        self.warn_of_servers(servers_known.as_deref());
                    }
                    let now = self.stamps();
                    if now == std::mem::replace(&mut known, now.clone()) {
                        continue;
                    }
                }
            }
            self.reload(servers().as_deref()).await;
        }
    }

    /// Reads the file again. If it cannot be used, what it was holds on.
    async fn reload(&self, servers: Option<&[String]>) {
        let replaced = async {
            let (document, settings) = read(&self.path)?;
            let replaced = self.plans.replace(&settings, &read_named, servers).await;
            replaced.map_err(|it| placed(&document, &it))
        };
        let path = self.path.display();
        match replaced.await {
            Ok(()) => tracing::info!(%path, "interceptors are read again"),
            Err(error) => {
                tracing::error!(%error, "the new interceptors cannot be used; the old ones hold on");
            }
        }
    }

    /// Holds the servers that rules choose against those of the gateway that the proxy is; `None`: it is none.
    ///
    /// # Errors
    ///
    /// Each that is not there, with its place.
    pub fn check_servers(&self, servers: Option<&[String]>) -> Result<(), FileProblems> {
        let Some(servers) = servers else { return Ok(()) };
        self.plans.check_servers(servers).map_err(|it| FileProblems(lines(&it)))
    }

    /// Tells that servers have gone which rules choose: calls that are sent there have an error.
    fn warn_of_servers(&self, servers: Option<&[String]>) {
        if let Err(error) = self.check_servers(servers) {
            tracing::warn!(%error, "rules choose servers that are not there any more");
        }
    }

    /// How the file and those that it names are now.
    fn stamps(&self) -> Vec<Stamp> {
        let named = read(&self.path).map(|(_, settings)| settings.files()).unwrap_or_default();
        std::iter::once(&self.path).chain(&named).map(|it| Stamp::of(it)).collect()
    }
}

/// Keeps the plans up to date, if there are any, and reads the file at once when `hangup` is notified.
/// `servers` tells the names of those that rules can choose now; `None`: of none. Never ready.
///
/// # Cancel safety
///
/// Dropping the future stops this.
pub async fn follow(
    intercepting: Option<(InterceptorFile, InterceptionDriver)>,
    hangup: &Notify,
    servers: impl Fn() -> Option<Vec<String>>,
) {
    if let Some((file, driver)) = intercepting {
        tokio::join!(driver.run(), file.keep_fresh(hangup, &servers));
    }
    std::future::pending().await
}

fn read(path: &Path) -> Result<(Document, Settings), FileProblems> {
    let text = read_bytes(path).map_err(FileProblems)?;
    let document = Document::read(&path.display().to_string(), &text).map_err(|it| refuse(&it))?;
    let document = document.section("interceptors");
    let settings = document.decode().map_err(|it| refuse(&[it]))?;
    Ok((document, settings))
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let read = eyot_files::read(path, BYTES_MAX);
    read.map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Reads a file that the settings name: from the folder that the program runs in.
fn read_named(path: &Path) -> Result<String, String> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|_| format!("{} is not in UTF-8", path.display()))
}

fn placed(document: &Document, problems: &[SettingsProblem]) -> FileProblems {
    let line = |it: &SettingsProblem| match &it.member {
        Some(member) => document.problem(member, &it.message).to_string(),
        None => it.message.clone(),
    };
    FileProblems(problems.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// Problems that have their places.
fn lines(problems: &[SettingsProblem]) -> String {
    problems.iter().map(|it| it.message.as_str()).collect::<Vec<_>>().join("\n")
}

fn refuse(problems: &[Problem]) -> FileProblems {
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    FileProblems(lines.join("\n"))
}

/// Bytes of a file; longer ones are refused by their readers.
const BYTES_MAX: u64 = (16 << 20) + 1;

/// A file that is being written is read again when it is whole.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
