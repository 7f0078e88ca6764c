//! Sets up a fresh machine: the things that the build and the peers need from the system.

use std::process::Command;

use crate::program;

/// A part of the system that the project uses.
struct Need {
    name: &'static str,
    /// A command that succeeds if the need is met.
    probe: &'static [&'static str],
    /// The packages that bring it on Debian and similar systems.
    packages: &'static [&'static str],
    reason: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        name: "cc",
        probe: &["cc", "--version"],
        packages: &["gcc", "libc6-dev"],
        reason: "SQLite and the allocator are C",
    },
    Need {
        name: "python3 with venv",
        probe: &["python3", "-c", "import venv, ensurepip"],
        packages: &["python3", "python3-venv"],
        reason: "foreign peers come from PyPI, Node.js for the others too",
    },
    Need {
        name: "redis-server",
        probe: &["redis-server", "--version"],
        packages: &["redis-server"],
        reason: "the store in Redis is tested with a real server",
    },
];

/// Installs what is missing if that is possible, and otherwise names it.
///
/// Never fails: without a compiler the build itself fails with a clear error, and without Python
/// or Redis the tests against them are skipped.
pub(crate) fn prepare() {
    let missing: Vec<&Need> = NEEDS.iter().filter(|it| !it.is_met()).collect();
    if missing.is_empty() {
        return;
    }
    let packages: Vec<&str> = missing.iter().flat_map(|it| it.packages).copied().collect();
    if is_root() && program::works("apt-get", &["--version"]) {
        eprintln!("machine: installing {}", packages.join(" "));
        if let Err(error) = install(&packages) {
            eprintln!("machine: {error:#}");
        }
    }
    for need in missing.iter().filter(|it| !it.is_met()) {
        let packages = need.packages.join(" ");
        eprintln!("machine: no {} ({}); Debian has it in: {packages}", need.name, need.reason);
    }
}

/// Adds the parts of the toolchain that a minimal installation lacks.
pub(crate) fn prepare_toolchain() -> anyhow::Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if program::run_quietly(program::cargo().args([subcommand, "--version"])).is_err() {
            eprintln!("machine: adding {component}");
            program::run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

impl Need {
    fn is_met(&self) -> bool {
        self.probe.split_first().is_some_and(|(name, arguments)| program::works(name, arguments))
    }
}

fn is_root() -> bool {
    program::read(Command::new("id").arg("-u")).is_ok_and(|it| it.trim() == "0")
}

fn install(packages: &[&str]) -> anyhow::Result<()> {
    let apt_get = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
        command
    };
    program::run_quietly(apt_get().arg("update"))?;
    let mut install = apt_get();
    install.args(["install", "--yes", "--no-install-recommends"]);
    program::run_quietly(install.args(packages))
}
