//! Messages whose kind is known: a request has its id and its method, a response its outcome.

mod message_kind;
mod notification;
mod request;
mod response;

pub use self::message_kind::MessageKind;
pub use self::notification::Notification;
pub use self::request::Request;
pub use self::response::Response;
