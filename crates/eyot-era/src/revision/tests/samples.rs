//! One sample of every type, with every member that any revision names.

use eyot_types::{
    Annotations, CallToolParams, CallToolResult, CancelledParams, ClientCapabilities,
    CompleteParams, CompleteResult, CompletionReference, ContentBlock, CreateMessageParams,
    CreateMessageResult, CreateTaskResult, DiscoverResult, ElicitParams, ElicitResult,
    ElicitationCompleteParams, EmptyParams, EmptyResult, GetPromptParams, GetPromptResult,
    GetTaskResult, Icon, Implementation, InitializeParams, InitializeResult, InputRequiredResult,
    LegacyCreateTaskResult, LegacyListTasksResult, LegacyTask, LegacyTaskState, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListRootsResult, ListToolsResult,
    LoggingMessageParams, ModelHint, ModelPreferences, PaginatedParams, PrimitiveSchema,
    ProgressParams, Prompt, PromptArgument, PromptMessage, ReadResourceParams, ReadResourceResult,
    RelatedTask, Resource, ResourceContents, ResourceTemplate, Revision, Root, SamplingContent,
    SamplingMessage, ServerCapabilities, SetLevelParams, SubscribeParams, SubscriptionFilter,
    SubscriptionsAcknowledgedParams, SubscriptionsListenParams, SubscriptionsListenResult, Task,
    TaskMetadata, TaskNotificationParams, TaskParams, Tool, ToolAnnotations, ToolChoice,
    ToolExecution, UpdateTaskParams, meta,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::revision::{self, Convert, Losses};

/// A value of one of our types, and the definitions that describe it.
pub(super) struct Sample {
    /// Where the schemas describe it; a revision has none or some of these.
    pub(super) definitions: &'static [&'static str],
    /// The value as JSON.
    pub(super) value: Value,
    /// Decodes and encodes a value of the type; also says how it looks decoded.
    pub(super) survive: fn(&Value) -> Result<(Value, String), serde_json::Error>,
    /// Carries a value of the type to a revision.
    pub(super) convert: fn(Revision, &Value) -> (Value, Losses),
}

/// A sample of a type that is the same in every revision that has it.
fn plain<T: Serialize + DeserializeOwned + std::fmt::Debug>(
    definitions: &'static [&'static str],
    value: Value,
) -> Sample {
    let convert = |_, value: &Value| (value.clone(), Losses::default());
    Sample { definitions, value, survive: survive::<T>, convert }
}

/// A sample of a type that is carried between the revisions.
fn converted<T: Serialize + DeserializeOwned + std::fmt::Debug + Convert>(
    definitions: &'static [&'static str],
    value: Value,
) -> Sample {
    let convert = |revision, value: &Value| {
        let typed: T = serde_json::from_value(value.clone()).unwrap();
        let (typed, losses) = revision::to(revision, typed);
        (serde_json::to_value(typed).unwrap(), losses)
    };
    Sample { definitions, value, survive: survive::<T>, convert }
}

fn survive<T: Serialize + DeserializeOwned + std::fmt::Debug>(
    value: &Value,
) -> Result<(Value, String), serde_json::Error> {
    let typed: T = serde_json::from_str(&value.to_string())?;
    Ok((serde_json::to_value(&typed)?, format!("{typed:?}")))
}

/// All samples.
pub(super) fn all() -> Vec<Sample> {
    let mut samples = handshake();
    for more in [tools(), prompts(), resources(), content(), sampling(), elicitation(), forms()] {
        samples.extend(more);
    }
    for more in [notifications(), rounds(), subscriptions(), tasks(), extension_tasks()] {
        samples.extend(more);
    }
    samples
}

fn icon() -> Value {
    json!({ "src": "https://a.example/i", "mimeType": "image/png", "sizes": ["any"], "theme": "dark" })
}

fn program() -> Value {
    json!({
        "name": "n", "title": "N", "version": "1", "description": "d",
        "websiteUrl": "https://a.example/", "icons": [icon()],
    })
}

fn annotations() -> Value {
    json!({ "audience": ["user", "assistant"], "priority": 0.5, "lastModified": "2025-01-12T15:00:58Z" })
}

