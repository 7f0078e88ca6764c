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
        Ok((Self { files, named, plans }, driver))
    }

    /// The plans that came of them.
    #[must_use]
    pub const fn plans(&self) -> &Interception {
        &self.plans
    }

    /// Reads the files again.
    ///
    /// # Errors
    ///
    /// All that is wrong with them, and where; all stays as it was.
    ///
    /// # Cancel safety
    ///
    /// Some of the steps may have been replaced.
    pub async fn reload(&self) -> Result<(), FileProblems> {
        let (said, settings) = self.files.read()?;
        *self.named.lock() = settings.files();
        let replaced = self.plans.replace(&settings, &read_named).await;
        Ok(replaced.map_err(|it| said.placed(&it))?)
    }
}

impl Reread for InterceptionFiles {
    fn files(&self) -> Vec<PathBuf> {
        self.files.paths().cloned().chain(self.named.lock().iter().cloned()).collect()
    }

    fn reread(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            match self.reload().await {
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
