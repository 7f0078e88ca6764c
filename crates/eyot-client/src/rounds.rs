//! Calls of several rounds: the server asks by answering, and is asked again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::Message;
use eyot_types::{Method, ResultType};
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::{sleep, timeout_at};

use crate::error::ClientError;
use crate::exchange::Times;
use crate::params::{Params, to_raw};
use crate::state::Shared;

/// The rounds of one call (2026-07-28, basic/patterns/mrtr).
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    /// Rounds that ended with a question.
    count: u32,
    /// Of these, the ones in a row that asked nothing.
    idle: u32,
    responses: Option<Box<RawValue>>,
    state: Option<Box<RawValue>>,
}

/// A result, as far as it says whether it is one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kindly {
    result_type: Option<ResultType>,
}

/// A result that asks for another round.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Interim {
    input_requests: Option<BTreeMap<String, RawInputRequest>>,
    /// Opaque, down to the last escape: "the client MUST echo back the exact value".
    request_state: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct RawInputRequest {
    method: String,
    /// As it came: a form keeps its order only so.
    params: Option<Box<RawValue>>,
}

impl Rounds {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Whether the call was answered in the first round.
    pub(crate) fn is_first(&self) -> bool {
        self.count == 0
    }

    /// The parameters of the next round. What the server did not give is not there.
    pub(crate) fn params<'a>(&self, call: &'a Params) -> Cow<'a, Params> {
        if self.is_first() {
            return Cow::Borrowed(call);
        }
        let mut params = call.clone();
        if let Some(responses) = &self.responses {
            params.set("inputResponses", responses.clone());
        }
        if let Some(state) = &self.state {
            params.set("requestState", state.clone());
        }
        Cow::Owned(params)
    }

    /// Takes the answer of a round: gives it back when the call is done, else answers what the
    /// server asks and is ready for the next round.
    pub(crate) async fn take(
        &mut self,
        shared: &Arc<Shared>,
        method: &Method<'_>,
        answer: Message,
        times: Times,
    ) -> Result<Option<Message>, ClientError> {
        let kind: Kindly = answer.decode_result().map_err(|error| ClientError::Unreadable {
            reason: format!("result of {method}: {error}"),
        })?;
        match kind.result_type {
            // "If the field is absent, the client MUST treat it as `complete`" (2026-07-28,
            // schema, Result).
            None | Some(ResultType::Complete) => return Ok(Some(answer)),
            Some(ResultType::InputRequired) if has_rounds(method) => {}
            // "A `resultType` of any value unrecognized by the client MUST be considered
            // invalid" (2026-07-28, basic/index, ResultType).
            Some(other) => {
                let reason = format!("result of {method} has resultType {:?}", other.as_str());
                return Err(broken(&reason));
            }
        }
        let interim: Interim = answer
            .decode_result()
            .map_err(|error| broken(&format!("result of {method}: {error}")))?;
        if interim.input_requests.is_none() && interim.request_state.is_none() {
            return Err(broken("server asks for input and names none"));
        }
        self.count += 1;
        if self.count >= shared.config.limits.calls.rounds_max {
            return Err(ClientError::TooManyRounds { rounds: self.count });
        }
        self.state = interim.request_state;
        self.responses = None;
        let prepared = timeout_at(times.ends_at, self.prepare(shared, interim.input_requests));
        match prepared.await {
            Ok(prepared) => prepared.map(|()| None),
            Err(_elapsed) => Err(times.elapsed(eyot_types::codes::Outcome::Unknown)),
        }
    }

    /// Answers everything that is asked, all at once; the first failure is the call's.
    async fn prepare(
        &mut self,
        shared: &Arc<Shared>,
        requests: Option<BTreeMap<String, RawInputRequest>>,
    ) -> Result<(), ClientError> {
        let Some(requests) = requests.filter(|it| !it.is_empty()) else {
            sleep(pause(self.idle)).await;
            self.idle += 1;
            return Ok(());
        };
        self.idle = 0;
        let patience = shared.config.limits.calls.question_timeout;
        let answering =
            requests.into_iter().map(|(key, RawInputRequest { method, params })| async move {
                let answer = shared
                    .config
                    .handlers
                    .answer(&method, params.as_deref().map(RawValue::get), patience)
                    .await;
                match answer {
                    Ok(answer) => Ok((key, answer)),
                    Err(error) => Err(ClientError::Unanswered { method, error }),
                }
            });
        let answers: BTreeMap<String, Value> = try_join_all(answering).await?.into_iter().collect();
        self.responses = Some(to_raw(&answers)?);
        Ok(())
    }
}

/// "Servers MUST NOT send `InputRequiredResult` responses on any other client requests"
/// (2026-07-28, basic/patterns/mrtr, Supported Requests).
fn has_rounds(method: &Method<'_>) -> bool {
    matches!(method, Method::ToolsCall | Method::PromptsGet | Method::ResourcesRead)
}

/// A server that asks for nothing but another round is not asked without end at full speed.
fn pause(idle: u32) -> Duration {
    let factor = 1_u32.checked_shl(idle).unwrap_or(u32::MAX);
    PAUSE.saturating_mul(factor).min(PAUSE_MAX)
}

fn broken(reason: &str) -> ClientError {
    ClientError::Protocol { reason: reason.to_owned() }
}

const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(5);
