//! The operations that run beside the data, and how they are called.
//!
//! A function of the server is kept by it and copied to its replicas, so it is there after a failover. Where
//! functions are not allowed, a script does it, which is brought with each connection.

use deadpool_redis::redis::{Cmd, cmd};

/// Where the operations are, on the server that we talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    Function,
    Script,
}

/// The operations as text.
#[derive(Debug)]
pub(crate) struct Library {
    /// Has a digest of the text: programs of several versions may share a server.
    name: String,
}

const BODY: &str = include_str!("library.lua");

impl Library {
    pub(crate) fn new() -> Self {
        Self { name: format!("eyot_{:08x}", crc32c::crc32c(BODY.as_bytes())) }
    }

    /// Brings the function. It is no error if it is there.
    pub(crate) fn load_function(&self) -> Cmd {
        let name = &self.name;
        let text = format!(
            "#!lua name={name}\n{BODY}\nredis.register_function('{name}', function(keys, argv)\n  \
             return ops[table.remove(argv, 1)](keys, argv)\nend)\n"
        );
        let mut load = cmd("FUNCTION");
        load.arg("LOAD").arg(text);
        load
    }

    /// Brings the script. The server answers with its digest.
    pub(crate) fn load_script() -> Cmd {
        let text = format!("{BODY}\nreturn ops[table.remove(ARGV, 1)](KEYS, ARGV)\n");
        let mut load = cmd("SCRIPT");
        load.arg("LOAD").arg(text);
        load
    }

    /// Begins a call with what finds the operations: the name, or the digest.
    pub(crate) fn call(&self, home: Home, digest: &str) -> Cmd {
        match home {
            Home::Function => {
                let mut call = cmd("FCALL");
                call.arg(&*self.name);
                call
            }
            Home::Script => {
                let mut call = cmd("EVALSHA");
                call.arg(digest);
                call
            }
        }
    }
}
