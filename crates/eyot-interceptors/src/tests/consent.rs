//! Interceptors that ask the user of the client, in both eras.

mod approval;
mod legacy;
mod modern;
mod store;

use std::time::Duration;

use eyot_jsonrpc::MessageKind;
use eyot_service::{Principal, SessionHandle};
use futures_util::future::BoxFuture;

use self::store::KeyStore;
use super::*;
use crate::Consent;

/// A layer at the boundary to clients, before a server that counts what it gets.
struct Asking {
    service: BoxService,
    came: Arc<Mutex<Vec<Message>>>,
}

/// Asks before each call, in these words.
fn asks(name: &'static str, message: &'static str) -> Interceptor {
    asks_within(name, message, Duration::from_secs(60))
}

fn asks_within(name: &'static str, message: &'static str, timeout: Duration) -> Interceptor {
    Interceptor::mutator(name, move |view: &View<'_>| {
        let consent = Consent::new(name, message).within(timeout);
        Ok(match view.origin().has_consent(&consent) {
            true => Edit::Keep,
            false => Edit::Ask(consent),
        })
    })
    .on(Phase::Request, ["tools/call"])
    .asking()
}

impl Asking {
    fn new(steps: Vec<Interceptor>) -> Self {
        Self::before(Boundary::Downstream, steps, |request| request.answer(&text("done")))
    }

    fn before(
        boundary: Boundary,
        steps: Vec<Interceptor>,
        answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        let plan = Plan::compile(steps, PlanOptions::default()).unwrap();
        let came: Arc<Mutex<Vec<Message>>> = Arc::default();
        let (noted, answer) = (Arc::clone(&came), Arc::new(answer));
        let inner = BoxService::from_fn(move |call| {
            if let Input::Listen { .. } = &call.input {
                let silent = Messages::new(futures_util::stream::pending());
                return Box::pin(std::future::ready(Ok(Reply::Stream(silent))));
            }
            let request = match &call.input {
                Input::Request(request) => Some(request.clone()),
                _ => None,
            };
            let reply = noting(&noted, call).and(request).map(|it| Reply::One(answer(&it)));
            Box::pin(std::future::ready(Ok(reply.unwrap_or(Reply::None))))
        });
        let layer = InterceptorLayer::new(&Interceptors::new(plan), boundary);
        let service = layer.sealing_with(Arc::new(KeyStore)).layer(inner);
        Self { service, came }
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Result<Reply, Fault>> {
        self.service.clone().call(call)
    }

    /// Parameters of what the server got.
    fn params_that_came(&self) -> Vec<Value> {
        self.came.lock().iter().map(|it| it.decode_params().unwrap()).collect()
    }
}

#[tokio::test]
async fn no_user_is_asked_at_the_boundary_to_servers() {
    let asking = Asking::before(Boundary::Upstream, vec![asks("pay", "pay?")], |_| panic!());
    let request = Request::new(Id::from_number(1), "tools/call", &echo(""));
    let call = Call::new(Input::Request(request), Peer::ourselves(Era::Modern));
    let answer = asking.call(call).await.unwrap().answer(drop).await.unwrap();
    assert_eq!(answer.error_object().unwrap().message, "Interceptor mutation failed");
}
