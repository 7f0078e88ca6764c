//! What Eyot costs, measured beside bare hyper and the official SDK: `cargo xtask bench`.
//!
//! Everything is a process of its own: the backend, the hop that is measured, the load. This
//! program starts itself in those roles and the release build of `eyot` in its role.
#![expect(clippy::print_stdout, reason = "a tool prints what it measured")]
#![expect(clippy::print_stderr, reason = "a tool tells its user on stderr what it does")]

mod backend;
mod bare_hop;
mod budgets;
mod callgrind;
mod carrier;
mod carriers;
mod client;
mod comparison;
mod connects;
mod crossing;
mod driver;
mod envelope;
mod figures;
mod gateway;
mod hop;
mod instructions;
mod interceptors;
mod io;
mod listener;
mod load;
mod machine;
mod memory;
mod micro;
mod open;
mod pieces;
mod pipe;
mod process;
mod program;
mod rounds;
mod sdk;
mod sdk_server;
mod servers_file;
mod sessions;
mod start;
mod statistics;
mod stdio;
mod store;
mod subject;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::subject::Programs;

/// What ships with the program `eyot`: both sides of a ratio use the same allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures what Eyot costs beside bare hyper and the official SDK.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench", disable_help_subcommand = true)]
struct Arguments {
    /// Another build of the program `eyot`
    #[arg(long, global = true)]
    program: Option<PathBuf>,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Latency, throughput and CPU of hops, side by side (the default)
    Hop(hop::Options),
    /// Instructions and system calls per request of hops, counted by callgrind
    Instructions(instructions::Options),
    /// WebSockets, HTTP+SSE, TLS and `eyot connect`, beside Streamable HTTP
    Carriers(carriers::Options),
    /// Memory that sessions and open streams add
    Memory(memory::Options),
    /// A million answers with colliding ids over the bridge
    Crossing(crossing::Options),
    /// Modern clients before a legacy server on a pipe, beside legacy clients
    Pipe(pipe::Options),
    /// HTTP clients before a server on a pipe, beside bridges of others
    Stdio(stdio::Options),
    /// What SQLite costs a call that is answered in events
    Store(store::Options),
    /// Connections to the upstream that a call costs
    Connects(connects::Options),
    /// What many idle sessions cost
    Sessions(sessions::Options),
    /// Lists, idle servers and changed files of many servers behind one endpoint
    Gateway(gateway::Options),
    /// A hop with interceptors beside one without, and steps of each kind by themselves
    Interceptors(interceptors::Options),
    /// Time from exec to the first answered request
    Start(start::Options),
    /// Instructions and time to read one message
    Micro,
    /// Servers and clients of Eyot beside those of rmcp, the official SDK
    Sdk(sdk::Options),
    /// The server behind every hop
    #[command(hide = true)]
    Backend(backend::Options),
    /// A legacy server on standard input and output
    #[command(hide = true)]
    PipeBackend,
    /// A hop of bare hyper
    #[command(hide = true)]
    BareHop(bare_hop::Options),
    /// A hop of Eyot with a plan of interceptors
    #[command(hide = true)]
    PlanHop(interceptors::hop::Options),
    /// A loop of calls through interceptors
    #[command(hide = true)]
    Passes(interceptors::passes::Options),
    /// A server of one of the SDKs
    #[command(hide = true)]
    SdkServer(sdk_server::Options),
    /// The backend and the clients of a measurement
    #[command(hide = true)]
    Driver,
    /// A loop that reads one message
    #[command(hide = true)]
    Parse(micro::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(Arguments { program, task }: Arguments) -> anyhow::Result<()> {
    let all = || Programs::find(program);
    match task.unwrap_or_else(|| Task::Hop(hop::Options::default())) {
        Task::Hop(options) => hop::run(&all()?, &options),
        Task::Instructions(options) => instructions::run(&all()?, &options),
        Task::Carriers(options) => carriers::run(&all()?, &options),
        Task::Memory(options) => memory::run(&all()?, &options),
        Task::Crossing(options) => crossing::run(&all()?, &options),
        Task::Pipe(options) => pipe::run(&all()?, &options),
        Task::Stdio(options) => stdio::run(&all()?, &options),
        Task::Store(options) => store::run(&all()?, &options),
        Task::Connects(options) => connects::run(&all()?, &options),
        Task::Sessions(options) => sessions::run(&all()?, &options),
        Task::Gateway(options) => gateway::run(&all()?, &options),
        Task::Interceptors(options) => interceptors::run(&Programs::find_bench()?, &options),
        Task::Start(options) => start::run(&all()?, &options),
        Task::Micro => micro::run(&Programs::find_bench()?),
        Task::Sdk(options) => sdk::run(&Programs::find_bench()?, &options),
        Task::PipeBackend => pipe::serve(),
        Task::Parse(options) => micro::read(options),
        Task::SdkServer(options) => sdk_server::run(options),
        Task::Backend(options) => backend::run(options),
        Task::BareHop(options) => bare_hop::run(options),
        Task::PlanHop(options) => interceptors::hop::run(&options),
        Task::Passes(options) => interceptors::passes::run(options),
        Task::Driver => driver::run(),
    }
}
