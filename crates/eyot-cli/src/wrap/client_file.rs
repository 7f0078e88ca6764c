//! The files that a word stands for.

use std::path::{Path, PathBuf};

use eyot_config::{Client, Dialect, System};

use crate::config::World;
use crate::failure::Failure;

/// A file, and whose it is if a client was named.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) dialect: Option<Dialect>,
}

/// Finds the file of a client, or the one of this path.
pub(super) fn find(word: &str) -> anyhow::Result<Found> {
    let Ok(client) = word.parse::<Client>() else {
        let path = PathBuf::from(word);
        if path.is_file() {
            return Ok(Found { path, dialect: None });
        }
        let clients: Vec<_> = Client::ALL.into_iter().map(Client::as_str).collect();
        let clients = clients.join(", ");
        let message = format!("there is no file {word}, and no client of this name: {clients}");
        return Err(Failure::usage(message).into());
    };
    let paths = client.paths(System::here(), &World::default());
    match paths.iter().find(|it| Path::new(it).is_file()) {
        Some(path) => Ok(Found { path: path.into(), dialect: Some(client.dialect()) }),
        None => {
            let message = format!("{client} has no file: there is no {}", paths.join(", and no "));
            Err(Failure::usage(message).into())
        }
    }
}
