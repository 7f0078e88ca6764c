//! Waits for other programs, with a time limit.

use std::io::{Read as _, pipe};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::program;

/// The output of a program until it ended, or until it was killed because it took too long.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) said: String,
    pub(super) is_success: bool,
}

/// Starts a command in a process group of its own and waits for its end.
///
/// A program that takes longer than `patience` is killed with everything that it started: a client
/// that hangs outlives the shell that the suite started it with.
pub(super) fn for_end(mut command: Command, patience: Duration) -> anyhow::Result<Ended> {
    let (mut reader, writer) = pipe().context("make a pipe")?;
    // Both streams share one pipe: so the order of the lines shows what belongs together.
    command.stdout(writer.try_clone().context("make a pipe")?).stderr(writer);
    let mut child = command.stdin(Stdio::null()).process_group(0).spawn().context("start it")?;
    // The command holds the writing end open, and the reader waits for the end of it.
    drop(command);
    let reading = in_thread(move || {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map(|_| bytes)
    });
    let mut read = reading.recv_timeout(patience);
    let is_late = read.is_err();
    if is_late {
        let group = format!("kill -KILL -{}", child.id());
        program::run_quietly(Command::new("sh").args(["-c", &group])).context("kill it")?;
        // Now no process holds the pipe open.
        read = reading.recv_timeout(KILL_PATIENCE);
    }
    let status = child.wait().context("wait for its end")?;
    let bytes = read.context("its output has no end")?.context("read what it says")?;
    let mut said = String::from_utf8_lossy(&bytes).into_owned();
    if is_late {
        said.push_str(&format!("\n{NO_END} within {} s\n", patience.as_secs()));
    }
    Ok(Ended { said, is_success: status.success() && !is_late })
}

/// The longest that the end of a killed program takes.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// The start of the message about a killed program.
pub(super) const NO_END: &str = "did not come to an end";

/// Waits until a program listens on a port of this machine; `false` if none does in time.
#[expect(clippy::disallowed_methods, reason = "this tool has no runtime")]
pub(super) fn for_port(port: u16, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    let is_open = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    while !is_open() {
        if Instant::now() > until {
            return false;
        }
        thread::sleep(PORT_PAUSE);
    }
    true
}

/// The time between two looks at a port.
const PORT_PAUSE: Duration = Duration::from_millis(20);

/// Runs `work` in a thread of its own; the thread is left behind if its result is not awaited.
fn in_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // After the time limit there is no receiver.
    thread::spawn(move || drop(sender.send(work())));
    receiver
}

#[cfg(test)]
mod tests;
