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
    /// Sets this bound, if it is given.
    pub(crate) fn apply(self, limits: &mut Limits) {
        if let Some(message_max) = self.message_max {
            limits.messages.bytes_max = message_max;
        }
    }

    /// Takes from a file what no flag says.
    pub(crate) fn fill(&mut self, file: Option<usize>) {
        self.message_max = self.message_max.or(file);
    }
}

/// A size such as `4096`, `512KiB`, `20MB` or `1GiB`.
fn parse_size(text: &str) -> Result<usize, &'static str> {
    let form = "expected from 1KiB to below 4GiB: a number of bytes, or one with KiB, MiB or GiB, \
                such as `16MiB`";
    eyot_config::parse_size(text).ok_or(form)
}
