//! The names that most programs need. Each has this one path, at the root of the crate.

pub use eyot_bridge::Affinity;
pub use eyot_client::{
    Answered, CallBuilder, CallOutcome, Client, ClientBuilder, ClientError, ClientEvent, Heartbeat,
    ListKind, Liveness, Pages, Subscription, SubscriptionEvent, ToolAnswer,
};
pub use eyot_endpoint::{
    Admin, ApiKey, AuthRefusal, Authenticate, Authenticated, Authentication, ClientCertificates,
    Credentials, Drained, EndpointConfig, FindService, Finding, FoundService, Health, HostPolicy,
    HttpServer, HttpService, Keys, KeysError, Listener,
};
pub use eyot_era::detect::{EraAnswer, EraMode, EraStep, KnownEra};
pub use eyot_http::{
    AddressPolicy, ClientTls, ClientTlsOptions, Connector, InvalidNetwork, InvalidProxy, Network,
    Proxies, Resolve, Resolving, ServerTls, TlsError, TlsIdentity,
};
pub use eyot_interceptors::{
    Boundary, Edit, Failure, Interceptor, InterceptorLayer, Interceptors, Phase, Plan, PlanError,
    PlanOptions, Validation, View,
};
pub use eyot_jsonrpc::{ErrorObject, Id, Message};
pub use eyot_policy::{LivePolicy, Policy};
pub use eyot_proxy::{
    AllowList, AllowedUrls, BehindPolicy, ForwardConfig, ForwardProxy, GatewayConfig,
    GatewayServer, InvalidPattern, Prefix, ProxyConfig, ReverseProxy, ToolFilter,
};
pub use eyot_relay::{Relay, RelayOptions};
pub use eyot_server::{
    BuildError, CallContext, Elicited, Eras, HandlerError, HandlerResult, HttpOptions,
    InputRequired, Inputs, IntoPromptResult, IntoResourceResult, IntoToolResult, Json, NoArguments,
    Progress, PromptArguments, PromptReply, ResourceReply, Server, ServerBuilder, ServerPrompt,
    ServerResource, ServerTemplate, ServerTool, Suggestions, TaskPolicy, ToolReply, UriVariables,
    prompt, resource, resource_template, tool,
};
pub use eyot_service::{
    BoxService, Call, CallLimits, Challenge, Fault, HttpLimits, Limits, McpService, MemoryLimits,
    MessageLimits, PipeLimits, Principal, Reply, ServiceLayer, SessionLimits, Shutdown,
    UpstreamLimits,
};
pub use eyot_stdio::{ChildLimits, Command, Reaper, reap};
pub use eyot_stdx::{SealKeys, Secret};
pub use eyot_store::{Durability, StoreUrl};
pub use eyot_store_memory::MemoryStore;
pub use eyot_store_redis::{Address as RedisAddress, RedisOptions, RedisStore};
pub use eyot_store_sqlite::{SqliteOptions, SqliteStore};
pub use eyot_upstream::{
    AccessToken, IntoTarget, OpenStream, Runtime, StaticToken, Target, TargetError, TokenError,
    TokenFuture, TokenProvider, Transport,
};
