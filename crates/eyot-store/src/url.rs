//! Names of stores.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use eyot_session::{LogLimits, Store, StoreError};
use eyot_store_memory::MemoryStore;
use eyot_store_redis::{Address, RedisOptions, RedisStore};
use eyot_store_sqlite::{SqliteOptions, SqliteStore};

use crate::durability::Durability;

/// An engine, and where it is.
///
/// - `memory:` forgets all at the end of the process.
/// - `sqlite:PATH` is one file, for any number of processes of one machine.
/// - `redis://…`, `rediss://…`, `unix://…`, `redis+sentinel://…`, `redis+cluster://…` (or `valkey`): a server, for
///   any number of machines; see [`Address`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreUrl {
    /// The memory of this process.
    Memory,
    /// A file.
    Sqlite(PathBuf),
    /// A server of Redis or Valkey.
    Redis(Address),
}

/// The text names no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidStoreUrl(String);

impl StoreUrl {
    /// Opens the store, and tells the operator's log what it promises. A server that is away is no error: it
    /// is tried again until it is there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] and others of the engine; also when the engine cannot promise that
    /// durability.
    pub fn open(&self, durability: Durability) -> Result<Arc<dyn Store>, StoreError> {
        match self {
            Self::Memory if durability == Durability::Quorum => Err(StoreError::Unavailable {
                reason: "memory cannot promise more than to be there until the process ends"
                    .to_owned(),
            }),
            Self::Memory => Ok(Arc::new(MemoryStore::new(LogLimits::default()))),
            Self::Sqlite(path) => {
                let durability = match durability {
                    Durability::Sync => eyot_store_sqlite::Durability::ProcessCrash,
                    Durability::Quorum => eyot_store_sqlite::Durability::PowerLoss,
                };
                let options = SqliteOptions { durability, ..SqliteOptions::default() };
                let store = SqliteStore::open(path, options)?;
                tracing::info!(path = %path.display(), "sessions are kept");
                Ok(Arc::new(store))
            }
            Self::Redis(address) => {
                let durability = match durability {
                    Durability::Sync => eyot_store_redis::Durability::Primary,
                    Durability::Quorum => eyot_store_redis::Durability::Replicas(1),
                };
                let options = RedisOptions { durability, ..RedisOptions::default() };
                Ok(Arc::new(RedisStore::open(address, options)?))
            }
        }
    }

    /// Opens the store for a look: what others do in it goes on, and nothing is made that is not there.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open); there must be something to look at.
    pub fn open_to_read(&self) -> Result<Arc<dyn Store>, StoreError> {
        match self {
            Self::Memory => Err(StoreError::Unavailable {
                reason: "a memory store lives and dies with its process".to_owned(),
            }),
            Self::Sqlite(path) if !path.exists() => Err(StoreError::Unavailable {
                reason: format!("there is no store at {}", path.display()),
            }),
            Self::Sqlite(path) => Ok(Arc::new(SqliteStore::open_readonly(path)?)),
            Self::Redis(_) => {
                let store = self.open(Durability::Sync)?;
                store.health()?;
                Ok(store)
            }
        }
    }
}

impl FromStr for StoreUrl {
    type Err = InvalidStoreUrl;

    fn from_str(text: &str) -> Result<Self, InvalidStoreUrl> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some((_, rest)) if rest.starts_with("//") => match Address::parse(text) {
                Ok(address) => Ok(Self::Redis(address)),
                Err(StoreError::Unavailable { reason }) => Err(InvalidStoreUrl(reason)),
                Err(error) => Err(InvalidStoreUrl(error.to_string())),
            },
            _ => {
                let forms = "expected `sqlite:PATH`, `redis://HOST`, or `memory:`";
                Err(InvalidStoreUrl(forms.to_owned()))
            }
        }
    }
}

/// Without passwords.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Redis(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
