//! The public names by topic. Each has this one path, at the root of the crate.

pub use crate::annotations::{Annotations, Role};
pub use crate::cancelled::{cancelled_id, is_cancelled};
pub use crate::capability::{ClientCapabilities, ClientCapability, ServerCapabilities};
pub use crate::completion::{
    COMPLETION_VALUES_MAX, CompleteArgument, CompleteContext, CompleteParams, CompleteResult,
    Completion, CompletionReference, PromptReference, ResourceReference,
};
pub use crate::content::{ContentBlock, EmbeddedResource, MediaContent, ResourceLink, TextContent};
pub use crate::discover::DiscoverResult;
pub use crate::elicitation::{
    BooleanSchema, ElicitAction, ElicitMode, ElicitParams, ElicitResult, ElicitSchema,
    ElicitationCompleteParams, Fields, IntoNumber, MultiSelectItems, MultiSelectSchema, NumberKind,
    NumberSchema, PrimitiveSchema, SelectOption, SingleSelectSchema, StringFormat, StringSchema,
};
pub use crate::era::Era;
pub use crate::icon::{Icon, IconTheme};
pub use crate::initialize::{Implementation, InitializeParams, InitializeResult};
pub use crate::legacy_task::{
    LegacyCreateTaskResult, LegacyListTasksResult, LegacyTask, LegacyTaskState,
};
pub use crate::logging::{LogLevel, LoggingMessageParams, SetLevelParams};
pub use crate::meta::{RequestMeta, RequiredMeta};
pub use crate::method::{Method, NameSource, Sender};
pub use crate::mirror::{InvalidMirror, MirroredArguments};
pub use crate::notification::{CancelledParams, ProgressParams, SubscribeParams};
pub use crate::one_or_many::OneOrMany;
pub use crate::pagination::{EmptyParams, PaginatedParams};
pub use crate::prompt::{
    GetPromptParams, GetPromptResult, ListPromptsResult, Prompt, PromptArgument, PromptMessage,
};
pub use crate::raw_members::RawMembers;
pub use crate::reading::{
    Mended, Oddities, Oddity, OddityEffect, ReadResult, Unreadable, is_sound, mend, read, read_as,
};
pub use crate::resource::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceParams, ReadResourceResult,
    Resource, ResourceContents, ResourceTemplate,
};
pub use crate::result::{CacheScope, EmptyResult, ResultType};
pub use crate::revision::{Revision, UnknownRevision};
pub use crate::roots::{ListRootsResult, Root};
pub use crate::round::{
    Answer, InputRequest, InputRequests, InputRequiredResult, InputResponses, Question,
    RoundParams, RoundResult,
};
pub use crate::sampling::{
    CreateMessageParams, CreateMessageResult, IncludeContext, ModelHint, ModelPreferences,
    SamplingContent, SamplingMessage, StopReason, ToolChoice, ToolChoiceMode, ToolResultContent,
    ToolUseContent,
};
pub use crate::subscription::{
    SubscriptionFilter, SubscriptionsAcknowledgedParams, SubscriptionsListenParams,
    SubscriptionsListenResult,
};
pub use crate::task::{
    CreateTaskResult, GetTaskResult, RelatedTask, TASKS_EXTENSION, Task, TaskNotificationParams,
    TaskParams, TaskStatus, UpdateTaskParams,
};
pub use crate::task_metadata::TaskMetadata;
pub use crate::tool::{
    CallToolParams, CallToolResult, ListToolsResult, TaskSupport, Tool, ToolAnnotations,
    ToolExecution,
};
