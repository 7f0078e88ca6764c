//! A connection to the server, or to the servers of a cluster.

use std::collections::HashMap;
use std::num::NonZeroU8;

use deadpool_redis::redis::aio::{ConnectionLike, MultiplexedConnection};
use deadpool_redis::redis::cluster_async::ClusterConnection;
use deadpool_redis::redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, IntoConnectionInfo, Pipeline, RedisError, Value, cmd,
};
use deadpool_redis::sentinel::{SentinelNodeConnectionInfo, SentinelServerType, TlsMode};
use deadpool_redis::{Connection, Manager, Pool, PoolError, cluster, sentinel};
use futures_util::future::join_all;

use crate::address::{Address, Kind};
use crate::library::{Home, Library};
use crate::operation::{Operation, Step, Subject};
use crate::options::{Durability, RedisOptions};

/// Makes connections.
pub(crate) struct Connector {
    pool: Makers,
    library: Library,
    confirmations: Option<NonZeroU8>,
    wait_ms: u64,
}

enum Makers {
    One(Pool),
    Cluster(cluster::Pool),
    Sentinel(sentinel::Pool),
}

/// A connection that is there, with the operations brought to it.
pub(crate) struct Link<'a> {
    connector: &'a Connector,
    carrier: Carrier,
    home: Home,
    digest: String,
}

#[derive(Clone)]
enum Carrier {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// The answers to the steps of each operation, in order. One that is not confirmed by enough replicas has
/// an error in the place of its answers.
pub(crate) type Answers = Vec<Result<Vec<Value>, RedisError>>;

impl Connector {
    pub(crate) fn new(address: &Address, options: &RedisOptions) -> Result<Self, RedisError> {
        let confirmations = match options.durability {
            Durability::Primary => None,
            Durability::Replicas(count) => NonZeroU8::new(count),
        };
        let pool = match &address.0 {
            Kind::One(url) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(options.connect_timeout))
                    .set_response_timeout(Some(options.timeout));
                let manager = Manager::new_with_config(url.as_str(), config)?;
                Makers::One(pool(Pool::builder(manager).max_size(1).build())?)
            }
            Kind::Cluster(_) if confirmations.is_some() => {
                return Err(wrong("no replicas can be waited for in a cluster"));
            }
            Kind::Cluster(urls) => {
                let urls = urls.iter().map(String::as_str).collect();
                let manager = cluster::Manager::new(urls, false)?;
                Makers::Cluster(pool(cluster::Pool::builder(manager).max_size(1).build())?)
            }
            Kind::Sentinel { sentinels, name, primary } => {
                let info = primary.as_str().into_connection_info()?;
                let node = SentinelNodeConnectionInfo {
                    tls_mode: primary.starts_with("rediss").then_some(TlsMode::Secure),
                    redis_connection_info: Some(info.redis_settings().clone().into()),
                };
                let manager = sentinel::Manager::new(
                    sentinels.iter().map(String::as_str).collect(),
                    name.clone(),
                    Some(node),
                    SentinelServerType::Master,
                )?;
                Makers::Sentinel(pool(sentinel::Pool::builder(manager).max_size(1).build())?)
            }
        };
        let wait_ms = u64::try_from(options.timeout.as_millis() / 2).unwrap_or(u64::MAX);
        Ok(Self { pool, library: Library::new(), confirmations, wait_ms })
    }

    /// Connects, and brings the operations. The connection is kept and not given back: the pool is
    /// what makes the next one when this one is broken.
    pub(crate) async fn connect(&self, options: &RedisOptions) -> Result<Link<'_>, RedisError> {
        let mut carrier = match &self.pool {
            Makers::One(pool) => Carrier::One(Connection::take(got(pool.get().await)?)),
            Makers::Cluster(pool) => {
                Carrier::Cluster(cluster::Connection::take(got(pool.get().await)?))
            }
            Makers::Sentinel(pool) => {
                let mut made = sentinel::Connection::take(got(Box::pin(pool.get()).await)?);
                made.set_response_timeout(options.timeout);
                Carrier::One(made)
            }
        };
        let (home, digest) = bring(&mut carrier, &self.library).await?;
        Ok(Link { connector: self, carrier, home, digest })
    }
}

/// Brings the operations as a function, or as a script where functions are not allowed.
async fn bring(carrier: &mut Carrier, library: &Library) -> Result<(Home, String), RedisError> {
    match carrier.ask(&library.load_function()).await {
        Ok(_) => return Ok((Home::Function, String::new())),
        Err(error) if error.detail().is_some_and(|it| it.contains("already exists")) => {
            return Ok((Home::Function, String::new()));
        }
        Err(error) if !matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) => {
            return Err(error);
        }
        Err(error) => tracing::debug!(%error, "no functions on this server: a script is used"),
    }
    match carrier.ask(&Library::load_script()).await? {
        Value::BulkString(digest) => {
            Ok((Home::Script, String::from_utf8_lossy(&digest).into_owned()))
        }
        Value::SimpleString(digest) => Ok((Home::Script, digest)),
        _ => Err(wrong("the server has not said under which name it keeps the script")),
    }
}

