//! The servers that are measured, and the certificates of those that encrypt.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use eyot_testkit::Authority;
use tempfile::TempDir;

use crate::process::{self, Core, Server};
use crate::subject::Programs;

/// Starts `eyot serve` before an upstream, on a core of its own.
pub(super) fn serve(
    programs: &Programs,
    upstream: &str,
    flags: &[String],
) -> anyhow::Result<Server> {
    let mut command = process::on(Core::First);
    add_serve(programs, &mut command, upstream, flags);
    Server::start(command)
}

/// Adds to `command` `eyot serve` before an upstream.
pub(super) fn add_serve(
    programs: &Programs,
    command: &mut Command,
    upstream: &str,
    flags: &[String],
) {
    programs.add_serve(command, "memory:");
    command.args(["--upstream", upstream]).args(flags);
}

/// The endpoint of a server under another path than `/mcp`.
pub(super) fn beside(server: &Server, path: &str) -> String {
    server.url().replace("/mcp", path)
}

/// A certificate of an authority, in files.
pub(super) struct Certificate {
    folder: TempDir,
}

impl Certificate {
    pub(super) fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("make a folder for certificates")?;
        let authority = Authority::new();
        let server = authority.server(&["127.0.0.1"]);
        let files =
            [("ca", &authority.certificate), ("cert", &server.certificate), ("key", &server.key)];
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).context("write a certificate")?;
        }
        Ok(Self { folder })
    }

    /// Of the authority.
    pub(super) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca")
    }

    /// The flags of a server that has the certificate.
    pub(super) fn flags(&self) -> Vec<String> {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        vec!["--tls-cert".to_owned(), file("cert"), "--tls-key".to_owned(), file("key")]
    }
}
