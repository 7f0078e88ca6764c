//! Declares the extension where a server says what it can do.

use std::sync::Arc;

use eyot_interceptors::{EXTENSION, Interceptors};
use eyot_jsonrpc::Response;
use eyot_service::{BoxService, Call, Input, Reply, ReplyFuture, SharedService};
use eyot_types::Method;
use serde_json::{Map, Value, json};
use tower_layer::Layer;
use tower_service::Service as _;

/// Adds the extension to the results of `initialize` and `server/discover`.
#[derive(Clone)]
pub(crate) struct Declaring(pub(crate) Interceptors);

impl Layer<BoxService> for Declaring {
    type Service = BoxService;

    fn layer(&self, inner: BoxService) -> BoxService {
        BoxService::of_shared(Arc::new(Declared { inner, interceptors: self.0.clone() }))
    }
}

struct Declared {
    inner: BoxService,
    interceptors: Interceptors,
}

impl SharedService for Declared {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        let is_asked = match &call.input {
            Input::Request(request) => matches!(
                Method::parse(request.method()),
                Method::Initialize | Method::ServerDiscover
            ),
            _ => false,
        };
        let answering = self.inner.clone().call(call);
        if !is_asked {
            return answering;
        }
        Box::pin(async move {
            Ok(match answering.await? {
                Reply::One(answer) => Reply::One(self.declared(answer)),
                other => other,
            })
        })
    }
}

impl Declared {
    fn declared(&self, answer: Response) -> Response {
        let Ok(mut result) = answer.decode_result::<Map<String, Value>>() else { return answer };
        let events = self.interceptors.plan().supported_events();
        let Some(capabilities) = member(&mut result, "capabilities") else { return answer };
        let Some(extensions) = member(capabilities, "extensions") else { return answer };
        extensions.insert(EXTENSION.to_owned(), json!({ "supportedEvents": events }));
        let changed = answer.with_payload(&[&Value::Object(result).to_string()]);
        changed.ok().and_then(|it| it.into_response().ok()).unwrap_or(answer)
    }
}

/// The object that is the member of this name, made if there is none.
fn member<'a>(of: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    of.entry(name).or_insert_with(|| json!({})).as_object_mut()
}
