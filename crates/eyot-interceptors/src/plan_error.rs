//! Why interceptors are no plan.

/// Interceptors that are no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Two have one name.
    #[error("two interceptors are called `{name}`")]
    NameTwice {
        /// The name.
        name: String,
    },
    /// One hooks no event.
    #[error("interceptor `{name}` hooks no event, and would never be run")]
    NoHooks {
        /// Its name.
        name: String,
    },
    /// One hooks what cannot be hooked.
    #[error(
        "interceptor `{name}` cannot hook `{event}`: events are methods, `*`, or a beginning before \
         `*`, and the messages that open a connection are never intercepted"
    )]
    Unhookable {
        /// Its name.
        name: String,
        /// The event.
        event: String,
    },
    /// Its user wants it to see more than it hooks.
    #[error("interceptor `{name}` does not hook {event}: hooks can be narrowed and not widened")]
    Widened {
        /// Its name.
        name: String,
        /// What it should see.
        event: String,
    },
}
