//! The one resource, and the tool that changes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use eyot::{CallContext, NoArguments, ServerBuilder, resource, tool};

const URI: &str = "demo://greeting";

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    let touches = Arc::new(AtomicU64::new(0));
    let read = {
        let touches = Arc::clone(&touches);
        move |_: CallContext| {
            let touches = touches.load(Ordering::Relaxed);
            async move { format!("Hello from Eyot! Touched so far: {touches}.") }
        }
    };
    let touch = move |_: NoArguments, call: CallContext| {
        touches.fetch_add(1, Ordering::Relaxed);
        call.server().notify_resource_updated(URI);
        async { "Touched. Everyone who subscribed is told." }
    };
    server
        .resource(
            resource(URI, read)
                .name("greeting")
                .description("A greeting that counts how often it was touched.")
                .mime_type("text/plain"),
        )
        .tool(
            tool("touch", touch)
                .description("Changes the greeting, and tells everyone who subscribed to it."),
        )
}
