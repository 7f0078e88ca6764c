//! The sockets that the program listens on.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use eyot::Listener;
use rustix::fs::Mode;
use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::args::ListenAt;

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) listener: Listener,
    /// What the URLs of its endpoints begin with.
    origin: String,
    /// Removed at the end.
    pub(crate) file: Option<SocketFile>,
}

impl Bound {
    /// The URL of the endpoint at this path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

/// The file of a Unix socket. Dropping it removes the file, if it is still this one.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// The device and the number of the file.
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).ok() == Some(self.identity)
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the socket cannot be removed");
        }
    }
}

/// Listens. `scheme` is that of URLs to a TCP address.
pub(crate) async fn listen(at: &ListenAt, scheme: &str) -> anyhow::Result<Bound> {
    match at {
        ListenAt::Tcp(address) => {
            let listener = TcpListener::bind(address).await.with_context(|| {
                format!("cannot listen on {address}; another port: --listen 127.0.0.1:0")
            })?;
            let origin = format!("{scheme}://{}", listener.local_addr()?);
            Ok(Bound { listener: listener.into(), origin, file: None })
        }
        ListenAt::Unix(path) => {
            let bound = bind(path).await;
            let listener = bound.with_context(|| format!("cannot listen on {}", path.display()))?;
            let file = SocketFile { path: path.clone(), identity: identity(path)? };
            let origin = format!("unix:{}#", path.display());
            Ok(Bound { listener: listener.into(), origin, file: Some(file) })
        }
    }
}

/// A socket that its owner alone can open. The file of a process that has gone is replaced.
async fn bind(path: &Path) -> anyhow::Result<UnixListener> {
    if let Ok(found) = std::fs::symlink_metadata(path) {
        anyhow::ensure!(found.file_type().is_socket(), "there is a file that is no socket");
        match UnixStream::connect(path).await {
            Ok(_) => anyhow::bail!("another process answers there"),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path)?;
            }
            Err(error) => return Err(error).context("there is a socket already"),
        }
    }
    // From its first moment on the file is its owner's alone.
    let usual = rustix::process::umask(Mode::RWXG | Mode::RWXO | Mode::XUSR);
    let bound = UnixListener::bind(path);
    rustix::process::umask(usual);
    Ok(bound?)
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = std::fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

#[cfg(test)]
mod tests;
