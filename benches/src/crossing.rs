//! Whether any answer reaches another call than its own: many clients with the same ids, over the
//! bridge in both directions.

use clap::Args;
use eyot_benches::exchange::{Era, Form};

use crate::driver::Crossing;
use crate::process::{self, Core, Server};
use crate::subject::{Hop, Programs};

/// How far to go.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Answers in all
    #[arg(long, default_value_t = 1_000_000)]
    answers: u64,
    /// Clients at the same time; all of them use the same ids
    #[arg(long, default_value_t = 64)]
    clients: u64,
}

/// Runs, and says how many answers there were.
///
/// # Errors
///
/// When an answer is not that of its call.
pub(crate) fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let cells = [Era::Legacy, Era::Modern].into_iter();
    let cells = cells.flat_map(|era| [(era, Form::Json), (era, Form::Events)]);
    let cells: Vec<_> = cells.collect();
    let calls = options.answers.div_ceil(options.clients * cells.len() as u64);
    let mut answers = 0;
    for (era, form) in cells {
        let mut driver = programs.driver(Core::Second)?;
        let mut command = process::on(Core::First);
        programs.add_hop(&mut command, Hop::Bridge, &driver.endpoint(Hop::Bridge.face(era, form)));
        let server = Server::start(command)?;
        let (url, clients) = (server.url().to_owned(), options.clients);
        driver.check_crossing(&Crossing { url, era, clients, calls })?;
        server.stop()?;
        let count = clients * calls;
        println!("{era} clients before a {} backend, {form}: {count} answers", era.other());
        answers += count;
    }
    println!("{answers} answers with colliding ids, none crossed");
    Ok(())
}
