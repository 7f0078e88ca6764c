//! Reports of the impossible.

use std::fmt;
use std::panic::Location;

/// Reports that something impossible happened: panics in debug builds, logs an error in release.
///
/// A bug in one corner must not end a proxy that serves a thousand others; nor may it stay unseen.
/// So the caller names what cannot be, and handles it nevertheless:
///
/// ```
/// # use eyot_stdx::never;
/// # fn example(open: usize, closed: usize) -> usize {
/// if never!(closed > open, "{closed} sessions closed, only {open} were open") {
///     return 0;
/// }
/// open - closed
/// # }
/// ```
///
/// `never!("text {}", value)` reports always. `never!(condition, "text {}", value)` reports when
/// the condition is true, and returns the condition.
#[macro_export]
macro_rules! never {
    ($text:literal $(, $argument:expr)* $(,)?) => {
        $crate::report_impossible(::core::format_args!($text $(, $argument)*))
    };
    ($condition:expr, $text:literal $(, $argument:expr)* $(,)?) => {{
        let condition: bool = $condition;
        if condition {
            $crate::never!($text $(, $argument)*);
        }
        condition
    }};
}

/// The function behind [`never!`](crate::never!); do not call it directly.
#[doc(hidden)]
#[cold]
#[track_caller]
#[expect(clippy::panic, reason = "debug builds and tests stop at the bug itself")]
pub fn report_impossible(what: fmt::Arguments<'_>) {
    tracing::error!(place = %Location::caller(), "this cannot happen: {what}");
    if cfg!(debug_assertions) {
        panic!("this cannot happen: {what}");
    }
}

#[cfg(test)]
mod tests;
