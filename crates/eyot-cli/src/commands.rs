//! Commands that are clients of one server.

mod answers;
mod arguments;
mod call;
mod complete;
mod connection;
mod explain;
mod form;
mod list;
mod listen;
mod page;
mod prompt;
mod read;
mod show;
mod table;

use crate::args::ClientCommand;
use crate::commands::connection::Home;
use crate::failure::{Code, Failure};
use crate::signals::{self, Signal};

/// Runs the command.
pub(crate) fn run(command: ClientCommand, is_json: bool) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ran = runtime.block_on(async {
        let home = Home::new();
        // A command that only listens ends without an error when a signal ends it.
        let is_endless = matches!(command, ClientCommand::Listen(_));
        let ran = tokio::select! {
            biased;
            signal = signals::next() => match signal {
                Ok(_) if is_endless => Ok(()),
                Ok(Signal::Interrupt) => Err(Failure::new(Code::Interrupted, "interrupted").into()),
                Ok(Signal::Terminate) => Err(Failure::new(Code::Terminated, "ended").into()),
                Err(error) => Err(error.into()),
            },
            ran = dispatch(command, &home, is_json) => ran,
        };
        home.leave().await;
        ran
    });
    // A thread may still wait for the terminal.
    runtime.shutdown_background();
    ran
}

async fn dispatch(command: ClientCommand, home: &Home, is_json: bool) -> anyhow::Result<()> {
    match command {
        ClientCommand::List(list) => list::run(list, home, is_json).await,
        ClientCommand::Explain(explain) => explain::run(explain, home, is_json).await,
        ClientCommand::Call(call) => call::run(*call, home, is_json).await,
        ClientCommand::Read(read) => read::run(read, home, is_json).await,
        ClientCommand::Prompt(prompt) => prompt::run(prompt, home, is_json).await,
        ClientCommand::Complete(complete) => complete::run(complete, home, is_json).await,
        ClientCommand::Listen(listen) => listen::run(listen, home).await,
    }
}
