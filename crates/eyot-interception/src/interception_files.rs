//! The plans of a proxy, made anew when the files change that they come from.

use std::path::PathBuf;
use std::sync::Arc;

use eyot_proxy::ProxyConfig;
use eyot_upstream::Runtime;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::fresh::{Reread, keep_fresh};
use crate::interception::{Interception, InterceptionDriver};
use crate::problems::FileProblems;
use crate::settings_files::{SettingsFiles, read_named};

/// The plans of a proxy, and the files that they come from. Without files they are what the program does
/// by default: hidden characters are reported.
#[derive(Debug)]
pub struct InterceptionFiles {
    files: SettingsFiles,
    /// What the settings name that were read last.
    named: Mutex<Vec<PathBuf>>,
    /// Those that rules can choose; `None`: they can choose none.
    servers: Mutex<Option<Vec<String>>>,
    plans: Interception,
}

impl InterceptionFiles {
    /// Reads files, and puts the plans for all servers, and for the only one, into a proxy. The driver is
    /// to run as long as the proxy does.
    ///
    /// # Errors
    ///
    /// All that is wrong with them, and where; or the server of interceptors that cannot be used.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was opened.
    pub async fn open(
        files: SettingsFiles,
        config: &mut ProxyConfig,
    ) -> Result<(Self, InterceptionDriver), FileProblems> {
        let endpoint = &config.endpoint;
        let over = endpoint.shutdown.finished().clone();
        let runtime = Runtime::new(endpoint.tasks.clone(), over, Arc::new(endpoint.limits));
        let (files, driver) = Self::start(files, &runtime).await?;
        files.plans.apply(config);
        Ok((files, driver))
    }

    /// Reads files, and connects to the servers of interceptors that they name.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was opened.
    pub async fn start(
        files: SettingsFiles,
        runtime: &Runtime,
    ) -> Result<(Self, InterceptionDriver), FileProblems> {
        let (said, settings) = files.read()?;
        let started = Interception::start(&settings, &read_named, runtime).await;
        let (plans, driver) = started.map_err(|it| said.placed(&it))?;
        let named = Mutex::new(settings.files());
        Ok((Self { files, named, servers: Mutex::default(), plans }, driver))
    }

    /// The plans that came of them.
    #[must_use]
    pub const fn plans(&self) -> &Interception {
        &self.plans
    }

    /// Says which servers of a gateway they stand before; `None`: it is none. Rules can choose no others.
    ///
    /// # Errors
    ///
    /// Each that rules choose and that is not there, with its place.
    pub fn stand_before(&self, servers: Option<Vec<String>>) -> Result<(), FileProblems> {
        let checked = servers.as_ref().map_or(Ok(()), |it| self.plans.check_servers(it));
        *self.servers.lock() = servers;
        checked.map_err(|it| FileProblems::placed(&it))
    }

    /// Reads the files again, which stand before these servers from now on; `None`: before those of before.
    ///
    /// # Errors
    ///
    /// All that is wrong with them, and where; all stays as it was.
    ///
    /// # Cancel safety
    ///
    /// Some of the steps may have been replaced.
    pub async fn reload(&self, servers: Option<Vec<String>>) -> Result<(), FileProblems> {
        let servers = servers.or_else(|| self.servers.lock().clone());
        let (said, settings) = self.files.read()?;
        *self.named.lock() = settings.files();
        let replaced = self.plans.replace(&settings, &read_named, servers.as_deref()).await;
        replaced.map_err(|it| said.placed(&it))?;
        if let Err(error) = self.stand_before(servers) {
            tracing::warn!(%error, "rules choose servers that are not there any more");
        }
        Ok(())
    }
}

impl Reread for InterceptionFiles {
    fn files(&self) -> Vec<PathBuf> {
        self.files.paths().cloned().chain(self.named.lock().iter().cloned()).collect()
    }

    fn reread(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            match self.reload(None).await {
                Ok(()) => tracing::info!("interceptors are read again"),
                Err(error) => {
                    tracing::error!(%error, "the new interceptors cannot be used; the old ones hold on");
                }
            }
        })
    }
}

/// Keeps the plans up to date. Never ready.
///
/// # Cancel safety
///
/// Dropping the future stops this.
pub async fn follow((files, driver): (InterceptionFiles, InterceptionDriver)) {
    let (all, hangup): ([&dyn Reread; 1], _) = ([&files], Notify::new());
    tokio::join!(driver.run(), keep_fresh(&all, &hangup));
}
