//! The setters that every definition of a server has.

/// Gives a builder with a `definition` the methods that all definitions share.
macro_rules! described {
    ($name:ident) => {
        impl $name {
            /// A description for the model.
            pub fn description(mut self, description: impl Into<String>) -> Self {
                self.definition.description = Some(description.into());
                self
            }

            /// The name for people.
            pub fn title(mut self, title: impl Into<String>) -> Self {
                self.definition.title = Some(title.into());
                self
            }

            /// An icon; the first is the preferred one.
            pub fn icon(mut self, icon: ::eyot_types::Icon) -> Self {
                self.definition.icons.get_or_insert_default().push(icon);
                self
            }

            /// Metadata of the definition.
            pub fn meta(mut self, meta: ::eyot_types::JsonObject) -> Self {
                self.definition.meta = Some(meta);
                self
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let name = &self.definition.name;
                f.debug_struct(stringify!($name)).field("name", name).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use described;
