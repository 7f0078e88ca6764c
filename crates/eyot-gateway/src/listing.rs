//! What a server lists, and how it says that a list has changed.

use eyot_types::Method;

/// One of the lists of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    Tools,
    Prompts,
    Resources,
    Templates,
}

/// What a server can say has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Tools,
    Prompts,
    /// Both lists of resources.
    Resources,
}

impl Listing {
    pub(crate) const COUNT: usize = 4;

    /// The list that a method asks for.
    pub(crate) fn of(method: Method<'_>) -> Option<Self> {
        Some(match method {
            Method::ToolsList => Self::Tools,
            Method::PromptsList => Self::Prompts,
            Method::ResourcesList => Self::Resources,
            Method::ResourcesTemplatesList => Self::Templates,
            _ => return None,
        })
    }

    pub(crate) const fn method(self) -> Method<'static> {
        match self {
            Self::Tools => Method::ToolsList,
            Self::Prompts => Method::PromptsList,
            Self::Resources => Method::ResourcesList,
            Self::Templates => Method::ResourcesTemplatesList,
        }
    }

    /// The member of the result that has the items.
    pub(crate) const fn items(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
        }
    }

    /// The member by which a client names an item.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Tools | Self::Prompts => "name",
            Self::Resources => "uri",
            Self::Templates => "uriTemplate",
        }
    }

    /// Whether its items can be offered under other names: a URI means what it says.
    pub(crate) const fn has_names(self) -> bool {
        matches!(self, Self::Tools | Self::Prompts)
    }

    /// How a server says that it has changed.
    pub(crate) const fn change(self) -> Change {
        match self {
            Self::Tools => Change::Tools,
            Self::Prompts => Change::Prompts,
            Self::Resources | Self::Templates => Change::Resources,
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl Change {
    pub(crate) const ALL: [Self; 3] = [Self::Tools, Self::Prompts, Self::Resources];

    /// The change that a notification tells.
    pub(crate) fn of(method: Method<'_>) -> Option<Self> {
        Some(match method {
            Method::ToolsListChanged => Self::Tools,
            Method::PromptsListChanged => Self::Prompts,
            Method::ResourcesListChanged => Self::Resources,
            _ => return None,
        })
    }

    pub(crate) const fn method(self) -> Method<'static> {
        match self {
            Self::Tools => Method::ToolsListChanged,
            Self::Prompts => Method::PromptsListChanged,
            Self::Resources => Method::ResourcesListChanged,
        }
    }
}
