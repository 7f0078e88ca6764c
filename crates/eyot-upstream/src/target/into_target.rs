//! What a target can be made of.

use std::sync::Arc;

use eyot_service::{InProcess, Limits};
use eyot_stdio::Command;

use crate::target::{Target, TargetError};

/// What names an upstream: a URL as text, a program to start, a server of this process, or a
/// [`Target`] itself.
pub trait IntoTarget {
    /// The upstream. `limits` hold for requests to a URL; a [`Target`] keeps those that it was made
    /// with.
    ///
    /// # Errors
    ///
    /// [`TargetError::Url`] for a text that is no URL.
    fn into_target(self, limits: Limits) -> Result<Target, TargetError>;
}

impl IntoTarget for Target {
    fn into_target(self, _limits: Limits) -> Result<Target, TargetError> {
        Ok(self)
    }
}

impl IntoTarget for &str {
    fn into_target(self, limits: Limits) -> Result<Target, TargetError> {
        Target::url(self, limits)
    }
}

impl IntoTarget for String {
    fn into_target(self, limits: Limits) -> Result<Target, TargetError> {
        Target::url(&self, limits)
    }
}

impl IntoTarget for &String {
    fn into_target(self, limits: Limits) -> Result<Target, TargetError> {
        Target::url(self, limits)
    }
}

impl IntoTarget for Command {
    fn into_target(self, _limits: Limits) -> Result<Target, TargetError> {
        Ok(Target::Command(self))
    }
}

impl IntoTarget for Arc<dyn InProcess> {
    fn into_target(self, _limits: Limits) -> Result<Target, TargetError> {
        Ok(Target::InProcess(self))
    }
}
