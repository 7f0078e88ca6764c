//! What configuration files refer to: the environment, files, folders.

use std::io::Read as _;
use std::path::Path;

use eyot_config::{Input, Lookup, input_variable};

use super::ask;

/// The surroundings of this process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct World {
    /// The user is asked for what a file wants to know, if there is a terminal.
    pub(crate) asks: bool,
}

impl Lookup for World {
    fn variable(&self, name: &str) -> Option<String> {
        // The system panics at such names.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        std::env::var(name).ok()
    }

    fn asked(&self, input: &Input) -> Option<String> {
        let set = self.variable(&input_variable(&input.id));
        set.or_else(|| self.asks.then(|| ask::user(input)).flatten())
    }

    fn file(&self, path: &str) -> Result<String, String> {
        let mut text = String::new();
        let file = std::fs::File::open(Path::new(path));
        let read = file.and_then(|it| it.take(BYTES_MAX).read_to_string(&mut text));
        read.map_err(|error| error.kind().to_string())?;
        Ok(text)
    }

    fn workspace_folder(&self) -> Option<String> {
        std::env::current_dir().ok()?.into_os_string().into_string().ok()
    }

    fn home(&self) -> Option<String> {
        std::env::home_dir()?.into_os_string().into_string().ok()
    }
}

/// Bytes of a secret or of a file with variables.
const BYTES_MAX: u64 = 1 << 20;
