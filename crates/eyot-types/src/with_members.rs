//! Chainable methods that set one optional member each.

/// Defines a `with_*` method for each named member of type `Option`: of texts and collections it
/// takes what can become one, of plain values themselves, so that literals can be written.
macro_rules! with_members {
    ( $( $(#[$attribute:meta])* $method:ident($member:ident: $kind:ty), )+ ) => {
        $(
            $(#[$attribute])*
            #[must_use]
            pub fn $method(mut self, $member: $kind) -> Self {
                self.$member = Some($member.into());
                self
            }
        )+
    };
}

pub(crate) use with_members;
