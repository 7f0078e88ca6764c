//! The real program, for tests that need a real process, which can die.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::within;

/// A running `eyot` that serves over HTTP. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts it and waits until it listens. `upstream` is `--upstream URL` or `-- CMD …`.
    pub(crate) async fn serve(listen: &str, store: &Path, upstream: &[String]) -> Self {
        Self::serve_from(listen, &format!("sqlite:{}", store.display()), upstream).await
    }

    /// As [`serve`](Self::serve), with any store.
    pub(crate) async fn serve_from(listen: &str, store: &str, upstream: &[String]) -> Self {
        let mut command = Command::new(program());
        command.args(["--json", "serve", "--listen", listen, "--store", store]);
        Self::start(command.args(upstream)).await
    }

    /// Starts `eyot everything` on a free port and waits until it listens.
    pub(crate) async fn everything(args: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(["--json", "everything", "--listen", "127.0.0.1:0"]);
        Self::start(command.args(args)).await
    }

    /// Starts it by this command, and waits until it listens.
    pub(crate) async fn start(command: &mut Command) -> Self {
        let mut child = command
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let line = within("the line that says where it listens", lines.next_line()).await;
        let line = line.unwrap().expect("the program ended at once");
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["listening"].as_str().unwrap();
        let address = url.trim_start_matches("http://").split('/').next().unwrap();
        Self { child, address: address.parse().unwrap() }
    }

    /// Its endpoint.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it has not ended")
    }

    /// Waits until it ends.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        within("its end", self.child.wait()).await.unwrap()
    }

    /// `kill -9`, and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        within("its death", self.child.kill()).await.unwrap();
    }
}

/// A port that no program listens on now.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The program beside this test, built once and by the same profile.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(build)
}

/// Cargo itself, in this package.
///
/// It gets none of the variables by which cargo tells this test its package: the build script of
/// ring looks at them, so that each change of them builds it anew, with all that is above it.
pub(crate) fn cargo() -> std::process::Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    let is_of_package =
        |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|it| name.starts_with(it));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_of_package) {
            command.env_remove(name);
        }
    }
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn build() -> PathBuf {
    let mut command = cargo();
    command.args(["build", "--quiet", "--package", "eyot-cli", "--bin", "eyot", "--target-dir"]);
    command.arg(target_folder());
    if profile_folder().ends_with("release") {
        command.arg("--release");
    }
    let built = command.status().expect("cargo runs");
    assert!(built.success(), "the program does not build");
    profile_folder().join("eyot")
}

/// The target folder that this test was built in.
pub(crate) fn target_folder() -> PathBuf {
    profile_folder().parent().expect("a profile has a target folder").to_owned()
}

fn profile_folder() -> PathBuf {
    // target/PROFILE/deps/it-HASH
    let own = std::env::current_exe().unwrap();
    own.parent().and_then(Path::parent).expect("tests live in a target folder").to_owned()
}
