//! What is asked of the server.

use bytes::Bytes;
use deadpool_redis::redis::{Cmd, Value};
use eyot_session::StoreError;

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

/// Gets the answers to all steps.
pub(crate) type Reply = Box<dyn FnOnce(Result<Vec<Value>, StoreError>) + Send>;

/// Commands that follow one another, and what becomes of their answers.
pub(crate) struct Operation {
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

    /// The part of a key that decides its slot.
    pub(crate) fn tag(&self) -> Option<&str> {
        let Self::Call(Call { keys, .. }) = self else { return None };
        let (_, rest) = keys.first()?.split_once('{')?;
        rest.split_once('}').map(|(tag, _)| tag)
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
