//! The program `eyot`: the only crate that reads flags and files.

mod args;
mod commands;
mod config;
mod demo;
mod demo_server;
mod descriptors;
mod everything;
mod failure;
mod forward;
mod input;
mod logging;
mod manual;
mod places;
mod policy;
mod reaper;
mod rules;
mod secrets;
mod serve;
mod sessions;
mod signals;
mod socket;
mod tls_files;
mod transport;
mod wrap;
mod writer;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, ClientCommand, Command, Interceptors};

/// A proxy with ten thousand sessions makes and frees many small things.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    descriptors::keep_from_children();
    let args = match Args::try_parse() {
        Ok(args) => args,
        // The help and the version.
        Err(wanted) if !wanted.use_stderr() => wanted.exit(),
        Err(error) => {
            args::refusal(error).lines().for_each(writer::say);
            return ExitCode::from(failure::Code::Usage as u8);
        }
    };
    let is_client = args.command.is_client();
    logging::init(if is_client { "warn" } else { "info" }, args.log_json);
    reaper::install();
    let ran = match args.command {
        Command::Serve(serve) => serve::run(*serve, args.json),
        Command::Run(run) => forward::run(*run),
        Command::Connect(connect) => forward::connect(&connect),
        Command::Demo(demo) => demo::run(demo),
        Command::DemoServer => demo_server::run(),
        Command::Reaper(reaper) => reaper::run(&reaper),
        Command::Everything(everything) => everything::run(&everything, args.json),
        Command::Client(command) => commands::run(command, args.json),
        Command::Interceptors(interceptors) => match interceptors {
            Interceptors::Of(of) => commands::run(ClientCommand::Interceptors(of), args.json),
            Interceptors::Serve(serve) => everything::interceptors(&serve, args.json),
        },
        Command::Config(config) => config::run(config, args.json),
        Command::Wrap(asked) => wrap::wrap(&asked, args.json),
        Command::Unwrap(asked) => wrap::unwrap(&asked, args.json),
        Command::Import(asked) => wrap::import(&asked, args.json),
        Command::Rules(asked) => rules::run(&asked, args.json),
        Command::Sessions(sessions) => sessions::run(sessions, args.json),
        Command::Completions(asked) => manual::completions(&asked),
        Command::Man(asked) => manual::run(&asked),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has seen enough: `eyot sessions ls | head`.
        Err(error) if logging::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            logging::fail(&error, args.json);
            ExitCode::from(failure::exit_code(&error))
        }
    }
}
