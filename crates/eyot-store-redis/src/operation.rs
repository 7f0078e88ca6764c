//! What is asked of the server.

use bytes::Bytes;
use deadpool_redis::redis::{Cmd, Value};
use eyot_session::{SessionId, StoreError};

use crate::library::{Home, Library};

/// One command.
#[derive(Debug)]
pub(crate) enum Step {
    /// An operation of the library.
    Call(Call),
    /// A command of the server.
    Plain(Cmd),
}

/// A call of the library, over the keys of one slot.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) keys: Vec<String>,
    pub(crate) args: Vec<Bytes>,
}

/// What an operation is about. Operations about one thing are done in their order, also where each thing has a
/// server of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Session(SessionId),
    Parked(Box<str>),
    Leases,
    /// It comes after all operations before it, and before all after it.
    All,
}

/// Gets the answers to all steps.
pub(crate) type Reply = Box<dyn FnOnce(Result<Vec<Value>, StoreError>) + Send>;

/// Commands that follow one another, and what becomes of their answers.
pub(crate) struct Operation {
    pub(crate) subject: Subject,
    pub(crate) steps: Vec<Step>,
    /// Whether something changes that a caller relies on.
    pub(crate) is_write: bool,
    pub(crate) reply: Reply,
}

impl Step {
    pub(crate) fn call<K>(name: &'static str, keys: K, args: Vec<Bytes>) -> Self
    where
        K: IntoIterator<Item = String>,
    {
        Self::Call(Call { name, keys: keys.into_iter().collect(), args })
    }

    pub(crate) fn command(&self, library: &Library, home: Home, digest: &str) -> Cmd {
        match self {
            Self::Plain(command) => command.clone(),
            Self::Call(Call { name, keys, args }) => {
                let mut command = library.call(home, digest);
                command.arg(keys.len()).arg(keys).arg(*name);
                for arg in args {
                    command.arg(&**arg);
                }
                command
            }
        }
    }
}

/// A number as the library wants it.
pub(crate) fn number(value: impl Into<u64>) -> Bytes {
    value.into().to_string().into()
}

/// A size as the library wants it.
pub(crate) fn size(value: usize) -> Bytes {
    value.to_string().into()
}

pub(crate) fn text(value: &str) -> Bytes {
    Bytes::copy_from_slice(value.as_bytes())
}

pub(crate) fn flag(value: bool) -> Bytes {
    Bytes::from_static(if value { b"1" } else { b"0" })
}

impl Operation {
    /// One that has no caller: nobody waits for its answer.
    pub(crate) fn aside(subject: Subject, steps: Vec<Step>) -> Self {
        Self { subject, steps, is_write: false, reply: Box::new(drop) }
    }
}
