//! The lines in which programs announce their addresses.

use super::{listening, listening_with_sse};

#[track_caller]
fn check(line: &str, url: Option<&str>) {
    assert_eq!(listening(line).as_deref(), url);
}

#[test]
fn a_program_says_where_it_listens_in_one_of_three_ways() {
    check(
        r#"{"listening":"http://127.0.0.1:7/mcp","era":"legacy"}"#,
        Some("http://127.0.0.1:7/mcp"),
    );
    check("listening http://127.0.0.1:7/mcp", Some("http://127.0.0.1:7/mcp"));
    check("MCP Streamable HTTP Server listening on port 7", Some("http://127.0.0.1:7/mcp"));
}

#[test]
fn other_lines_say_nothing() {
    check("Starting Streamable HTTP server...", None);
    check("listening on port soon", Some("on port soon"));
}

#[test]
fn a_server_of_the_old_transport_says_its_port() {
    let url = listening_with_sse("Server is running on port 7");
    assert_eq!(url.as_deref(), Some("http://127.0.0.1:7/sse"));
    let url = listening_with_sse("listening http://127.0.0.1:7/sse");
    assert_eq!(url.as_deref(), Some("http://127.0.0.1:7/sse"));
}
