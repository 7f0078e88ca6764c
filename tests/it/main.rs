//! End-to-end tests: clients that send exact bytes, upstreams that follow the test's orders, and
//! the proxy between them.

#[cfg(test)]
mod approvals;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod beside;
#[cfg(test)]
mod beside_waits;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod bridge_peers;
#[cfg(test)]
mod bridge_tasks;
#[cfg(test)]
mod called_interceptors;
#[cfg(test)]
mod children;
#[cfg(test)]
mod client_peers;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod config;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod crash_beside;
#[cfg(test)]
mod crash_connections;
#[cfg(test)]
mod crossing;
#[cfg(test)]
mod denied_tools;
#[cfg(test)]
mod disconnects;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod earlier_store;
#[cfg(test)]
mod everything_peers;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod forward;
#[cfg(test)]
mod forward_server;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod gateway_crash;
#[cfg(test)]
mod gateway_faults;
#[cfg(test)]
mod gateway_instructions;
#[cfg(test)]
mod gateway_peers;
#[cfg(test)]
mod gateway_reload;
#[cfg(test)]
mod handlers;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod http_sse;
#[cfg(test)]
mod interception;
#[cfg(test)]
mod interceptor_commands;
#[cfg(test)]
mod interceptor_counts;
#[cfg(test)]
mod interceptor_fixtures;
#[cfg(test)]
mod interceptor_servers;
#[cfg(test)]
mod interceptors;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod legacy_sessions;
#[cfg(test)]
mod legacy_streams;
#[cfg(test)]
mod legacy_to_modern;
#[cfg(test)]
mod legacy_to_modern_changes;
#[cfg(test)]
mod legacy_to_modern_restart;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod modern;
#[cfg(test)]
mod modern_to_legacy;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod odd_results;
#[cfg(test)]
mod operator_texts;
#[cfg(test)]
mod parked_calls;
#[cfg(test)]
mod parked_crash;
#[cfg(test)]
mod parked_peers;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod pins;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod principal_states;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod rules_commands;
#[cfg(test)]
mod sdk;
#[cfg(test)]
mod sections;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod standalone_restart;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod unix_sockets;
#[cfg(test)]
mod upstream_faults;
#[cfg(test)]
mod upstream_http;
#[cfg(test)]
mod upstream_secrets;
#[cfg(test)]
mod upstream_sse;
#[cfg(test)]
mod web_socket;
#[cfg(test)]
mod wrap;
