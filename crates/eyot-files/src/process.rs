//! This process, as others of its machine can see it.

use std::fs;
use std::path::Path;

/// A text that names this process among all that this machine has ever run, and that tells nothing else.
/// `None` where the system does not tell.
#[must_use]
pub fn this_process() -> Option<String> {
    let start = start_of(std::process::id())?;
    Some(format!("{} {} {start}", machine()?, std::process::id()))
}

/// Whether the process of this name has ended for sure: it was one of this machine, and is not there any more.
#[must_use]
pub fn has_ended(process: &str) -> bool {
    let Some((rest, start)) = process.rsplit_once(' ') else { return false };
    let Some((of, id)) = rest.rsplit_once(' ') else { return false };
    let is_of_this_machine = machine().is_some_and(|it| it == of);
    let Ok(id) = id.parse() else { return false };
    is_of_this_machine && start_of(id).is_none_or(|it| it != start)
}

/// The machine since it was booted, and the space of its process numbers that is seen from here: a container
/// has one of its own.
fn machine() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), space.display()))
}

/// When a process was started, in the ticks of the system; its number may be given again later.
fn start_of(id: u32) -> Option<String> {
    let stat = fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
    // The name of the program stands in parentheses and may have any characters; 19 fields follow its state.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests;
