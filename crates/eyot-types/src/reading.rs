//! Results of servers, read element by element and member by member: one odd part does not cost
//! the whole.
//!
//! Servers say what no revision has: `"annotations": []`, `"readOnlyHint": "true"`, a tool without
//! `inputSchema`. The members of a result and the elements of its lists are held against the one
//! description in `shapes`, each by itself. A part that does not fit is mended where it has one
//! meaning, and is left out otherwise; every other part keeps its bytes. All readers of results go
//! through here: the bridge by [`mend`], the client and the program by [`read`].

mod fit;
mod oddity;
mod shape;
mod shapes;

use std::borrow::Cow;
use std::fmt;

use eyot_jsonrpc::{MemberList, replace_lone_surrogates};
use serde::de::DeserializeOwned;

use self::fit::fits;
use self::oddity::Notes;
pub use self::oddity::{Oddities, Oddity, OddityEffect};
use self::shape::{Need, Shape, mend_member, mend_value};
use crate::Method;

/// Why a text is no result of its method, whatever is left out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// A result whose parts are all as the protocol says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mended {
    /// The result as JSON. What was as it should be has kept its bytes.
    pub text: String,
    /// What was not.
    pub oddities: Oddities,
}

/// The result of a request of `method`, a part of a message, without what does not fit in it.
///
/// A result that asks for another round is not looked into.
///
/// # Errors
/// [`Unreadable`] when nothing can be made of it: it is no object, or says that it is of a kind
/// that it cannot be.
pub fn mend(method: Method<'_>, text: &str) -> Result<Mended, Unreadable> {
    let mut notes = Notes::default();
    let text = mend_value(shapes::of_result(method, text), text, &mut notes);
    let text = text.map_err(|why| Unreadable(format!("the result {why}")))?;
    Ok(Mended { text: text.into_owned(), oddities: notes.into_oddities() })
}

/// Whether the members of a complete result of `method` are as the protocol says, as far as they
/// are short: to look into the large ones would cost more than it helps.
#[must_use]
pub fn is_sound(method: Method<'_>, members: &MemberList<'_>) -> bool {
    let Shape::Record(known) = shapes::of_complete(method) else { return true };
    let mut notes = Notes::default();
    known.iter().all(|member| match members.find(member.name) {
        Some(value) if value.len() > LOOKED_INTO_MAX || fits(&member.shape, value) => true,
        Some(value) => {
            matches!(mend_member(member, value, &mut notes), Ok(Some(Cow::Borrowed(_))))
        }
        None => matches!(member.need, Need::Optional | Need::Exact),
    })
}

/// The bytes of a member that is looked into.
const LOOKED_INTO_MAX: usize = 16 * 1_024;

/// The result of some method that can be read although parts of it are odd.
pub trait ReadResult: DeserializeOwned {
    /// The method that it is the result of.
    const METHOD: Method<'static>;

    /// What was odd in it when it was read.
    fn oddities_mut(&mut self) -> &mut Oddities;
}

/// Reads a result, a part of a message; what was odd in it, it says itself.
///
/// # Errors
/// [`Unreadable`] when it is no result of its method at all.
pub fn read<T: ReadResult>(text: &str) -> Result<T, Unreadable> {
    let (mut read, oddities) = read_as::<T>(T::METHOD, text)?;
    *read.oddities_mut() = oddities;
    Ok(read)
}

/// Reads a result of `method` as a type that does not say what was odd in it.
///
/// # Errors
/// As [`read`].
pub fn read_as<T: DeserializeOwned>(
    method: Method<'_>,
    text: &str,
) -> Result<(T, Oddities), Unreadable> {
    if let Ok(sound) = serde_json::from_str(text) {
        return Ok((sound, Oddities::default()));
    }
    let Mended { text, oddities } = mend(method, text)?;
    let read = serde_json::from_str(&replace_lone_surrogates(&text))?;
    Ok((read, oddities))
}

/// Defines the results that are read with what is odd in them.
macro_rules! read_results {
    ( $( $name:ident: $method:ident, )+ ) => { $(
        impl ReadResult for crate::$name {
            const METHOD: Method<'static> = Method::$method;

            fn oddities_mut(&mut self) -> &mut Oddities {
                &mut self.oddities
            }
        }
    )+ };
}

read_results! {
    CallToolResult: ToolsCall,
    CompleteResult: CompletionComplete,
    DiscoverResult: ServerDiscover,
    EmptyResult: Ping,
    GetPromptResult: PromptsGet,
    InitializeResult: Initialize,
    ListPromptsResult: PromptsList,
    ListResourceTemplatesResult: ResourcesTemplatesList,
    ListResourcesResult: ResourcesList,
    ListToolsResult: ToolsList,
    ReadResourceResult: ResourcesRead,
}

#[cfg(test)]
mod tests;
