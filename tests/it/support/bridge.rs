//! The program before an upstream, and the folder of its store.

use super::Program;

/// A running `eyot serve` with the folder of its store. Dropping it ends both.
#[derive(Debug)]
pub(crate) struct Bridge {
    pub(crate) program: Program,
    _folder: tempfile::TempDir,
}

impl Bridge {
    /// Starts it; `upstream` is `--upstream URL` or `-- CMD …`.
    pub(crate) async fn before(upstream: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("sessions.db");
        let program = Program::serve("127.0.0.1:0", &store, upstream).await;
        Self { program, _folder: folder }
    }

    pub(crate) fn url(&self) -> String {
        self.program.url()
    }
}
