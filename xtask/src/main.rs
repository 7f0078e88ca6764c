//! The project's automation: `cargo xtask <command>`.
#![expect(clippy::print_stderr, reason = "a tool tells its user on stderr what it does")]

mod ci;
mod conformance;
mod layers;
mod machine;
mod matrix;
mod peers;
mod problems;
mod program;
mod running;
mod suite;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The automation of Eyot.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Check that crates depend strictly downward, and that no files of a crate form a loop
    Layers,
    /// Check the text of the tree: headers, sizes, banned text, manifests
    Tidy,
    /// Set the machine up, then build and run every test
    Test,
    /// Run only the tests against foreign clients and servers
    Peers,
    /// Run a part of the tests with ten interceptors before every program
    Intercepted,
    /// Run the official conformance suite against a server
    Conformance(conformance::Options),
    /// Show what is carried between clients and servers of either era
    Matrix(matrix::Options),
    /// Measure load, hops and memory
    #[command(disable_help_flag = true)]
    Bench {
        /// How everything that is measured is built: `release`, or `dist` for what is shipped
        #[arg(long, default_value = "release")]
        profile: String,
        /// What to measure, and how; passed on as it is.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Do all that CI does, step by step
    Ci,
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    match task {
        Task::Layers => layers::run(),
        Task::Tidy => tidy::run(),
        Task::Test => suite::run_all(),
        Task::Peers => suite::run_peers(),
        Task::Intercepted => suite::run_intercepted_alone(),
        Task::Conformance(options) => conformance::run(&options),
        Task::Matrix(options) => matrix::run(&options),
        Task::Bench { profile, arguments } => bench(&profile, &arguments),
        Task::Ci => ci::run(),
    }
}

fn bench(profile: &str, arguments: &[String]) -> anyhow::Result<()> {
    let mut cargo = program::cargo();
    // What counts needs the names of functions.
    cargo.env("CARGO_PROFILE_DIST_STRIP", "none");
    if arguments.iter().any(|it| it == "stdio") {
        cargo.envs(peers::bridges());
    }
    cargo.args(["run", "--locked", "--profile", profile, "--package", "eyot-benches", "--"]);
    program::run(cargo.args(arguments))
}