/// Metadata that every revision knows.
fn message_meta() -> Value {
    json!({ "progressToken": 7, "com.example/x": [1] })
}

fn item_meta() -> Value {
    json!({ "com.example/x": [1] })
}

fn handshake() -> Vec<Sample> {
    let client = json!({
        "elicitation": { "form": {}, "url": {} }, "experimental": { "a": {} },
        "extensions": { "a.example/b": {} }, "roots": { "listChanged": true },
        "sampling": { "context": {}, "tools": {} },
        "tasks": { "cancel": {}, "list": {}, "requests": {} },
    });
    let server = json!({
        "completions": {}, "experimental": { "a": {} }, "extensions": { "a.example/b": {} },
        "logging": {}, "prompts": { "listChanged": true },
        "resources": { "listChanged": true, "subscribe": true },
        "tasks": { "cancel": {}, "list": {}, "requests": {} }, "tools": { "listChanged": true },
    });
    let asked = json!({
        "protocolVersion": "2025-11-25", "capabilities": client, "clientInfo": program(),
        "_meta": message_meta(),
    });
    let answered = json!({
        "protocolVersion": "2025-11-25", "capabilities": server, "serverInfo": program(),
        "instructions": "i", "_meta": item_meta(),
    });
    let discovered = json!({
        "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": server,
        "instructions": "i", "ttlMs": 5, "cacheScope": "public", "_meta": item_meta(),
    });
    let empty = json!({ "resultType": "complete", "_meta": item_meta() });
    vec![
        plain::<Icon>(&["Icon"], icon()),
        converted::<Implementation>(&["Implementation"], program()),
        converted::<Annotations>(&["Annotations"], annotations()),
        converted::<ClientCapabilities>(&["ClientCapabilities"], client),
        converted::<ServerCapabilities>(&["ServerCapabilities"], server),
        converted::<InitializeParams>(&["InitializeRequest/properties/params"], asked),
        converted::<InitializeResult>(&["InitializeResult"], answered),
        converted::<DiscoverResult>(&["DiscoverResult"], discovered),
        converted::<EmptyResult>(&["EmptyResult"], empty),
        converted::<EmptyParams>(
            &[
                "PingRequest/properties/params",
                "DiscoverRequest/properties/params",
                "ListRootsRequest/properties/params",
                "InitializedNotification/properties/params",
                "RootsListChangedNotification/properties/params",
                "ToolListChangedNotification/properties/params",
                "PromptListChangedNotification/properties/params",
                "ResourceListChangedNotification/properties/params",
            ],
            json!({ "_meta": message_meta() }),
        ),
    ]
}

fn tool() -> Value {
    json!({
        "name": "n", "title": "N", "description": "d",
        "inputSchema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
            "properties": { "a": true }, "required": ["a"],
        },
        "outputSchema": { "type": "array", "items": { "type": "string" } },
        "annotations": {
            "title": "N", "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true,
            "openWorldHint": false,
        },
        "execution": { "taskSupport": "optional" }, "icons": [icon()], "_meta": item_meta(),
    })
}

fn list(items: &str, item: &Value) -> Value {
    json!({
        "resultType": "complete", items: [item], "nextCursor": "c", "ttlMs": 5,
        "cacheScope": "public", "_meta": item_meta(),
    })
}

fn tools() -> Vec<Sample> {
    let call = json!({
        "name": "n", "arguments": { "a": null }, "task": { "ttl": 5 },
        "inputResponses": { "q": { "action": "decline" } }, "requestState": "s",
        "_meta": message_meta(),
    });
    let result = json!({
        "resultType": "complete",
        "content": [block("text"), block("image"), block("audio"), block("resource"), block("resource_link")],
        "structuredContent": [1], "isError": false, "_meta": item_meta(),
    });
    vec![
        converted::<Tool>(&["Tool"], tool()),
        plain::<ToolAnnotations>(&["ToolAnnotations"], tool()["annotations"].clone()),
        plain::<ToolExecution>(&["ToolExecution"], tool()["execution"].clone()),
        converted::<ListToolsResult>(&["ListToolsResult"], list("tools", &tool())),
        converted::<CallToolParams>(&["CallToolRequest/properties/params"], call),
        converted::<CallToolResult>(&["CallToolResult"], result),
        converted::<PaginatedParams>(
            &[
                "ListToolsRequest/properties/params",
                "ListPromptsRequest/properties/params",
                "ListResourcesRequest/properties/params",
                "ListResourceTemplatesRequest/properties/params",
                "ListTasksRequest/properties/params",
            ],
            json!({ "cursor": "c", "_meta": message_meta() }),
        ),
    ]
}

