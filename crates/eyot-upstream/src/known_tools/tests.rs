//! Lists are asked for once for all who wait, and no more often than needed.

use std::cell::Cell;
use std::future::{pending, ready};

use eyot_jsonrpc::Id;
use eyot_types::TaskSupport;
use futures_util::FutureExt as _;
use futures_util::future::join3;
use serde_json::{Value, json};

use super::*;

fn page(tools: &Value, next: Option<&str>) -> Result<Response, Fault> {
    let mut result = json!({ "tools": tools });
    if let Some(next) = next {
        result["nextCursor"] = json!(next);
    }
    Ok(Response::new(Id::from_number(1), &result))
}

fn tool(name: &str) -> Value {
    let execution = json!({ "taskSupport": "required" });
    json!({ "name": name, "inputSchema": { "type": "object" }, "execution": execution })
}

fn with_header(header: &str) -> Value {
    let place = json!({ "type": "string", "x-mcp-header": header });
    json!({ "name": "t", "inputSchema": { "type": "object", "properties": { "place": place } } })
}

/// Lists the tool `t` and counts how often it was asked.
async fn looked_up(tools: &KnownTools, name: &str, asked: &Cell<u32>) -> Option<Arc<ToolFact>> {
    let list = |_| {
        asked.set(asked.get() + 1);
        async {
            tokio::task::yield_now().await;
            page(&json!([tool("t")]), None)
        }
    };
    tools.look_up(None, name, list).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn calls_at_the_same_time_wait_for_one_list() {
    let (tools, asked) = (KnownTools::new(true, &Limits::default()), Cell::new(0));
    let (one, two, other) = join3(
        looked_up(&tools, "t", &asked),
        looked_up(&tools, "t", &asked),
        looked_up(&tools, "other", &asked),
    )
    .await;
    for known in [one, two] {
        assert_eq!(known.unwrap().task_support, Some(TaskSupport::Required));
    }
    assert_eq!((other, asked.get()), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_looked_up_anew_when_its_time_is_over_or_the_list_has_changed() {
    let (tools, asked) = (KnownTools::new(true, &Limits::default()), Cell::new(0));
    looked_up(&tools, "t", &asked).await;
    looked_up(&tools, "t", &asked).await;
    assert_eq!(asked.get(), 1);
    tokio::time::advance(ToolFacts::TTL).await;
    looked_up(&tools, "t", &asked).await;
    assert_eq!(asked.get(), 2);
    tools.handle_changed();
    looked_up(&tools, "t", &asked).await;
    assert_eq!(asked.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_list_of_several_pages_is_read_to_its_end() {
    let tools = KnownTools::new(true, &Limits::default());
    let list = |params: PaginatedParams| {
        ready(match params.cursor.as_deref() {
            None => page(&json!([tool("one")]), Some("second")),
            Some("second") => page(&json!([tool("two")]), None),
            Some(other) => panic!("asked for {other}"),
        })
    };
    assert!(tools.look_up(None, "two", list).await.unwrap().is_some());
    assert!(tools.find(None, "one").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_does_not_come_is_due_for_whom_it_matters() {
    let tools = KnownTools::new(true, &Limits::default());
    let fails = |_| ready(Err(Fault::unanswered()));
    assert!(tools.look_up(None, "t", fails).await.is_err());
    assert!(tools.look_up(None, "t", fails).await.is_err());
    // Who can do without is not kept up by it again.
    assert_eq!(tools.look_up_if_possible(None, "t", fails).await, None);
    let never = |_| pending();
    assert_eq!(tools.look_up_if_possible(None, "t", never).now_or_never(), Some(None));
}

#[tokio::test(start_paused = true)]
async fn what_was_known_before_is_used_when_the_list_does_not_come() {
    let (tools, asked) = (KnownTools::new(true, &Limits::default()), Cell::new(0));
    looked_up(&tools, "t", &asked).await;
    tokio::time::advance(ToolFacts::TTL).await;
    let fails = |_| ready(Err(Fault::unanswered()));
    assert!(tools.look_up_if_possible(None, "t", fails).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_leaves_the_list_to_the_next() {
    let (tools, asked) = (KnownTools::new(true, &Limits::default()), Cell::new(0));
    assert!(tools.look_up(None, "t", |_| pending()).now_or_never().is_none());
    assert!(looked_up(&tools, "t", &asked).await.is_some());
    assert_eq!(asked.get(), 1);
}

#[test]
fn a_tool_whose_headers_cannot_be_made_is_left_out_where_headers_are_needed() {
    for (needs_headers, is_listed) in [(true, false), (false, true)] {
        let tools = KnownTools::new(needs_headers, &Limits::default());
        let bad = with_header("no header");
        let mut page: ListToolsResult =
            serde_json::from_value(json!({ "tools": [bad, tool("fine")] })).unwrap();
        tools.learn_page(None, &mut page);
        assert_eq!(page.tools.iter().any(|it| it.name == "t"), is_listed);
        assert_eq!(tools.find(None, "t").is_some(), is_listed);
        assert!(tools.find(None, "t").is_none_or(|it| it.param_headers().is_none()));
    }
}

#[test]
fn lists_that_say_nothing_of_calls_are_not_read() {
    let tools = KnownTools::new(true, &Limits::default());
    tools.learn_text(None, r#"{"tools":[{"name":"t","inputSchema":{}}]}"#);
    assert_eq!(tools.find(None, "t"), None);
    tools.learn_text(None, &json!({ "tools": [with_header("Place")] }).to_string());
    assert!(tools.find(None, "t").is_some_and(|it| it.param_headers().is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_tool_beside_odd_ones_is_found_and_one_without_room_too() {
    let mut limits = Limits::default();
    limits.memory.known_tools_max = 1;
    let tools = KnownTools::new(true, &limits);
    let list = |_| ready(page(&json!([5, { "name": 5 }, { "name": "u" }, with_header("P")]), None));
    let fact = tools.look_up(None, "t", list).await.unwrap();
    assert!(fact.is_some_and(|it| it.param_headers().is_some()));
    assert_eq!(tools.find(None, "t"), None);
}

#[tokio::test(start_paused = true)]
async fn a_principal_does_not_wait_for_the_list_of_another() {
    let tools = KnownTools::new(true, &Limits::default());
    let mut slow = std::pin::pin!(tools.look_up(None, "t", |_| pending()));
    assert!(slow.as_mut().now_or_never().is_none());
    let ada = Arc::from("ada");
    let list = |_| ready(page(&json!([tool("t")]), None));
    assert!(tools.look_up(Some(&ada), "t", list).await.unwrap().is_some());
}
