//! The interceptors that rules call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eyot_interceptors::{Edit, Failure, Seen, View};
use eyot_rules::Answer;
use futures_util::future::BoxFuture;

/// The interceptors that rules call by their names.
pub trait Callees: fmt::Debug + Send + Sync {
    /// What the interceptor of this name makes of a payload: [`Edit::Keep`] if it lets it pass,
    /// [`Edit::Refuse`] or [`Edit::Replace`]. Its answer may take as long as `timeout` says, and else as long
    /// as the driver does.
    fn call(
        &self,
        name: &str,
        seen: Seen,
        timeout: Option<Duration>,
    ) -> BoxFuture<'static, Result<Edit, Failure>>;
}

/// What an interceptor says of a payload as rules have made it by now. `None`: they have changed nothing.
pub(super) async fn call(
    callees: Option<&Arc<dyn Callees>>,
    (name, timeout): (&str, Option<Duration>),
    (view, payload): (&View<'_>, Option<&str>),
) -> Answer {
    // What a server judges are payloads of its events. An error is none, and no step of a server sees one.
    if view.is_error() {
        return Answer::Pass;
    }
    answer(callees, (name, timeout), (view, payload))
        .await
        .unwrap_or_else(|failure| Answer::Fail(format!("interceptor `{name}`: {failure}")))
}

async fn answer(
    callees: Option<&Arc<dyn Callees>>,
    (name, timeout): (&str, Option<Duration>),
    (view, payload): (&View<'_>, Option<&str>),
) -> Result<Answer, Failure> {
    let callees = callees.ok_or_else(|| Failure::new("none can be called here"))?;
    let seen = match payload.filter(|it| *it != view.payload()) {
        Some(changed) => view.replaced(changed)?,
        None => Seen::from(*view),
    };
    match callees.call(name, seen, timeout).await? {
        Edit::Keep => Ok(Answer::Pass),
        Edit::Refuse(error) => Ok(Answer::Refuse(error.message)),
        // What is wrong with it is a failure of this call, and not of all rules.
        Edit::Replace(payload) => view.replaced(&payload).map(|_| Answer::Replace(payload)),
        _ => Err(Failure::new("its answer is none that a rule can take")),
    }
}
