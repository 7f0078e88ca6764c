//! The flag for the longest message.

use clap::Args as ClapArgs;
use eyot::Limits;

/// The flag of every command that connects or serves.
#[derive(Clone, Copy, Debug, Default, ClapArgs)]
pub(crate) struct MessageBound {
    /// The longest message that is taken, such as `64MiB`; one that is longer ends its call. Default:
    /// `16MiB`.
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = parse_size,
        env = "EYOT_MESSAGE_MAX",
        hide_env_values = true
    )]
    message_max: Option<usize>,
}

impl MessageBound {
    /// The limits with this bound.
    pub(crate) fn apply(self, limits: &mut Limits) {
        limits.messages.bytes_max = self.message_max.unwrap_or(MESSAGE_MAX);
    }

    /// Takes from a file what no flag says.
    pub(crate) fn fill(&mut self, file: Option<usize>) {
        self.message_max = self.message_max.or(file);
    }
}

/// A size such as `4096`, `512KiB`, `20MB` or `1GiB`.
fn parse_size(text: &str) -> Result<usize, String> {
    let number = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
    let unit: u64 = match text.get(number.len()..).unwrap_or_default() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        _ => return Err(SIZE_FORM.to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| SIZE_FORM.to_owned())?;
    let bytes = number.checked_mul(unit).filter(|it| (BYTES_MIN..BYTES_END).contains(it));
    let bytes = bytes.and_then(|it| usize::try_from(it).ok());
    bytes.ok_or_else(|| "size is not between 1KiB and 4GiB".to_owned())
}

const MESSAGE_MAX: usize = 16 << 20;

const SIZE_FORM: &str = "expected a number of bytes, or one with KiB, MiB or GiB, such as `16MiB`";

/// A handshake needs about as much.
const BYTES_MIN: u64 = 1 << 10;

/// The places of the parts of a message are numbers of 32 bits.
const BYTES_END: u64 = 1 << 32;

#[cfg(test)]
mod tests;
