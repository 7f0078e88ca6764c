//! What configuration files refer to: the environment, files, folders.

use std::io::Read as _;
use std::path::Path;

use eyot_config::Lookup;

/// The surroundings of this process.
pub(crate) struct World;

impl Lookup for World {
    fn variable(&self, name: &str) -> Option<String> {
        // The system panics at such names.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        std::env::var(name).ok()
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
