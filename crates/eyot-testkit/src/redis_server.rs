//! A real Redis or Valkey, for the length of a test.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A server on a free port of loopback, with an append-only file in a folder of its own. It ends with the
/// value.
#[derive(Debug)]
pub struct RedisServer {
    program: &'static str,
    child: Child,
    port: u16,
    folder: TempDir,
}

/// The programs that are such a server.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

impl RedisServer {
    /// Starts the first server that is installed. `None`, and a line on standard error, if none is:
    /// `apt-get install redis-server` brings it.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "who runs the tests must see that some did not run")]
    pub fn start() -> Option<Self> {
        let found = PROGRAMS.into_iter().find_map(|program| Self::start_program(program, &[]));
        if found.is_none() {
            eprintln!("SKIPPED: none of {PROGRAMS:?} is installed (apt-get install redis-server)");
        }
        found
    }

    /// Starts a server with settings of its own, as `["--appendfsync", "always"]`. `None` when the
    /// program is not installed.
    ///
    /// # Panics
    ///
    /// When the program does not become ready.
    #[must_use]
    pub fn start_program(program: &'static str, settings: &[&str]) -> Option<Self> {
        find(program)?;
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let child = run(program, port, &folder, settings);
        Some(Self { program, child, port, folder })
    }

    /// The URL of the server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port of the server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The id of the process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process at once, as a failure does.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Starts it again on its port, with what it has on its disk.
    ///
    /// # Panics
    ///
    /// When it does not become ready.
    pub fn restart(&mut self) {
        self.kill();
        self.child = run(self.program, self.port, &self.folder, &[]);
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn run(program: &str, port: u16, folder: &TempDir, settings: &[&str]) -> Child {
    let mut child = Command::new(program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"])
        .arg(folder.path())
        .args(["--appendonly", "yes", "--save", "", "--daemonize", "no"])
        .args(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a server that starts");
    let lines = child.stdout.take().expect("its standard output");
    let mut lines = BufReader::new(lines);
    let mut line = String::new();
    while !line.contains("Ready to accept connections") && !line.contains("Running mode=sentinel") {
        line.clear();
        let read = lines.read_line(&mut line).expect("its words");
        assert!(read > 0, "{program} has ended before it was ready");
    }
    // It must not block on words that are not read.
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        drop(lines.read_to_end(&mut rest));
    });
    child
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|it| it.join(program)).find(|it| it.is_file())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}
