//! The other side of every measurement: the backend and the clients, in one process.
//!
//! Both live in one thread, so that they take turns at every await. As two processes on one
//! core they would take turns of milliseconds, and that would be measured instead of the hop.

mod crossing;

use std::process::Command;

use anyhow::Context as _;
use eyot_benches::exchange::{Face, Form};
use http::Uri;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};

pub(crate) use self::crossing::Crossing;
use crate::load::{Load, Sample};
use crate::open::{self, OpenStreams};
use crate::process::Server;
use crate::{backend, listener};

/// A task for a driver.
#[derive(Debug, Serialize, Deserialize)]
enum Order {
    Load(Load),
    /// Opens so many sessions and closes their connections.
    Sessions {
        url: String,
        count: usize,
    },
    /// Opens so many sessions, each with a stream that stays open.
    Streams {
        url: String,
        count: usize,
    },
    /// Connects so many clients that do nothing more.
    Clients {
        load: Load,
        count: usize,
    },
    /// Leaves so many calls parked.
    Parked {
        url: String,
        count: usize,
    },
    /// Makes so many calls of many clients, each with a text of its own.
    Crossing(Crossing),
    /// Closes all streams.
    Close,
}

/// Serves as backend and carries out orders, one line of JSON each, until there are no more.
pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let backend = listener::serve(|it| backend::connection(it, backend::Options::default()));
    runtime.block_on(async {
        tokio::select! {
            ended = backend => match ended? {},
            carried_out = carry_out() => carried_out,
        }
    })
}

async fn carry_out() -> anyhow::Result<()> {
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    let mut open_streams = OpenStreams::default();
    while let Some(line) = orders.next_line().await.context("read an order")? {
        match serde_json::from_str(&line).context("read an order")? {
            Order::Load(load) => println!("{}", serde_json::to_string(&load.measure().await?)?),
            Order::Sessions { url, count } => {
                open::sessions(&parse(&url)?, count).await?;
                println!("{{}}");
            }
            Order::Streams { url, count } => {
                open_streams.append(open::streams(&parse(&url)?, count).await?);
                println!("{{}}");
            }
            Order::Clients { load, count } => {
                open_streams.append(open::clients(&load, count).await?);
                println!("{{}}");
            }
            Order::Parked { url, count } => {
                open::parked(&parse(&url)?, count).await?;
                println!("{{}}");
            }
            Order::Crossing(crossing) => {
                crossing.check().await?;
                println!("{{}}");
            }
            Order::Close => {
                open_streams = OpenStreams::default();
                println!("{{}}");
            }
        }
    }
    Ok(())
}

fn parse(url: &str) -> anyhow::Result<Uri> {
    url.parse().context("the endpoint")
}

/// A driver that runs; it ends with this value.
#[derive(Debug)]
pub(crate) struct Driver(Server);

impl Driver {
    /// Starts a driver; `command` runs this program's `driver` on its core.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub(crate) fn start(command: Command) -> anyhow::Result<Self> {
        Ok(Self(Server::start(command)?))
    }

    /// The backend's endpoint where it shows this face.
    pub(crate) fn endpoint(&self, face: impl Into<Face>) -> String {
        endpoint(&self.0, face.into())
    }

    /// Lets clients run, and returns what they saw.
    ///
    /// # Errors
    ///
    /// When they fail; the reason is in the log of the servers.
    pub(crate) fn measure(&mut self, load: &Load) -> anyhow::Result<Sample> {
        let sample = self.ask(&Order::Load(load.clone()))?;
        serde_json::from_str(&sample).context("read a sample")
    }

    /// Opens legacy sessions and leaves them alone.
    ///
    /// # Errors
    ///
    /// As [`Self::measure`].
    pub(crate) fn open_sessions(&mut self, url: &str, count: usize) -> anyhow::Result<()> {
        self.ask(&Order::Sessions { url: url.to_owned(), count }).map(drop)
    }

    /// Opens legacy sessions, each with a stream that stays open.
    ///
    /// # Errors
    ///
    /// As [`Self::measure`].
    pub(crate) fn open_streams(&mut self, url: &str, count: usize) -> anyhow::Result<()> {
        self.ask(&Order::Streams { url: url.to_owned(), count }).map(drop)
    }

    /// Connects clients as for a load, and leaves them there.
    ///
    /// # Errors
    ///
    /// As [`Self::measure`].
    pub(crate) fn open(&mut self, load: &Load, count: usize) -> anyhow::Result<()> {
        self.ask(&Order::Clients { load: load.clone(), count }).map(drop)
    }

    /// Makes calls of modern clients that are asked, and leaves them there.
    ///
    /// # Errors
    ///
    /// As [`Self::measure`].
    pub(crate) fn park_calls(&mut self, url: &str, count: usize) -> anyhow::Result<()> {
        self.ask(&Order::Parked { url: url.to_owned(), count }).map(drop)
    }

    /// Sees whether any answer reaches another call than its own.
    ///
    /// # Errors
    ///
    /// When one does, or is none; the reason is in the log of the servers.
    pub(crate) fn check_crossing(&mut self, crossing: &Crossing) -> anyhow::Result<()> {
        self.ask(&Order::Crossing(crossing.clone())).map(drop)
    }

    /// Closes all streams.
    ///
    /// # Errors
    ///
    /// As [`Self::measure`].
    pub(crate) fn close_streams(&mut self) -> anyhow::Result<()> {
        self.ask(&Order::Close).map(drop)
    }

    fn ask(&mut self, order: &Order) -> anyhow::Result<String> {
        self.0.ask(&serde_json::to_string(order)?)
    }
}

/// The endpoint of a backend where it shows this face.
pub(crate) fn endpoint(backend: &Server, face: Face) -> String {
    backend.url().replace(Form::Json.path(), &face.path())
}
