//! Why there is no plan, or no new one.

use std::time::Duration;

use eyot_client::ClientError;
use eyot_interceptors::PlanError;

/// Why a plan with steps of other servers cannot be begun with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanStartError {
    /// Two servers have one name.
    #[error("two servers of interceptors are called `{server}`")]
    ServerTwice {
        /// The name.
        server: String,
    },
    /// A server that must be there is not.
    #[error("server `{server}` of interceptors cannot be used")]
    Unusable {
        /// Its name.
        server: String,
        /// What happened.
        #[source]
        source: ClientError,
    },
    /// A server has not said in time what it offers.
    #[error("server `{server}` of interceptors has not said within {waited:?} what it offers")]
    TooLate {
        /// Its name.
        server: String,
        /// The time that it had.
        waited: Duration,
    },
    /// What a server offers cannot be used.
    #[error("what server `{server}` of interceptors offers cannot be used")]
    List {
        /// Its name.
        server: String,
        /// What is wrong with it.
        #[source]
        source: ListProblem,
    },
    /// The user speaks of an interceptor that the server does not offer.
    #[error("server `{server}` offers no interceptor `{name}`; it offers {offered}")]
    Unknown {
        /// The name of the server.
        server: String,
        /// The name that the user wrote.
        name: String,
        /// What there is.
        offered: String,
    },
    /// The steps are no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// What is wrong with a list of interceptors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListProblem {
    /// It is no result of `interceptors/list`.
    #[error("it is no list of interceptors: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
    /// Two have one name.
    #[error("two of its interceptors are called `{name}`")]
    NameTwice {
        /// The name.
        name: String,
    },
    /// A name is empty, too long, or has characters that do not show.
    #[error("one of its interceptors is called {name:?}: at most {bytes_max} bytes that show")]
    BadName {
        /// The name.
        name: String,
        /// Bytes that a name may have.
        bytes_max: usize,
    },
    /// It has had more interceptors than a server may have.
    #[error("it has named more than {names_max} interceptors")]
    TooMany {
        /// How many it may name, in all lists together.
        names_max: usize,
    },
    /// Its interceptors are no steps of a plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// Why the steps of this process were not replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanReplaceError {
    /// With them there is no plan; that of before stays.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The driver has ended.
    #[error("the driver of the plan has ended")]
    Ended,
}