fn prompts() -> Vec<Sample> {
    let argument = json!({ "name": "a", "title": "A", "description": "d", "required": true });
    let prompt = json!({
        "name": "n", "title": "N", "description": "d", "arguments": [argument],
        "icons": [icon()], "_meta": item_meta(),
    });
    let message = json!({ "role": "assistant", "content": block("audio") });
    let get = json!({
        "name": "n", "arguments": { "a": "b" },
        "inputResponses": { "q": { "action": "decline" } }, "requestState": "s",
        "_meta": message_meta(),
    });
    let result = json!({
        "resultType": "complete", "description": "d", "messages": [message], "_meta": item_meta(),
    });
    let reference = json!({ "type": "ref/prompt", "name": "n", "title": "N" });
    let complete = json!({
        "ref": reference, "argument": { "name": "a", "value": "b" },
        "context": { "arguments": { "c": "d" } }, "_meta": message_meta(),
    });
    let completed = json!({
        "resultType": "complete",
        "completion": { "values": ["b"], "total": 1, "hasMore": false }, "_meta": item_meta(),
    });
    vec![
        converted::<PromptArgument>(&["PromptArgument"], argument),
        converted::<ListPromptsResult>(&["ListPromptsResult"], list("prompts", &prompt)),
        converted::<Prompt>(&["Prompt"], prompt),
        converted::<PromptMessage>(&["PromptMessage"], message),
        converted::<GetPromptParams>(&["GetPromptRequest/properties/params"], get),
        converted::<GetPromptResult>(&["GetPromptResult"], result),
        plain::<CompletionReference>(&["PromptReference"], reference),
        plain::<CompletionReference>(
            &["ResourceReference", "ResourceTemplateReference"],
            json!({ "type": "ref/resource", "uri": "a:{b}" }),
        ),
        converted::<CompleteParams>(&["CompleteRequest/properties/params"], complete),
        converted::<CompleteResult>(&["CompleteResult"], completed),
    ]
}

fn resources() -> Vec<Sample> {
    let resource = json!({
        "uri": "a:b", "name": "n", "title": "N", "description": "d", "mimeType": "a/b",
        "annotations": annotations(), "size": 7, "icons": [icon()], "_meta": item_meta(),
    });
    let template = json!({
        "uriTemplate": "a:{b}", "name": "n", "title": "N", "description": "d", "mimeType": "a/b",
        "annotations": annotations(), "icons": [icon()], "_meta": item_meta(),
    });
    let text = json!({ "uri": "a:b", "mimeType": "a/b", "text": "t", "_meta": item_meta() });
    let blob = json!({ "uri": "a:b", "mimeType": "a/b", "blob": "AA==", "_meta": item_meta() });
    let read = json!({
        "uri": "a:b", "inputResponses": { "q": { "action": "decline" } }, "requestState": "s",
        "_meta": message_meta(),
    });
    let result = json!({
        "resultType": "complete", "contents": [text, blob], "ttlMs": 5, "cacheScope": "public",
        "_meta": item_meta(),
    });
    vec![
        converted::<ListResourcesResult>(&["ListResourcesResult"], list("resources", &resource)),
        converted::<Resource>(&["Resource"], resource),
        converted::<ListResourceTemplatesResult>(
            &["ListResourceTemplatesResult"],
            list("resourceTemplates", &template),
        ),
        converted::<ResourceTemplate>(&["ResourceTemplate"], template),
        converted::<ResourceContents>(&["TextResourceContents"], text),
        converted::<ResourceContents>(&["BlobResourceContents"], blob),
        converted::<ReadResourceParams>(&["ReadResourceRequest/properties/params"], read),
        converted::<ReadResourceResult>(&["ReadResourceResult"], result),
        converted::<SubscribeParams>(
            &[
                "SubscribeRequest/properties/params",
                "UnsubscribeRequest/properties/params",
                "ResourceUpdatedNotification/properties/params",
            ],
            json!({ "uri": "a:b", "_meta": message_meta() }),
        ),
    ]
}

