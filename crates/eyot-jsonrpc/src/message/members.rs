//! The members of what a message carries.

use crate::members::Members;
use crate::message::Message;
use crate::span::Span;

impl Message {
    /// The members of `params`, `result` or `error`, in the order of the text; `None` when it is
    /// not there, or no object. The first long values are passed over without a look at them.
    pub fn members(&self) -> Option<Members<'_>> {
        let payload = self.envelope().payload;
        let long = self.envelope().long.iter().map(|it| it.within(payload));
        Some(Members::of(self.text(payload)?)?.knowing(long))
    }

    /// The raw JSON of what the `_meta` of a request says of its revision, when it says anything:
    /// `io.modelcontextprotocol/protocolVersion`.
    pub fn protocol_version(&self) -> Option<&str> {
        self.text(self.envelope().client.protocol_version)
    }

    /// The raw JSON of what the `_meta` of a request says of its sender:
    /// `io.modelcontextprotocol/clientInfo`.
    pub fn client_info(&self) -> Option<&str> {
        self.text(self.envelope().client.info)
    }

    /// The raw JSON of what the `_meta` of a request says that its sender can do:
    /// `io.modelcontextprotocol/clientCapabilities`.
    pub fn client_capabilities(&self) -> Option<&str> {
        self.text(self.envelope().client.capabilities)
    }

    /// The raw JSON of the log level that the `_meta` of a request asks for:
    /// `io.modelcontextprotocol/logLevel`.
    pub fn log_level(&self) -> Option<&str> {
        self.text(self.envelope().client.log_level)
    }
}

impl Span {
    /// The place counted from the start of another that it is in.
    fn within(self, outer: Self) -> Self {
        let (inner, outer) = (self.bounds(), outer.bounds());
        Self::new(inner.start.saturating_sub(outer.start)..inner.end.saturating_sub(outer.start))
    }
}
