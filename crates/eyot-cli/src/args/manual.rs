//! The flags of the commands about the program itself.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap_complete::Shell;

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  eyot completions bash > ~/.local/share/bash-completion/completions/eyot
  eyot completions zsh > ~/.zfunc/_eyot
  eyot completions fish > ~/.config/fish/completions/eyot.fish";

pub(super) const MAN_EXAMPLES: &str = "\
Examples:
  eyot man | man -l -
  eyot man --dir ~/.local/share/man/man1";

/// `eyot completions`.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// `eyot man`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Manual {
    /// Write one page for each command into this folder, in the place of printing that of the
    /// program.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
