//! What files say of a proxy's interceptors and of its HTTP policy: read, put together, and kept up to
//! date while the proxy runs.
//!
//! [`Settings`] is what is said of interceptors in one place: guards that come with the program, rules,
//! and the interceptors of other servers; [`ProxySettings`] is what is said for all servers of a proxy,
//! and for single ones. [`Interception`] is what came of it: plans at the boundaries of the proxy, which
//! stay while the files ([`InterceptionFiles`]) change. [`keep_fresh`] is the one loop that looks after
//! files, for all that is made of any ([`Reread`]).

mod fresh;
mod interception;
mod interception_files;
mod outer;
mod part;
mod policy_file;
mod problems;
mod proxy_settings;
mod rule_source;
mod settings;
mod settings_files;
mod steps;

pub use crate::fresh::{Reread, keep_fresh};
pub use crate::interception::{Interception, InterceptionDriver};
pub use crate::interception_files::{InterceptionFiles, follow};
pub use crate::policy_file::PolicyFile;
pub use crate::problems::FileProblems;
pub use crate::proxy_settings::{ProxySettings, ServerRules};
pub use crate::rule_source::{RuleSource, RulesInPlace};
pub use crate::settings::{
    At, GuardSettings, Hidden, SecretSettings, ServerSettings, Settings, StepSettings,
    TraceSettings,
};
pub use crate::settings_files::{SettingsFiles, problems_of_servers, rule_sets_of};
pub use crate::steps::{Kept, SettingsProblem};