fn block(kind: &str) -> Value {
    let mut block = match kind {
        "text" => json!({ "text": "t" }),
        "image" | "audio" => json!({ "data": "AA==", "mimeType": "a/b" }),
        "resource" => json!({ "resource": { "uri": "a:b", "text": "t" } }),
        _ => json!({
            "uri": "a:b", "name": "n", "title": "N", "description": "d", "mimeType": "a/b",
            "size": 7, "icons": [icon()],
        }),
    };
    block["type"] = json!(kind);
    block["annotations"] = annotations();
    block["_meta"] = item_meta();
    block
}

fn content() -> Vec<Sample> {
    vec![
        converted::<ContentBlock>(&["TextContent"], block("text")),
        converted::<ContentBlock>(&["ImageContent"], block("image")),
        converted::<ContentBlock>(&["AudioContent"], block("audio")),
        converted::<ContentBlock>(&["EmbeddedResource"], block("resource")),
        converted::<ContentBlock>(&["ResourceLink"], block("resource_link")),
    ]
}

fn tool_use() -> Value {
    json!({ "type": "tool_use", "id": "i", "name": "n", "input": {}, "_meta": item_meta() })
}

fn tool_result() -> Value {
    json!({
        "type": "tool_result", "toolUseId": "i", "content": [block("text")],
        "structuredContent": 7, "isError": true, "_meta": item_meta(),
    })
}

fn sampling() -> Vec<Sample> {
    let message = json!({
        "role": "user", "content": [block("text"), block("image")], "_meta": item_meta(),
    });
    let preferences = json!({
        "hints": [{ "name": "n" }], "costPriority": 0, "speedPriority": 0.5,
        "intelligencePriority": 1,
    });
    let mut params = json!({
        "messages": [message], "modelPreferences": preferences, "systemPrompt": "s",
        "includeContext": "none", "temperature": 0.5, "maxTokens": 7, "stopSequences": ["s"],
        "metadata": { "a": 1 }, "task": { "ttl": 5 }, "_meta": message_meta(),
    });
    let without_tools = converted::<CreateMessageParams>(&[], params.clone());
    params["tools"] = json!([tool()]);
    params["toolChoice"] = json!({ "mode": "auto" });
    let result = json!({
        "role": "assistant", "content": [block("text"), block("text")], "model": "m",
        "stopReason": "endTurn", "_meta": item_meta(),
    });
    vec![
        Sample { definitions: &["CreateMessageRequest/properties/params"], ..without_tools },
        converted::<CreateMessageParams>(&["CreateMessageRequest/properties/params"], params),
        converted::<CreateMessageResult>(&["CreateMessageResult"], result),
        converted::<SamplingMessage>(
            &["SamplingMessage"],
            json!({ "role": "user", "content": block("audio"), "_meta": item_meta() }),
        ),
        converted::<SamplingContent>(&["ToolUseContent"], tool_use()),
        converted::<SamplingContent>(&["ToolResultContent"], tool_result()),
        plain::<ModelPreferences>(&["ModelPreferences"], preferences),
        plain::<ModelHint>(&["ModelHint"], json!({ "name": "n" })),
        plain::<ToolChoice>(&["ToolChoice"], json!({ "mode": "required" })),
        converted::<Root>(
            &["Root"],
            json!({ "uri": "file:///a", "name": "a", "_meta": item_meta() }),
        ),
        converted::<ListRootsResult>(
            &["ListRootsResult"],
            json!({ "roots": [{ "uri": "file:///a" }], "_meta": item_meta() }),
        ),
    ]
}

