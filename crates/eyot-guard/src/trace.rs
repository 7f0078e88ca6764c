//! The trace of a call: a span of ours between that of the client and those of the server.

use eyot_interceptors::{Direction, Edit, Interceptor, Phase, Splice, View};
use eyot_jsonrpc::Members;
use eyot_service::TraceParent;
use eyot_types::meta::{TRACEPARENT, TRACESTATE};
use tracing::Span;
use tracing::field::display;

/// Gives each request a span of its own in the trace that its client has named in `_meta`. A request whose
/// client has named none, or none that can be read, begins a trace, which those who collect spans should keep
/// if `is_sampled`.
///
/// "MCP server instrumentation SHOULD, by default, use context extracted from MCP `params._meta` as a parent"
/// (OpenTelemetry, semantic conventions for MCP, context propagation): headers of HTTP tell of the carrier.
#[must_use]
pub fn trace(is_sampled: bool) -> Interceptor {
    Interceptor::mutator("guard/trace", move |view: &View<'_>| Ok(traced(view, is_sampled)))
        .description("gives each request a span of its own in the trace of its client")
        .on(Phase::Request, ["*"])
        .priority(FIRST)
        .routine()
        .fail_open()
}

fn traced(view: &View<'_>, is_sampled: bool) -> Edit {
    if view.origin().direction() == Direction::ToClient {
        return Edit::Keep;
    }
    let came = view.trace();
    let ours = came.map_or_else(|| TraceParent::begin(is_sampled), TraceParent::child);
    let Some(splice) = splice(view.payload(), ours, came.is_some()) else { return Edit::Keep };
    let span = Span::current();
    if came.is_none() {
        span.record("trace_id", display(ours.trace_id()));
    }
    span.record("span_id", display(ours.span_id()));
    Edit::Splices(vec![splice])
}

/// Puts `ours` into the `_meta` of parameters. `None`: what stands there is no object.
fn splice(params: &str, ours: TraceParent, has_came: bool) -> Option<Splice> {
    let at = |part: &str| part.as_ptr().addr() - params.as_ptr().addr();
    let mut members = Members::of(params)?;
    let Some((_, meta)) = members.find(|(name, _)| name == "_meta") else {
        let comma = if Members::of(params)?.next().is_none() { "" } else { "," };
        let text = format!("\"_meta\":{{\"{TRACEPARENT}\":\"{ours}\"}}{comma}");
        return Some(Splice { range: 1..1, text });
    };
    let mut members = Members::of(meta)?;
    if has_came {
        let (_, value) = members.find(|(name, _)| name == TRACEPARENT)?;
        let range = at(value)..at(value) + value.len();
        return Some(Splice { range, text: format!("\"{ours}\"") });
    }
    // "If parsing fails, the vendor creates a new traceparent header and deletes the tracestate" (W3C Trace
    // Context, processing model); of several that readers could take, none stays.
    let mut text = format!("{{\"{TRACEPARENT}\":\"{ours}\"");
    for (name, value) in members.filter(|(name, _)| name != TRACEPARENT && name != TRACESTATE) {
        text.push_str(&format!(",{}:{value}", serde_json::Value::from(&*name)));
    }
    text.push('}');
    Some(Splice { range: at(meta)..at(meta) + meta.len(), text })
}

/// Before all other mutators, so that what is logged of them has the trace.
const FIRST: i32 = -2_000_000;

#[cfg(test)]
mod tests;
