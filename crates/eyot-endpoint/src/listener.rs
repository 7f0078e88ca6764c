//! Where connections come from.

use std::io;
use std::net::SocketAddr;

use eyot_http::Stream;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A socket that connections come to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Listener {
    /// TCP, with or without TLS.
    Tcp(TcpListener),
    /// A Unix socket: who may open its file may connect.
    Unix(UnixListener),
}

/// A connection that was accepted; nothing was read from it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Accepted {
    /// By TCP, from this address.
    Tcp(TcpStream, SocketAddr),
    /// At a Unix socket.
    Unix(UnixStream),
}

impl Listener {
    /// Whether only this machine can connect.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Tcp(listener) => listener.local_addr().is_ok_and(|it| it.ip().is_loopback()),
            Self::Unix(_) => true,
        }
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                Ok(Accepted::Tcp(stream, from))
            }
            Self::Unix(listener) => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }
}

impl Accepted {
    /// Sends what is written at once: an answer in small writes otherwise waits 40 ms for an
    /// acknowledgement.
    pub(crate) fn without_delay(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream, _) => stream.set_nodelay(true),
            Self::Unix(_) => Ok(()),
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self::Unix(listener)
    }
}

impl From<Accepted> for Stream {
    fn from(accepted: Accepted) -> Self {
        match accepted {
            Accepted::Tcp(stream, _) => stream.into(),
            Accepted::Unix(stream) => stream.into(),
        }
    }
}
