//! The program to start, with its arguments and surroundings.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Stdio;
use std::{env, fmt, io};

use eyot_service::OperatorText;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::process;

/// A program with its arguments and surroundings.
///
/// The program is started directly, without a shell: an argument reaches it as one argument with
/// any characters. Never let a peer choose any of these fields.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// A path, or a name that is looked up in the child's `PATH`.
    pub program: String,
    /// The arguments after the program's name.
    pub args: Vec<String>,
    /// Environment variables beyond the safe base: a name with its value, or with `None` to
    /// inherit the value that this process has, if it has one.
    ///
    /// The base is what the official SDKs pass on (`HOME`, `LOGNAME`, `PATH`, `SHELL`, `TERM`,
    /// `USER`) and what locale and temporary files need (`LANG`, `LC_*`, `TZ`, `TMPDIR`). The
    /// secrets of this process are not passed on unless they are named. With a
    /// [`Reaper`](crate::Reaper), `EYOT_CHILD` names the child to it.
    pub env: Vec<(String, Option<String>)>,
    /// The child's working directory. `None`: the directory of this process.
    pub cwd: Option<PathBuf>,
}

/// The reason why a child process did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The configuration names an impossible environment variable.
    #[error("environment of the program is impossible")]
    EnvironmentName {
        /// The name as configured: no client should learn of it.
        name: OperatorText,
    },
    /// The system refused to start the program: it is missing, it may not be run, or the system
    /// is out of processes. Only the last may pass by itself.
    #[error("program does not start")]
    Program {
        /// The program as configured: no client should learn where it is.
        program: OperatorText,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
}

impl SpawnError {
    /// The whole error, for operators.
    #[must_use]
    pub fn operator_text(&self) -> OperatorText {
        OperatorText::new(match self {
            Self::EnvironmentName { name } => {
                let name = name.reveal_to_operator();
                format!("environment variable {name:?} is empty or holds `=` or NUL")
            }
            Self::Program { program, source } => {
                let program = program.reveal_to_operator();
                format!("program {program:?} does not start: {source}")
            }
        })
    }
}

impl Command {
    /// Starts the program as the leader of a process group of its own, all streams piped, with one
    /// more variable.
    pub(crate) fn start(
        &self,
        variable: Option<(&'static str, String)>,
    ) -> Result<Box<dyn ChildWrapper>, SpawnError> {
        let bad_name = self.env.iter().find(|(name, _)| !is_env_name(name));
        if let Some((name, _)) = bad_name {
            return Err(SpawnError::EnvironmentName { name: OperatorText::new(name.as_str()) });
        }
        let mut process = self.to_process();
        process.envs(variable);
        CommandWrap::from(process).wrap(KillOnDrop).wrap(ProcessGroup::leader()).spawn().map_err(
            |source| SpawnError::Program {
                program: OperatorText::new(self.program.as_str()),
                source,
            },
        )
    }

    fn to_process(&self) -> process::Command {
        let mut command = process::Command::new(&self.program);
        command
            .args(&self.args)
            .env_clear()
            .envs(environment(env::vars_os(), &self.env))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        command
    }
}

/// Shows names only: values and arguments may be secrets.
impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let env_names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
        formatter
            .debug_struct("Command")
            .field("program", &self.program)
            .field("args_count", &self.args.len())
            .field("env_names", &env_names)
            .field("cwd", &self.cwd)
            .finish()
    }
}

/// The child's variables: the safe base of `own`, then the `named` ones, which win.
fn environment(
    own: impl Iterator<Item = (OsString, OsString)>,
    named: &[(String, Option<String>)],
) -> Vec<(OsString, OsString)> {
    let is_inherited =
        |name: &OsStr| named.iter().any(|(it, value)| value.is_none() && name == it.as_str());
    let given =
        named.iter().filter_map(|(name, value)| Some((name.into(), value.as_ref()?.into())));
    own.filter(|(name, value)| is_inherited(name) || is_safe(name, value)).chain(given).collect()
}

/// Whether every child may have this variable of this process.
fn is_safe(name: &OsStr, value: &OsStr) -> bool {
    // A value that starts with "()" is a function that a shell exported: code, not data.
    let is_function = value.as_encoded_bytes().starts_with(b"()");
    let is_locale = name.as_encoded_bytes().starts_with(b"LC_");
    !is_function && (is_locale || BASE_NAMES.iter().any(|it| name == *it))
}

fn is_env_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

const BASE_NAMES: [&str; 9] =
    ["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"];

#[cfg(test)]
mod tests;