fn elicitation() -> Vec<Sample> {
    let form = json!({
        "message": "m", "mode": "form",
        "requestedSchema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
            "properties": { "a": titled_select(), "b": { "type": "boolean" } }, "required": ["a"],
        },
        "task": { "ttl": 5 }, "_meta": message_meta(),
    });
    let url = json!({
        "message": "m", "mode": "url", "url": "https://a.example/", "elicitationId": "e",
        "task": { "ttl": 5 }, "_meta": message_meta(),
    });
    let result = json!({
        "action": "accept", "content": { "a": "b", "c": 1, "d": true, "e": "f" },
        "_meta": item_meta(),
    });
    vec![
        converted::<ElicitParams>(
            &["ElicitRequest/properties/params", "ElicitRequestFormParams"],
            form,
        ),
        converted::<ElicitParams>(&["ElicitRequestURLParams"], url),
        converted::<ElicitResult>(&["ElicitResult"], result),
        plain::<ElicitationCompleteParams>(
            &["ElicitationCompleteNotification/properties/params"],
            json!({ "elicitationId": "e", "_meta": message_meta() }),
        ),
    ]
}

fn titled_select() -> Value {
    json!({
        "type": "string", "title": "T", "description": "d",
        "oneOf": [{ "const": "a", "title": "A" }], "default": "a",
    })
}

fn forms() -> Vec<Sample> {
    let text = json!({
        "type": "string", "title": "T", "description": "d", "minLength": 1, "maxLength": 9,
        "format": "email", "default": "a",
    });
    let number = json!({
        "type": "integer", "title": "T", "description": "d", "minimum": 1, "maximum": 9.5,
        "default": 2,
    });
    let boolean = json!({ "type": "boolean", "title": "T", "description": "d", "default": true });
    let legacy = json!({
        "type": "string", "title": "T", "description": "d", "enum": ["a"], "enumNames": ["A"],
        "default": "a",
    });
    let mut untitled = legacy.clone();
    untitled.as_object_mut().unwrap().remove("enumNames");
    let many = |items: Value| {
        json!({
            "type": "array", "title": "T", "description": "d", "items": items, "minItems": 1,
            "maxItems": 2, "default": ["a"],
        })
    };
    vec![
        converted::<PrimitiveSchema>(&["StringSchema"], text),
        converted::<PrimitiveSchema>(&["NumberSchema"], number),
        converted::<PrimitiveSchema>(&["BooleanSchema"], boolean),
        converted::<PrimitiveSchema>(&["EnumSchema", "LegacyTitledEnumSchema"], legacy),
        converted::<PrimitiveSchema>(&["UntitledSingleSelectEnumSchema"], untitled),
        converted::<PrimitiveSchema>(&["TitledSingleSelectEnumSchema"], titled_select()),
        converted::<PrimitiveSchema>(
            &["UntitledMultiSelectEnumSchema"],
            many(json!({ "type": "string", "enum": ["a"] })),
        ),
        converted::<PrimitiveSchema>(
            &["TitledMultiSelectEnumSchema"],
            many(json!({ "anyOf": [{ "const": "a", "title": "A" }] })),
        ),
    ]
}

fn notifications() -> Vec<Sample> {
    vec![
        converted::<CancelledParams>(
            &["CancelledNotification/properties/params"],
            json!({ "requestId": 7, "reason": "r", "_meta": item_meta() }),
        ),
        converted::<ProgressParams>(
            &["ProgressNotification/properties/params"],
            json!({
                "progressToken": "a", "progress": 0.5, "total": 1, "message": "m",
                "_meta": item_meta(),
            }),
        ),
        plain::<SetLevelParams>(
            &["SetLevelRequest/properties/params"],
            json!({ "level": "alert", "_meta": message_meta() }),
        ),
        converted::<LoggingMessageParams>(
            &["LoggingMessageNotification/properties/params"],
            json!({ "level": "info", "logger": "l", "data": null, "_meta": item_meta() }),
        ),
    ]
}