impl Carrier {
    async fn ask(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        let answer = match self {
            Self::One(it) => it.req_packed_command(command).await?,
            Self::Cluster(it) => it.req_packed_command(command).await?,
        };
        answer.extract_error()
    }
}

impl Link<'_> {
    /// Asks for something that needs no order.
    pub(crate) async fn ask(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        self.carrier.ask(command).await
    }

    /// Does operations, each after those before it that concern the same session.
    pub(crate) async fn run(&mut self, operations: &[Operation]) -> Result<Answers, RedisError> {
        let (mut carrier, context) = (self.carrier.clone(), &*self);
        match &mut carrier {
            Carrier::One(connection) => context.run_at_one(connection, operations).await,
            Carrier::Cluster(connection) => context.run_in_cluster(connection, operations).await,
        }
    }

    fn command(&self, step: &Step) -> Cmd {
        step.command(&self.connector.library, self.home, &self.digest)
    }

    async fn run_at_one(
        &self,
        connection: &mut MultiplexedConnection,
        operations: &[Operation],
    ) -> Result<Answers, RedisError> {
        let steps = operations.iter().flat_map(|it| &it.steps);
        let mut pipeline = Pipeline::new();
        for step in steps {
            pipeline.add_command(self.command(step));
        }
        let has_writes = operations.iter().any(|it| it.is_write);
        let confirmations = self.connector.confirmations.filter(|_| has_writes);
        if let Some(count) = confirmations {
            let mut wait = cmd("WAIT");
            wait.arg(count.get()).arg(self.connector.wait_ms);
            pipeline.add_command(wait);
        }
        let count = pipeline.len();
        let answers = connection.req_packed_commands(&pipeline, 0, count).await?;
        let mut answers = answers.into_iter();
        let of_each: Vec<Vec<Value>> =
            operations.iter().map(|it| answers.by_ref().take(it.steps.len()).collect()).collect();
        let is_confirmed = match (confirmations, answers.next()) {
            (None, _) => true,
            (Some(count), Some(Value::Int(found))) => found >= i64::from(count.get()),
            _ => false,
        };
        let checked = operations.iter().zip(of_each).map(|(operation, answers)| {
            match is_confirmed || !operation.is_write {
                true => Ok(answers),
                false => Err(wrong("too few replicas have confirmed the write")),
            }
        });
        Ok(checked.collect())
    }

    /// Operations about one session are done one after the other, those about others meanwhile: no
    /// pipeline can have several slots.
    async fn run_in_cluster(
        &self,
        connection: &ClusterConnection,
        operations: &[Operation],
    ) -> Result<Answers, RedisError> {
        let mut answers: Answers = operations.iter().map(|_| Ok(Vec::new())).collect();
        for part in parts(operations) {
            let groups = part.into_values().map(|group| self.run_group(connection.clone(), group));
            for group in join_all(groups).await {
                for (at, found) in group? {
                    if let Some(place) = answers.get_mut(at) {
                        *place = Ok(found);
                    }
                }
            }
        }
        Ok(answers)
    }

    async fn run_group(
        &self,
        mut connection: ClusterConnection,
        group: Vec<(usize, &Operation)>,
    ) -> Result<Vec<(usize, Vec<Value>)>, RedisError> {
        let mut done = Vec::new();
        for (at, operation) in group {
            let mut answers = Vec::new();
            for step in &operation.steps {
                let answer = connection.req_packed_command(&self.command(step)).await;
                answers.push(refused_or_broken(answer)?);
            }
            done.push((at, answers));
        }
        Ok(done)
    }
}

/// Operations that can be done at once, by what they are about; and those that follow. Each has its
/// place.
type Part<'a> = HashMap<&'a Subject, Vec<(usize, &'a Operation)>>;

fn parts(operations: &[Operation]) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut is_open = false;
    for (at, operation) in operations.iter().enumerate() {
        let is_apart = operation.subject == Subject::All;
        match parts.last_mut().filter(|_| is_open && !is_apart) {
            Some(part) => part.entry(&operation.subject).or_default().push((at, operation)),
            None => parts.push(HashMap::from([(&operation.subject, vec![(at, operation)])])),
        }
        is_open = !is_apart;
    }
    parts
}

/// A refusal of one command says nothing of the connection.
fn refused_or_broken(answer: Result<Value, RedisError>) -> Result<Value, RedisError> {
    match answer {
        Err(error) => match error.clone().try_into() {
            Ok(refusal) => Ok(Value::ServerError(refusal)),
            Err(_) => Err(error),
        },
        answered => answered,
    }
}

fn pool<T, E: std::fmt::Display>(built: Result<T, E>) -> Result<T, RedisError> {
    built.map_err(|it| wrong(it.to_string()))
}

fn got<T>(got: Result<T, PoolError>) -> Result<T, RedisError> {
    got.map_err(|error| match error {
        PoolError::Backend(error) => error,
        other => wrong(other.to_string()),
    })
}

fn wrong(what: impl Into<String>) -> RedisError {
    RedisError::from((ErrorKind::Client, "cannot be used", what.into()))
}
