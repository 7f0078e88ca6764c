//! What is wrong with a text, and where.

/// What is wrong with a refused text. Names are those of the protocol, never the text's own, so
/// that an error is safe to log and to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The bytes are not UTF-8.
    #[error("invalid UTF-8")]
    NotUtf8,
    /// A byte order mark precedes the text, which implementations "MUST NOT add" (RFC 8259, 8.1).
    #[error("byte order mark")]
    ByteOrderMark,
    /// The text ends inside a value, or is empty.
    #[error("unexpected end")]
    UnexpectedEnd,
    /// A byte stands where the grammar has no place for it.
    #[error("unexpected byte 0x{0:02x}")]
    UnexpectedByte(u8),
    /// A control character stands in a string without an escape.
    #[error("control character in a string")]
    ControlCharacter,
    /// A backslash is followed by no escape of RFC 8259, 7.
    #[error("unknown escape")]
    UnknownEscape,
    /// A `\u` escape is half of a surrogate pair: no Unicode text, and readers differ on it.
    #[error("lone surrogate")]
    LoneSurrogate,

    /// The text has more bytes than a message can have.
    #[error("text beyond 4 GiB")]
    TooLong,
    /// Objects and arrays are nested beyond the bound.
    #[error("nesting deeper than {depth_max}")]
    TooDeep {
        /// The bound in force.
        depth_max: usize,
    },
    /// An object has more members than the bound.
    #[error("object with more than {keys_max} members")]
    TooManyKeys {
        /// The bound in force.
        keys_max: usize,
    },
    /// A batch has more messages than the bound.
    #[error("batch with more than {batch_max} messages")]
    BatchTooLong {
        /// The bound in force.
        batch_max: usize,
    },
    /// A number has more than 1,100 bytes.
    #[error("number with more than 1100 bytes")]
    NumberTooLong,
    /// A number is no finite double: readers differ on it.
    #[error("number out of range")]
    NumberOutOfRange,
    /// An id or a progress token has more bytes than the bound.
    #[error("`{member}` with more than {bytes_max} bytes")]
    MemberTooLong {
        /// The member.
        member: &'static str,
        /// The bound in force.
        bytes_max: usize,
    },

    /// The text is neither an object nor, where a batch is allowed, an array.
    #[error("message that is not an object")]
    NotAnObject,
    /// A batch holds no message; it is "an Array with at least one value" (JSON-RPC 2.0, 6).
    #[error("empty batch")]
    EmptyBatch,
    /// A member of the protocol occurs twice: readers differ on which one counts.
    #[error("duplicate member `{member}`")]
    DuplicateMember {
        /// The member.
        member: &'static str,
    },
    /// Another key occurs twice in an object that a proxy routes on.
    #[error("duplicate key in `{object}`")]
    DuplicateKey {
        /// The object: `message`, `params`, `_meta` or `error`.
        object: &'static str,
    },
    /// A key that a case-folding reader takes for a member of the protocol, and others do not.
    #[error("misspelled member `{member}`")]
    MisspelledMember {
        /// The member it may be taken for.
        member: &'static str,
    },
    /// A required member is not there.
    #[error("missing member `{member}`")]
    MissingMember {
        /// The member.
        member: &'static str,
    },
    /// A member has a value that the protocol does not allow.
    #[error("`{member}` is not {expected}")]
    InvalidMember {
        /// The member.
        member: &'static str,
        /// What it must be, with the article.
        expected: &'static str,
    },
    /// A member of requests stands in a response, or the other way round.
    #[error("`{member}` beside `{beside}`")]
    ConflictingMember {
        /// The member.
        member: &'static str,
        /// The one that excludes it.
        beside: &'static str,
    },
    /// None of `method`, `result` and `error` is there.
    #[error("message without `method`, `result` and `error`")]
    Shapeless,
}

impl ParseErrorKind {
    /// Whether the text is not JSON, so that nothing in it can be relied on.
    pub(crate) const fn is_syntax(self) -> bool {
        matches!(
            self,
            Self::NotUtf8
                | Self::ByteOrderMark
                | Self::UnexpectedEnd
                | Self::UnexpectedByte(_)
                | Self::ControlCharacter
                | Self::UnknownEscape
                | Self::LoneSurrogate
        )
    }
}

/// What is wrong and where, inside the scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: ParseErrorKind,
    pub(crate) offset: usize,
}

/// A fault on its way out: a pointer, because every step of the scan returns one or none.
pub(crate) type Halt = Box<Fault>;
