//! The identity of a client, and what its credentials allow.

use std::sync::Arc;

/// The identity of a client, as shown by its credentials. Cheap to clone.
///
/// Everything of a principal belongs to its [`name`](Self::name): two calls of one principal may
/// have credentials of different scopes.
#[derive(Clone, Debug)]
pub struct Principal {
    name: Arc<str>,
    /// `None`: the credentials name no scopes, and scopes are not checked.
    scopes: Option<Arc<[Box<str>]>>,
}

impl Principal {
    /// A principal whose credentials name no scopes.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), scopes: None }
    }

    /// This principal with credentials for these scopes and no others.
    #[must_use]
    pub fn with_scopes<S: Into<Box<str>>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self { scopes: Some(scopes.into_iter().map(Into::into).collect()), ..self }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The scopes of the credentials; `None` when they name none, like an API key.
    #[must_use]
    pub fn scopes(&self) -> Option<&[Box<str>]> {
        self.scopes.as_deref()
    }

    /// Whether the credentials allow this scope: those that name no scopes allow all.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().is_none_or(|scopes| scopes.iter().any(|it| it.as_ref() == scope))
    }
}

#[cfg(test)]
mod tests;
