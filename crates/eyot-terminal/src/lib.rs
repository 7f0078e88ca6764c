//! What people and programs see of results: lines, tables and JSON, at a terminal and elsewhere.
//!
//! **Invariant:** nothing leaves but through here, and nothing leaves that steers a terminal or makes a
//! line of its own, whatever its writer has put into it.

mod escape;
mod table;
mod writer;

pub use crate::escape::{escaped, escaped_json};
pub use crate::table::print_table;
pub use crate::writer::{
    Event, Lines, LogForm, LogWriter, is_stderr_terminal, is_stdout_terminal, log, print,
    print_bytes, print_json, print_json_text, print_pretty_json, print_text, say, say_json,
    say_of_others, stdout_columns,
};
