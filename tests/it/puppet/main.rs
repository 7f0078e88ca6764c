//! A child process on strings: its input goes to the test, and the test's lines are its output.
//!
//! The one argument is the address at which the test listens. Every line of standard input
//! goes there, and every line from there goes to standard output, except these orders:
//! `!exit CODE TEXT` writes the text to standard error and ends the process; `!deaf` stops
//! the reading of standard input for ever. The process ends when either side hangs up.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            drop(writeln!(io::stderr(), "puppet: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<ExitCode> {
    let address = std::env::args().nth(1).ok_or(io::ErrorKind::InvalidInput)?;
    let strings = TcpStream::connect(address)?;
    strings.set_nodelay(true)?;
    let is_deaf = Arc::new(AtomicBool::new(false));
    let ears = (strings.try_clone()?, Arc::clone(&is_deaf));
    thread::spawn(move || listen(ears.0, &ears.1));
    for line in BufReader::new(strings).split(b'\n') {
        let line = line?;
        match line.strip_prefix(b"!") {
            Some(b"deaf") => is_deaf.store(true, Ordering::Release),
            Some(order) => return exit(&String::from_utf8_lossy(order)),
            None => say(&line)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Passes standard input on until it ends or the test has gone.
fn listen(mut strings: TcpStream, is_deaf: &AtomicBool) {
    let mut stdin = BufReader::with_capacity(1 << 16, io::stdin());
    let mut line = Vec::new();
    while !is_deaf.load(Ordering::Acquire) {
        line.clear();
        let is_read = stdin.read_until(b'\n', &mut line).is_ok_and(|count| count > 0);
        if !is_read || strings.write_all(&line).is_err() {
            drop(strings.shutdown(Shutdown::Both));
            return;
        }
    }
    thread::park();
}

fn say(line: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(line)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

fn exit(order: &str) -> io::Result<ExitCode> {
    let mut words = order.splitn(3, ' ');
    let code = words.nth(1).and_then(|it| it.parse().ok()).unwrap_or(1);
    writeln!(io::stderr(), "{}", words.next().unwrap_or_default())?;
    Ok(ExitCode::from(code))
}
