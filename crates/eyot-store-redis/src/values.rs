//! Reads what the server answers.

use bytes::Bytes;
use deadpool_redis::redis::Value;
use eyot_session::StoreError;

use crate::failure::{corrupt, unavailable};

/// The members of an answer, one after the other.
#[derive(Debug)]
pub(crate) struct Values(std::vec::IntoIter<Value>);

/// What became of a call of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Ok,
    None,
    Conflict,
    Fenced,
    Trimmed,
    Ended,
}

impl Values {
    /// The answer to a command that is a list.
    pub(crate) fn of(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Array(values) | Value::Set(values) => Ok(Self(values.into_iter())),
            Value::Map(pairs) => {
                let values: Vec<_> = pairs.into_iter().flat_map(|(key, it)| [key, it]).collect();
                Ok(Self(values.into_iter()))
            }
            Value::ServerError(error) => Err(unavailable(error.to_string())),
            _ => Err(strange()),
        }
    }

    /// The answer to the only step of an operation.
    pub(crate) fn of_last(answers: Vec<Value>) -> Result<Self, StoreError> {
        for answer in &answers {
            if let Value::ServerError(error) = answer {
                return Err(unavailable(error.to_string()));
            }
        }
        Self::of(answers.into_iter().next_back().ok_or_else(strange)?)
    }

    /// The word at the beginning, if it tells that all went well or that there is nothing.
    pub(crate) fn word(&mut self) -> Result<Word, StoreError> {
        Ok(match &*self.bytes()? {
            b"OK" => Word::Ok,
            b"NONE" => Word::None,
            b"CONFLICT" => Word::Conflict,
            b"FENCED" => Word::Fenced,
            b"TRIMMED" => Word::Trimmed,
            b"ENDED" => Word::Ended,
            _ => return Err(strange()),
        })
    }

    /// Fails unless all went well.
    pub(crate) fn expect_ok(&mut self) -> Result<(), StoreError> {
        match self.word()? {
            Word::Ok => Ok(()),
            Word::None => Err(StoreError::NotFound),
            Word::Conflict => Err(StoreError::Conflict),
            Word::Fenced => Err(StoreError::Fenced),
            Word::Trimmed | Word::Ended => Err(strange()),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes, StoreError> {
        match self.0.next() {
            Some(Value::BulkString(bytes)) => Ok(bytes.into()),
            Some(Value::SimpleString(text)) => Ok(text.into()),
            Some(Value::Int(number)) => Ok(number.to_string().into()),
            Some(Value::Okay) => Ok(Bytes::from_static(b"OK")),
            _ => Err(strange()),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        String::from_utf8(self.bytes()?.into()).map_err(|_| strange())
    }

    pub(crate) fn number(&mut self) -> Result<u64, StoreError> {
        self.text()?.parse().map_err(|_| strange())
    }

    pub(crate) fn list(&mut self) -> Result<Self, StoreError> {
        Self::of(self.0.next().unwrap_or(Value::Nil))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_slice().is_empty()
    }

    /// All that follow.
    pub(crate) fn rest<T>(
        mut self,
        read: impl Fn(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        while !self.is_empty() {
            found.push(read(&mut self)?);
        }
        Ok(found)
    }
}

fn strange() -> StoreError {
    corrupt("an answer of the server")
}