fn rounds() -> Vec<Sample> {
    let sampling = json!({
        "messages": [{ "role": "user", "content": block("text") }], "maxTokens": 7,
    });
    let form = json!({ "message": "m", "requestedSchema": { "type": "object", "properties": {} } });
    let result = json!({
        "resultType": "input_required",
        "inputRequests": {
            "a": { "method": "elicitation/create", "params": form },
            "b": { "method": "sampling/createMessage", "params": sampling },
            "c": { "method": "roots/list" },
        },
        "requestState": "s", "_meta": item_meta(),
    });
    vec![converted::<InputRequiredResult>(&["InputRequiredResult"], result)]
}

fn subscriptions() -> Vec<Sample> {
    let filter = json!({
        "toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
        "resourceSubscriptions": ["a:b"], "taskIds": ["t"],
    });
    let tagged = json!({ meta::SUBSCRIPTION_ID: 7 });
    vec![
        plain::<SubscriptionsListenParams>(
            &["SubscriptionsListenRequest/properties/params"],
            json!({ "notifications": filter, "_meta": message_meta() }),
        ),
        plain::<SubscriptionsAcknowledgedParams>(
            &["SubscriptionsAcknowledgedNotification/properties/params"],
            json!({ "notifications": filter, "_meta": tagged }),
        ),
        plain::<SubscriptionsListenResult>(
            &["SubscriptionsListenResult"],
            json!({ "resultType": "complete", "_meta": tagged }),
        ),
        plain::<SubscriptionFilter>(&["SubscriptionFilter"], filter),
    ]
}

/// The extension has no schema here; its types are held against themselves.
fn extension_tasks() -> Vec<Sample> {
    let task = |status: &str| {
        json!({
            "taskId": "t", "status": status, "statusMessage": "m",
            "createdAt": "2025-11-25T10:30:00Z", "lastUpdatedAt": "2025-11-25T10:40:00Z",
            "ttlMs": 60000, "pollIntervalMs": 5000,
        })
    };
    let mut created = task("working");
    created["resultType"] = json!("task");
    created["_meta"] = item_meta();
    let mut waiting = task("input_required");
    waiting["resultType"] = json!("complete");
    waiting["inputRequests"] = json!({ "c": { "method": "roots/list" } });
    let mut completed = task("completed");
    completed["result"] = json!({ "content": [] });
    completed["_meta"] = item_meta();
    let mut failed = task("failed");
    failed["error"] = json!({ "code": 7, "message": "m", "data": [1] });
    let update = json!({
        "taskId": "t", "inputResponses": { "a": { "action": "decline" } }, "_meta": message_meta(),
    });
    vec![
        converted::<CreateTaskResult>(&[], created),
        plain::<GetTaskResult>(&[], waiting),
        plain::<TaskNotificationParams>(&[], completed),
        plain::<Task>(&[], failed),
        plain::<UpdateTaskParams>(&[], update),
    ]
}

fn tasks() -> Vec<Sample> {
    let task = json!({
        "taskId": "t", "status": "working", "statusMessage": "m",
        "createdAt": "2025-11-25T10:30:00Z", "lastUpdatedAt": "2025-11-25T10:40:00Z", "ttl": null,
        "pollInterval": 5,
    });
    let mut state = task.clone();
    state["_meta"] = item_meta();
    vec![
        plain::<LegacyCreateTaskResult>(
            &["CreateTaskResult"],
            json!({ "task": task, "_meta": item_meta() }),
        ),
        plain::<LegacyListTasksResult>(
            &["ListTasksResult"],
            json!({ "tasks": [task], "nextCursor": "c", "_meta": item_meta() }),
        ),
        plain::<LegacyTaskState>(
            &["GetTaskResult", "CancelTaskResult", "TaskStatusNotification/properties/params"],
            state,
        ),
        plain::<LegacyTask>(&["Task"], task),
        plain::<TaskMetadata>(&["TaskMetadata"], json!({ "ttl": 5 })),
        plain::<RelatedTask>(&["RelatedTaskMetadata"], json!({ "taskId": "t" })),
        plain::<TaskParams>(
            &[
                "GetTaskRequest/properties/params",
                "CancelTaskRequest/properties/params",
                "GetTaskPayloadRequest/properties/params",
            ],
            json!({ "taskId": "t", "_meta": message_meta() }),
        ),
    ]
}
