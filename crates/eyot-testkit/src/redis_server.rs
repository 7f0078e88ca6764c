//! A real Redis or Valkey, for the length of a test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
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
    settings: Vec<String>,
}

/// The programs that are such a server.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

impl RedisServer {
    /// Starts the first server that is installed. `None`, and a line on standard error, if none is:
    /// `apt-get install redis-server` brings it.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// As [`start`](Self::start), with settings such as `["--appendfsync", "always"]`.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "who runs the tests must see that some did not run")]
    pub fn start_with(settings: &[&str]) -> Option<Self> {
        let found = PROGRAMS.into_iter().find_map(|it| Self::start_program(it, settings));
        if found.is_none() {
            eprintln!("SKIPPED: none of {PROGRAMS:?} is installed (apt-get install redis-server)");
        }
        found
    }

    /// Starts this program. `None` when it is not installed.
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
        let settings = settings.iter().map(|&it| it.to_owned()).collect();
        Some(Self { program, child, port, folder, settings })
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

    /// Asks the server, and waits for the first line of its answer.
    ///
    /// # Panics
    ///
    /// When it does not answer.
    #[must_use]
    pub fn ask(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.write_all(format!("{command}\r\n").as_bytes()).expect("a command");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("an answer");
        line.trim_end().to_owned()
    }

    /// Asks until the server gives this answer.
    pub fn wait_for(&self, command: &str, answer: &str) {
        while !self.ask(command).contains(answer) {
            std::thread::yield_now();
        }
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
        let settings: Vec<_> = self.settings.iter().map(String::as_str).collect();
        self.child = run(self.program, self.port, &self.folder, &settings);
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn run(program: &str, port: u16, folder: &TempDir, settings: &[&str]) -> Child {
    let mut command = Command::new(program);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"]).arg(folder.path());
    command.args(["--appendonly", "yes", "--save", "", "--daemonize", "no"]).args(settings);
    ready(&mut command, program)
}

/// Starts a server, and waits until it can be asked.
fn ready(command: &mut Command, program: &str) -> Child {
    let streams = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = streams.spawn().expect("a server that starts");
    let lines = child.stdout.take().expect("its standard output");
    let mut lines = BufReader::new(lines);
    let mut line = String::new();
    while !line.contains("Ready to accept connections") && !line.contains("Sentinel ID is") {
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

/// Three servers as one cluster.
#[derive(Debug)]
pub struct RedisCluster {
    servers: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts three servers of the first program that is installed, each with a third of the slots.
    /// `None`, and a line on standard error, when none is.
    ///
    /// # Panics
    ///
    /// When they do not become a cluster.
    #[must_use]
    pub fn start() -> Option<Self> {
        let program = RedisServer::start()?.program;
        let settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
        let servers: Vec<_> =
            (0..3).filter_map(|_| RedisServer::start_program(program, &settings)).collect();
        for (server, slots) in servers.iter().zip(["0 5461", "5462 10922", "10923 16383"]) {
            assert_eq!(server.ask(&format!("CLUSTER ADDSLOTSRANGE {slots}")), "+OK");
        }
        let first = servers.first().expect("three servers");
        for other in servers.iter().skip(1) {
            let meet = format!("CLUSTER MEET 127.0.0.1 {}", other.port());
            assert_eq!(first.ask(&meet), "+OK");
        }
        for server in &servers {
            server.wait_for_state();
        }
        Some(Self { servers })
    }

    /// The URL of the cluster.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.servers.iter().map(|it| format!("127.0.0.1:{}", it.port())).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }
}

impl RedisServer {
    /// Waits until the server sees all slots of its cluster served.
    fn wait_for_state(&self) {
        let script = "EVAL \"local i=redis.call('CLUSTER','INFO') return redis.status_reply(\
                      i:match('cluster_state:(%a+)')..' '..i:match('cluster_known_nodes:(%d)'))\" 0";
        self.wait_for(script, "ok 3");
    }
}

/// A primary, a replica that has all that the primary has, and a sentinel that makes the replica the primary
/// when the primary is gone for half a second.
#[derive(Debug)]
pub struct RedisSentinel {
    primary: RedisServer,
    _replica: RedisServer,
    sentinel: RedisServer,
}

impl RedisSentinel {
    /// Starts them. `None`, and a line on standard error, when no server is installed.
    ///
    /// # Panics
    ///
    /// When they do not find each other.
    #[must_use]
    pub fn start() -> Option<Self> {
        let primary = RedisServer::start()?;
        let of = format!("127.0.0.1 {}", primary.port());
        let replica = RedisServer::start_program(primary.program, &["--replicaof", &of])?;
        primary.wait_for("WAIT 1 0", ":1");
        let folder = tempfile::tempdir().expect("a folder");
        let (file, port) = (folder.path().join("sentinel.conf"), free_port());
        let settings = format!(
            "sentinel monitor main {of} 1\nsentinel down-after-milliseconds main 500\n\
             sentinel failover-timeout main 3000\n"
        );
        std::fs::write(&file, settings).expect("its settings");
        let mut command = Command::new(primary.program);
        command.arg(&file).args(["--sentinel", "--port", &port.to_string(), "--bind", "127.0.0.1"]);
        let child = ready(&mut command, primary.program);
        let program = primary.program;
        let sentinel = RedisServer { program, child, port, folder, settings: Vec::new() };
        let script = "SENTINEL REPLICAS main";
        while sentinel.ask(script) != "*1" {
            std::thread::yield_now();
        }
        Some(Self { primary, _replica: replica, sentinel })
    }

    /// The URL of what the sentinel says is the primary.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/main", self.sentinel.port())
    }

    /// The server that was the primary at first.
    pub fn primary(&mut self) -> &mut RedisServer {
        &mut self.primary
    }
}
