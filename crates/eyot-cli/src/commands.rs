//! Commands that are clients of one server.

mod answers;
mod arguments;
mod call;
mod complete;
mod connection;
mod doctor;
mod explain;
mod form;
mod interceptors;
mod list;
mod listen;
mod page;
mod pin;
mod prompt;
mod read;
mod show;

use crate::args::ClientCommand;
use crate::commands::connection::Home;
use crate::failure::{Code, Failure};
use crate::signals::{Signal, Signals};
use crate::{config, policy};

/// Runs the command.
pub(crate) fn run(mut command: ClientCommand, is_json: bool) -> anyhow::Result<()> {
    if let ClientCommand::Explain(asked) = &command
        && asked.explained.request.is_some()
    {
        return policy::explain(&asked.explained, is_json);
    }
    if let Some((server, words)) = command.server() {
        config::fill_client(server, words)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ran = runtime.block_on(async {
        // Before anything runs: what the command starts must not outlive it.
        let mut signals = Signals::new()?;
        let home = Home::new();
        // A command that only listens ends without an error when a signal ends it.
        let is_endless = matches!(command, ClientCommand::Listen(_));
        let ran = tokio::select! {
            biased;
            signal = signals.next() => if is_endless { Ok(()) } else { Err(ended_by(signal).into()) },
            ran = dispatch(command, &home, is_json) => ran,
        };
        tokio::select! {
            biased;
            // What still runs is dropped, and with it its children.
            () = signals.haste() => {}
            () = home.leave() => {}
        }
        ran
    });
    // A thread may still wait for the terminal.
    runtime.shutdown_background();
    ran
}

/// The failure of a command that a signal has ended.
fn ended_by(signal: Signal) -> Failure {
    let (code, message) = match signal {
        Signal::Hangup => (Code::HungUp, "the terminal was closed"),
        Signal::Interrupt => (Code::Interrupted, "interrupted"),
        Signal::Quit => (Code::Quit, "interrupted"),
        Signal::Terminate => (Code::Terminated, "ended"),
    };
    Failure::new(code, message)
}

async fn dispatch(command: ClientCommand, home: &Home, is_json: bool) -> anyhow::Result<()> {
    match command {
        ClientCommand::List(list) => list::run(list, home, is_json).await,
        ClientCommand::Explain(explain) => explain::run(explain, home, is_json).await,
        ClientCommand::Doctor(doctor) => doctor::run(*doctor, home, is_json).await,
        ClientCommand::Call(call) => call::run(*call, home, is_json).await,
        ClientCommand::Read(read) => read::run(read, home, is_json).await,
        ClientCommand::Prompt(prompt) => prompt::run(prompt, home, is_json).await,
        ClientCommand::Complete(complete) => complete::run(complete, home, is_json).await,
        ClientCommand::Listen(listen) => listen::run(listen, home).await,
        ClientCommand::Pin(pin) => pin::run(pin, home, is_json).await,
        ClientCommand::Interceptors(of) => Box::pin(interceptors::run(*of, home, is_json)).await,
    }
}
