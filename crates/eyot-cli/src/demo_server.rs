//! The small MCP server inside the program: what `eyot demo` starts as its child.
//!
//! It speaks both eras on one pipe, one message per line, and has one of everything: tools that
//! answer at once, take their time, ask back or log; a resource that changes; a prompt.
//! **Invariant:** plain threads, no runtime: one such child runs per session, so it stays small.

mod call;
mod catalog;
mod methods;
mod open;
mod output;
mod server;
mod subscriptions;
mod tools;
mod waiting;

use std::io::{self, BufRead, Read as _, Write};

use anyhow::Context as _;

use self::server::Server;

/// Serves this process's own streams until the input ends.
pub(crate) fn run() -> anyhow::Result<()> {
    serve(io::stdin().lock(), io::stdout()).context("the client is gone")
}

/// Serves until the input ends or an answer cannot be written.
fn serve(mut input: impl BufRead, mut output: impl Write + Send) -> io::Result<()> {
    let server = Server::new(&mut output);
    std::thread::scope(|scope| {
        let served = loop {
            match read_line(&mut input) {
                Ok(line) if line.is_empty() => break server.output.failure(),
                Ok(line) => server.receive(line, scope),
                Err(error) => break Err(error),
            }
            if let Err(error) = server.output.failure() {
                break Err(error);
            }
        };
        // The scope waits for the calls that still run, and nobody is left to hear them.
        server.hang_up();
        served
    })
}

/// The next line with its end; empty when the input has ended.
fn read_line(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let len = input.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
    if len == LINE_BYTES_MAX && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
        // The start of a line must not pass for a message: no JSON holds a zero byte.
        line.push(0);
    }
    Ok(line)
}

/// Longer lines are refused.
const LINE_BYTES_MAX: usize = 16 << 20;

#[cfg(test)]
mod tests;
