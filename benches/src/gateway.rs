//! Many servers behind one endpoint: what a list, idle servers, a changed file and a server that fails
//! cost. What a call costs is a row of `bench instructions`.

mod beside;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use eyot_benches::exchange::Form;
use http::Uri;
use serde::Serialize;
use serde_json::json;

use crate::backend::{NO_TOOLS, TOOLS_OF_EACH};
use crate::budgets::{self, Judged};
use crate::comparison::Turns;
use crate::gateway::beside::Beside;
use crate::process::{self, Core, Server};
use crate::statistics::median;
use crate::subject::{Hop, Programs};
use crate::{machine, program, servers_file};

/// How often to ask.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Lists of a thousand tools
    #[arg(long, default_value_t = 200)]
    lists: usize,
    /// Files that change
    #[arg(long, default_value_t = 10)]
    reloads: usize,
    #[command(flatten)]
    turns: Turns,
    /// Fail when a budget is broken
    #[arg(long)]
    check: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Figures {
    list_ms: f64,
    list_bytes: usize,
    idle_bytes: u64,
    /// The same with a hundred tools of each server.
    listed_bytes: u64,
    reload_ms: f64,
    /// Calls to a server beside one that fails.
    beside: Beside,
}

/// Servers of the file that changes, and that idle.
const MANY: usize = 30;

/// Measures, prints figures, and writes `out/bench-gateway.json`.
///
/// # Errors
///
/// When an answer is none, or a budget is broken and checked.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let (list_ms, list_bytes) = lists(programs, options)?;
    let idle_bytes = idle(programs)?;
    let (listed_bytes, reload_ms) = listed_and_reload(programs, options)?;
    let (beside, judged_beside) = beside::measure(programs, options.turns)?;
    let figures = Figures { list_ms, list_bytes, idle_bytes, listed_bytes, reload_ms, beside };
    program::write("gateway", &figures)?;
    let what = format!("list of {} tools, {list_bytes} bytes", 10 * TOOLS_OF_EACH);
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let idle_bytes = idle_bytes as f64;
    let mut judged = vec![
        Judged::new(what, "gateway.list_ms", list_ms)?,
        Judged::new(format!("{MANY} idle servers"), "gateway.idle_bytes", idle_bytes)?,
        Judged::new(format!("one new server of {MANY}"), "gateway.reload_ms", reload_ms)?,
    ];
    judged.extend(judged_beside);
    println!("{MANY} servers of {TOOLS_OF_EACH} tools that were listed: {listed_bytes} bytes");
    budgets::tell(&judged, options.check)
}

/// The time of a list that is known, and its bytes.
fn lists(programs: &Programs, options: &Options) -> anyhow::Result<(f64, usize)> {
    let driver = programs.driver(Core::Second)?;
    let mut command = process::on(Core::First);
    programs.add_hop(&mut command, Hop::Gateway, &driver.endpoint(Form::Json));
    let server = Server::start(command)?;
    let mut client = Lister::connect(&server)?;
    let mut bytes = client.list()?.len();
    let mut times_ms = Vec::new();
    for _ in 0..options.lists {
        let begin = Instant::now();
        bytes = client.list()?.len();
        times_ms.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    server.stop()?;
    Ok((median(times_ms), bytes))
}

/// The memory that thirty servers add which were asked once and are idle.
fn idle(programs: &Programs) -> anyhow::Result<u64> {
    let driver = programs.driver(Core::Second)?;
    let file = servers_file::named("idle")?;
    let numbers = (0..MANY).map(|it| it.to_string());
    let endpoint = driver.endpoint(Form::Json);
    servers_file::write(&file, servers_file::numbered(&endpoint, numbers, Some(NO_TOOLS)))?;
    let (server, mut client) = serve(programs, &file)?;
    let before = machine::footprint(server.pid())?.anonymous_bytes;
    client.list()?;
    let after = machine::footprint(server.pid())?.anonymous_bytes;
    server.stop()?;
    Ok(after.saturating_sub(before))
}

fn serve(programs: &Programs, file: &Path) -> anyhow::Result<(Server, Lister)> {
    let mut command = process::on(Core::First);
    programs.add_serve(&mut command, "memory:");
    command.arg("--config").arg(file);
    let server = Server::start(command)?;
    let client = Lister::connect(&server)?;
    Ok((server, client))
}

/// The memory that thirty servers add whose tools were listed, and the time of a reload.
fn listed_and_reload(programs: &Programs, options: &Options) -> anyhow::Result<(u64, f64)> {
    let driver = programs.driver(Core::Second)?;
    let endpoint = driver.endpoint(Form::Json);
    let file = servers_file::file(&endpoint, MANY)?;
    let (server, mut client) = serve(programs, &file)?;
    let before = machine::footprint(server.pid())?.anonymous_bytes;
    client.list()?;
    let after = machine::footprint(server.pid())?.anonymous_bytes;
    let mut times_ms = Vec::new();
    for round in 0..options.reloads {
        let new = format!("new{round}");
        let numbers = (1..MANY).map(|it| it.to_string()).chain([new.clone()]);
        servers_file::write(&file, servers_file::numbered(&endpoint, numbers, None))?;
        let begin = Instant::now();
        let pid = server.pid().to_string();
        let hangup = std::process::Command::new("kill").args(["-HUP", &pid]).status()?;
        anyhow::ensure!(hangup.success(), "no signal was sent");
        let tool = format!("\"tool_{new}\"");
        while !client.list()?.contains(&tool) {}
        times_ms.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    server.stop()?;
    Ok((after.saturating_sub(before), median(times_ms)))
}

/// A modern client that lists tools over one connection.
struct Lister {
    stream: TcpStream,
    request: String,
}

impl Lister {
    fn connect(server: &Server) -> anyhow::Result<Self> {
        let url: Uri = server.url().parse().context("the endpoint")?;
        let host = url.authority().context("the endpoint's address")?.as_str();
        let stream = TcpStream::connect(host).context("connect")?;
        stream.set_nodelay(true)?;
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta } });
        let body = body.to_string();
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\nmcp-protocol-version: 2026-07-28\r\n\
             mcp-method: tools/list\r\ncontent-length: {}\r\n\r\n{body}",
            url.path(),
            body.len()
        );
        Ok(Self { stream, request })
    }

    /// The body of the answer.
    fn list(&mut self) -> anyhow::Result<String> {
        self.stream.write_all(self.request.as_bytes())?;
        let mut answer = Vec::new();
        let mut part = vec![0; 1 << 16];
        loop {
            let count = self.stream.read(&mut part)?;
            anyhow::ensure!(count > 0, "the connection ended before the answer");
            answer.extend_from_slice(part.get(..count).unwrap_or_default());
            if let Some(body) = whole_body(&answer)? {
                return Ok(body);
            }
        }
    }
}

/// The body, once it is there.
fn whole_body(answer: &[u8]) -> anyhow::Result<Option<String>> {
    let Some(end) = memchr::memmem::find(answer, b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).to_lowercase();
    let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
    let length: usize = length.context("a list without a length")?.trim().parse()?;
    let body = answer.get(end + 4..).unwrap_or_default();
    match body.len() >= length {
        true => Ok(Some(String::from_utf8(body.to_vec()).context("read a list")?)),
        false => Ok(None),
    }
}
