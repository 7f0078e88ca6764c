//! The parts of the tests: a client that sends exact bytes, upstreams that follow the test's
//! orders, and the proxy between them.

mod ask;
mod beside;
mod bridge;
mod connection;
mod dice;
mod earlier_store;
mod events;
mod exchange;
mod folder;
mod habits;
mod http;
mod ledger;
mod lives;
mod modern;
pub(crate) mod offering;
mod old_server;
pub(crate) mod program;
mod proxy;
mod puppet;
pub(crate) mod rounds;
mod session;
pub(crate) mod terminal;
mod upstream;
mod wait;

pub(crate) use self::ask::Ask;
pub(crate) use self::beside::Beside;
pub(crate) use self::bridge::Bridge;
pub(crate) use self::connection::{Connection, Response};
pub(crate) use self::dice::Dice;
pub(crate) use self::earlier_store::EarlierStore;
pub(crate) use self::events::{Event, EventStream};
pub(crate) use self::exchange::{EventsOut, Exchange, no_tools, tool_text};
pub(crate) use self::folder::Folder;
pub(crate) use self::habits::{Habits, agreed};
pub(crate) use self::ledger::Ledger;
pub(crate) use self::lives::{Lives, Mortal, sessions_of_crashes};
pub(crate) use self::modern::{modern_ask, modern_request};
pub(crate) use self::old_server::{Manners, OldServer};
pub(crate) use self::program::{Program, free_port, program};
pub(crate) use self::proxy::{Proxy, patient_limits};
pub(crate) use self::puppet::{Puppet, Stage, check_healthy_child};
pub(crate) use self::session::{Session, call, check_healthy, initialize, note, send};
pub(crate) use self::upstream::{Handler, Upstream};
pub(crate) use self::wait::{PATIENCE, within};
