//! What a request is about, and which server has it.

use eyot_jsonrpc::{Changes, ErrorObject, INTERNAL_ERROR, Json, Keeps, Members, Request};
use eyot_service::{Call, ChosenServer};
use eyot_types::{Method, codes};

use crate::catalog::Catalog;
use crate::listing::Listing;
use crate::member::Member;
use crate::uri_pattern::matches;
use crate::view::Route;

/// What a request is about.
#[derive(Debug)]
pub(crate) struct Target {
    kind: Kind,
    /// Its name or address.
    key: String,
    /// It stands in `ref`, and not beside the arguments.
    is_reference: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tool,
    Prompt,
    Uri,
}

impl Target {
    /// What a request is about; `None`: nothing of one server.
    pub(crate) fn of(request: &Request) -> Option<Result<Self, ErrorObject>> {
        let missing = |what: &str| Err(codes::invalid_params(&format!("`{what}` is missing")));
        let kind = match Method::parse(request.method()) {
            Method::ToolsCall => Kind::Tool,
            Method::PromptsGet => Kind::Prompt,
            Method::ResourcesRead | Method::ResourcesSubscribe | Method::ResourcesUnsubscribe => {
                Kind::Uri
            }
            Method::CompletionComplete => {
                return Some(reference(request).map_or_else(|| missing("ref"), Ok));
            }
            _ => return None,
        };
        let key = if kind == Kind::Uri { request.uri() } else { request.name() };
        Some(match key {
            Some(key) => Ok(Self { kind, key: key.into_owned(), is_reference: false }),
            None => missing(if kind == Kind::Uri { "uri" } else { "name" }),
        })
    }

    /// A resource.
    pub(crate) const fn uri(uri: String) -> Self {
        Self { kind: Kind::Uri, key: uri, is_reference: false }
    }

    /// The lists that tell who has it.
    pub(crate) const fn listings(&self) -> &'static [Listing] {
        match self.kind {
            Kind::Tool => &[Listing::Tools],
            Kind::Prompt => &[Listing::Prompts],
            Kind::Uri => &[Listing::Resources, Listing::Templates],
        }
    }

    /// The first of them.
    pub(crate) const fn listing(&self) -> Listing {
        match self.kind {
            Kind::Tool => Listing::Tools,
            Kind::Prompt => Listing::Prompts,
            Kind::Uri => Listing::Resources,
        }
    }

    /// Where it leads, by what the lists have told so far.
    pub(crate) fn route_in(&self, catalog: &Catalog) -> Option<Route> {
        let view = |it| catalog.known_view(it);
        if self.kind != Kind::Uri {
            return view(self.listing())?.route(&self.key);
        }
        if let Some(route) = view(Listing::Resources).and_then(|it| it.route(&self.key)) {
            return Some(route);
        }
        let templates = view(Listing::Templates)?;
        if let Some(route) = templates.route(&self.key) {
            return Some(route);
        }
        let member = templates.find(|it| matches(it, &self.key))?.clone();
        Some(Route { member, original: None })
    }

    /// The request as the server is to get it.
    pub(crate) fn request(&self, request: Request, route: &Route) -> Request {
        let Some(original) = &route.original else { return request };
        let changed = match self.is_reference {
            false => Json::of(&&**original).map(|it| ("name", it)),
            true => renamed(&request, original).map(|it| ("ref", it)),
        };
        let changed = changed.as_ref().map(|(name, it)| (*name, it));
        let changes = Changes { keeps: Keeps::All, adds: &[changed] };
        request.rewritten(&changes, &Changes::NONE).unwrap_or(request)
    }

    /// What a client is told when no server has it.
    pub(crate) fn unknown(&self) -> String {
        let key = &self.key;
        match self.kind {
            Kind::Tool => format!("Unknown tool: {key}"),
            Kind::Prompt => format!("Unknown prompt: {key}"),
            Kind::Uri => format!("Unknown resource: {key}"),
        }
    }
}

/// The server that a layer has chosen for a call, if one has.
///
/// # Errors
///
/// It is not among these.
pub(crate) fn chosen(call: &Call, members: &[Member]) -> Result<Option<Member>, ErrorObject> {
    let Some(ChosenServer(name)) = call.extensions.get() else { return Ok(None) };
    let member = members.iter().find(|it| it.name() == &**name);
    let missing = || {
        let message = format!("this is sent to the server `{name}`, which is not there");
        ErrorObject::new(INTERNAL_ERROR, message)
    };
    member.cloned().map(Some).ok_or_else(missing)
}

/// The servers that may have a resource which none lists: those that list resources at all.
pub(crate) fn candidates(target: &Target, catalog: &Catalog) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    if target.kind != Kind::Uri {
        return members;
    }
    for view in target.listings().iter().filter_map(|it| catalog.known_view(*it)) {
        for member in view.members() {
            if !members.iter().any(|it| it.is(member)) {
                members.push(member.clone());
            }
        }
    }
    members
}

/// What `completion/complete` completes an argument of.
fn reference(request: &Request) -> Option<Target> {
    let (_, text) = request.members()?.find(|(name, _)| name == "ref")?;
    let find = |wanted: &str| {
        let (_, raw) = Members::of(text)?.find(|(name, _)| name == wanted)?;
        serde_json::from_str::<String>(raw).ok()
    };
    match (find("name"), find("uri")) {
        (Some(key), None) => Some(Target { kind: Kind::Prompt, key, is_reference: true }),
        (None, Some(key)) => Some(Target { kind: Kind::Uri, key, is_reference: true }),
        _ => None,
    }
}

/// The `ref` of a request with another name.
fn renamed(request: &Request, name: &str) -> Option<Json> {
    let (_, text) = request.members()?.find(|(name, _)| name == "ref")?;
    let mut reference: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).ok()?;
    reference.insert("name".to_owned(), name.into());
    Json::of(&reference)
}
