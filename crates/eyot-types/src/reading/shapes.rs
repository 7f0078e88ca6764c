//! The results of all methods: what their members should be, in any revision.

use super::shape::Need::{Absent, Else, Exact, Like, OneOf, Optional, Required};
use super::shape::Shape::{
    Any, Capabilities, Count, Cursor, Each, Flag, Number, Object, Record, Schema, Settings, Tagged,
    Text,
};
use super::shape::{Member, Need, Shape};
use crate::{Method, RawMembers};

/// What the result of this method should be, by the kind that it says it is of.
pub(super) fn of_result(method: Method<'_>, text: &str) -> &'static Shape {
    let Ok(members) = RawMembers::of(text) else { return of_complete(method) };
    match members.find("resultType").filter(|it| it.starts_with('"')) {
        None | Some(r#""complete""#) => {}
        Some(r#""task""#) => return &TASK,
        // Its questions are read one by one, when they are asked.
        Some(_) => return &Any,
    }
    match members.find("task") {
        Some(task) if task.starts_with('{') => &TASK_CREATED,
        _ => of_complete(method),
    }
}

/// What the result of this method should be when it is complete.
pub(super) fn of_complete(method: Method<'_>) -> &'static Shape {
    match method {
        Method::Initialize => &INITIALIZE,
        Method::ServerDiscover => &DISCOVER,
        Method::ToolsList => &TOOLS,
        Method::ToolsCall => &TOOL_ANSWER,
        Method::PromptsList => &PROMPTS,
        Method::PromptsGet => &PROMPT_ANSWER,
        Method::ResourcesList => &RESOURCES,
        Method::ResourcesTemplatesList => &TEMPLATES,
        Method::ResourcesRead => &RESOURCE_ANSWER,
        Method::CompletionComplete => &COMPLETION,
        Method::TasksGet | Method::TasksCancel => &TASK,
        _ => &EMPTY,
    }
}

const fn member(name: &'static str, shape: Shape, need: Need) -> Member {
    Member { name, shape, need }
}

const META: Member = member("_meta", Object, Optional);
const RESULT_TYPE: Member = member("resultType", Text, Exact);
const TTL: Member = member("ttlMs", Count, Optional);
const CACHE_SCOPE: Member = member("cacheScope", Text, Optional);
const NAME: Member = member("name", Text, Required);
const TITLE: Member = member("title", Text, Optional);
const DESCRIPTION: Member = member("description", Text, Optional);
const MIME_TYPE: Member = member("mimeType", Text, Optional);
const INSTRUCTIONS: Member = member("instructions", Text, Optional);

const fn list(items: Member) -> [Member; 6] {
    let cursor = member("nextCursor", Cursor, Optional);
    [RESULT_TYPE, items, cursor, TTL, CACHE_SCOPE, META]
}

static EMPTY: Shape = Record(&[RESULT_TYPE, META]);

static INITIALIZE: Shape = Record(&[
    member("protocolVersion", Text, Required),
    CAPABILITIES,
    member("serverInfo", Record(PROGRAM), Else(r#"{"name":"unnamed","version":"0"}"#)),
    INSTRUCTIONS,
    META,
]);

static DISCOVER: Shape = Record(&[
    RESULT_TYPE,
    member("supportedVersions", Each(&Text), Required),
    CAPABILITIES,
    INSTRUCTIONS,
    TTL,
    CACHE_SCOPE,
    META,
]);

const CAPABILITIES: Member = member(
    "capabilities",
    Capabilities(&[
        member("tools", Settings(CHANGES), Optional),
        member("prompts", Settings(CHANGES), Optional),
        member("resources", Settings(CHANGES), Optional),
    ]),
    Else("{}"),
);

const CHANGES: &[Member] =
    &[member("listChanged", Flag, Optional), member("subscribe", Flag, Optional)];

const PROGRAM: &[Member] = &[
    member("name", Text, Else(r#""unnamed""#)),
    TITLE,
    member("version", Text, Else(r#""0""#)),
    DESCRIPTION,
    member("websiteUrl", Text, Optional),
    ICONS,
];

const ICONS: Member = member("icons", Each(&ICON), Optional);

static ICON: Shape = Record(&[
    member("src", Text, Required),
    MIME_TYPE,
    member("sizes", Each(&Text), Optional),
    member("theme", Text, Optional),
]);

static TOOLS: Shape = Record(&list(member("tools", Each(&TOOL), Absent("[]"))));

static TOOL: Shape = Record(&[
    NAME,
    TITLE,
    DESCRIPTION,
    // "Tool arguments are always JSON objects" (2026-07-28, schema, `Tool`).
    member("inputSchema", Schema, Else(r#"{"type":"object"}"#)),
    member("outputSchema", Schema, Optional),
    member("annotations", Record(TOOL_HINTS), Optional),
    member("execution", Record(&[member("taskSupport", Text, Optional)]), Optional),
    ICONS,
    META,
]);

const TOOL_HINTS: &[Member] = &[
    TITLE,
    member("readOnlyHint", Flag, Optional),
    member("destructiveHint", Flag, Optional),
    member("idempotentHint", Flag, Optional),
    member("openWorldHint", Flag, Optional),
];

static TOOL_ANSWER: Shape = Record(&[
    RESULT_TYPE,
    member("content", Each(&CONTENT), Else("[]")),
    member("structuredContent", Any, Optional),
    member("isError", Flag, Optional),
    META,
]);

static CONTENT: Shape = Tagged(CONTENT_KINDS);

const CONTENT_KINDS: &[(&str, &[Member])] = &[
    ("text", &[member("text", Text, Required), ANNOTATIONS, META]),
    ("image", MEDIA),
    ("audio", MEDIA),
    ("resource", &[member("resource", Record(CONTENTS), Required), ANNOTATIONS, META]),
    ("resource_link", RESOURCE),
];

const MEDIA: &[Member] =
    &[member("data", Text, Required), member("mimeType", Text, Required), ANNOTATIONS, META];

const ANNOTATIONS: Member = member(
    "annotations",
    Record(&[
        member("audience", Each(&Text), Optional),
        member("priority", Number, Optional),
        member("lastModified", Text, Optional),
    ]),
    Optional,
);

static PROMPTS: Shape = Record(&list(member("prompts", Each(&PROMPT), Absent("[]"))));

static PROMPT: Shape = Record(&[
    NAME,
    TITLE,
    DESCRIPTION,
    member("arguments", Each(&PROMPT_ARGUMENT), Optional),
    ICONS,
    META,
]);

static PROMPT_ARGUMENT: Shape =
    Record(&[NAME, TITLE, DESCRIPTION, member("required", Flag, Optional)]);

static PROMPT_ANSWER: Shape =
    Record(&[RESULT_TYPE, DESCRIPTION, member("messages", Each(&PROMPT_MESSAGE), Required), META]);

static PROMPT_MESSAGE: Shape =
    Record(&[member("role", Text, Required), member("content", Tagged(CONTENT_KINDS), Required)]);

static RESOURCES: Shape = Record(&list(member("resources", Each(&RESOURCE_SHAPE), Absent("[]"))));

static RESOURCE_SHAPE: Shape = Record(RESOURCE);

const RESOURCE: &[Member] = &[
    member("uri", Text, Required),
    member("name", Text, Like("uri")),
    TITLE,
    DESCRIPTION,
    MIME_TYPE,
    ANNOTATIONS,
    member("size", Count, Optional),
    ICONS,
    META,
];

static TEMPLATES: Shape = Record(&list(member("resourceTemplates", Each(&TEMPLATE), Absent("[]"))));

static TEMPLATE: Shape = Record(&[
    member("uriTemplate", Text, Required),
    member("name", Text, Like("uriTemplate")),
    TITLE,
    DESCRIPTION,
    MIME_TYPE,
    ANNOTATIONS,
    ICONS,
    META,
]);

static RESOURCE_ANSWER: Shape = Record(&[
    RESULT_TYPE,
    member("contents", Each(&CONTENTS_SHAPE), Required),
    TTL,
    CACHE_SCOPE,
    META,
]);

static CONTENTS_SHAPE: Shape = Record(CONTENTS);

/// Contents without a URI are still those of the URI that was asked for.
const CONTENTS: &[Member] = &[
    member("uri", Text, Else(r#""""#)),
    MIME_TYPE,
    member("text", Text, OneOf),
    member("blob", Text, OneOf),
    META,
];

static COMPLETION: Shape = Record(&[
    RESULT_TYPE,
    member(
        "completion",
        Record(&[
            member("values", Each(&Text), Else("[]")),
            member("total", Count, Optional),
            member("hasMore", Flag, Optional),
        ]),
        Else(r#"{"values":[]}"#),
    ),
    META,
]);

/// A task of 2025-11-25 that a call has become.
static TASK_CREATED: Shape = Record(&[member("task", Record(TASK_MEMBERS), Required), META]);

static TASK: Shape = Record(TASK_MEMBERS);

/// The state of a task of either era.
const TASK_MEMBERS: &[Member] = &[
    RESULT_TYPE,
    member("taskId", Text, Required),
    member("status", Text, Required),
    member("statusMessage", Text, Optional),
    member("createdAt", Text, Else(r#""""#)),
    member("lastUpdatedAt", Text, Like("createdAt")),
    member("ttl", Count, Optional),
    member("ttlMs", Count, Optional),
    member("pollInterval", Count, Optional),
    member("pollIntervalMs", Count, Optional),
    META,
];
