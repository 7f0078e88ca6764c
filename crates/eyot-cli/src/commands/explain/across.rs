//! What clients of the other era get of a server, and what they do not get.

use std::collections::{BTreeMap, BTreeSet};

use eyot::era::revision::{Convert, Feature, Losses};
use eyot::era::{BridgeReport, has_tasks};
use eyot::jsonrpc::METHOD_NOT_FOUND;
use eyot::types::{
    ClientCapabilities, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, Oddities, OddityEffect, Prompt, ReadResult, Resource, ResourceTemplate,
    ServerCapabilities, TaskSupport, Tool, read,
};
use eyot::{Client, ClientError};
use serde::Serialize;
use serde_json::{Value, json};

/// What clients of the other era get.
pub(super) struct Across {
    pub(super) report: BridgeReport,
    /// The capabilities of the server that they are told of.
    pub(super) told: ServerCapabilities,
    /// The capabilities of a client that the server is told of, and those that this client has
    /// declared: all there are.
    pub(super) declared: (ClientCapabilities, ClientCapabilities),
    pub(super) tasks: Tasks,
    /// Tools that can only be called as tasks, if such clients have no tasks.
    pub(super) task_tools: Vec<String>,
    /// What the server offers that they do not get, with the places.
    pub(super) lost: BTreeMap<Feature, Vec<String>>,
    /// What they do not get of the things that the server may send in calls.
    pub(super) in_calls: Vec<(Feature, &'static str)>,
    /// Tools that they do not see, with the reasons.
    pub(super) left_out: Vec<(String, String)>,
}

/// What happens to the server's tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tasks {
    /// It has none.
    None,
    /// Its clients have them too, in the form of their own era.
    Carried,
    /// Its clients are not told of them.
    Lost,
}

impl Tasks {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Carried => "carried",
            Self::Lost => "lost",
        }
    }
}

/// A page of a list of a server.
trait Listing: ReadResult + Convert {
    type Item: Convert;
    /// The name for one of its items.
    const KIND: &str;

    /// Takes the items out.
    fn take(&mut self) -> (Vec<Self::Item>, Option<String>);
    fn name(item: &Self::Item) -> &str;
}

macro_rules! listings {
    ( $( $page:ident { $items:ident: $item:ident }, $kind:literal, $name:ident; )+ ) => { $(
        impl Listing for $page {
            type Item = $item;
            const KIND: &str = $kind;

            fn take(&mut self) -> (Vec<$item>, Option<String>) {
                (std::mem::take(&mut self.$items), self.next_cursor.take())
            }

            fn name(item: &$item) -> &str {
                &item.$name
            }
        }
    )+ };
}

listings! {
    ListToolsResult { tools: Tool }, "tool", name;
    ListPromptsResult { prompts: Prompt }, "prompt", name;
    ListResourcesResult { resources: Resource }, "resource", uri;
    ListResourceTemplatesResult { resource_templates: ResourceTemplate }, "template", uri_template;
}

impl Across {
    /// Lists what the server has, and compares it with what its clients know.
    pub(super) async fn look(
        client: &Client,
        report: BridgeReport,
        is_http: bool,
    ) -> Result<Self, ClientError> {
        let capabilities = client.capabilities();
        let (told, losses) = report.server_capabilities(capabilities.clone());
        let tasks = match (has_tasks(&capabilities), has_tasks(&told)) {
            (false, _) => Tasks::None,
            (true, true) => Tasks::Carried,
            (true, false) => Tasks::Lost,
        };
        let mut across = Self {
            report,
            told,
            declared: report.client_capabilities(),
            tasks,
            task_tools: Vec::new(),
            lost: BTreeMap::new(),
            in_calls: report.in_calls(&capabilities).collect(),
            left_out: Vec::new(),
        };
        across.note(&losses, "capabilities");
        if capabilities.has("tools") {
            let tools = across.list::<ListToolsResult>(client).await?;
            if tasks == Tasks::Lost {
                let task_tools = tools.iter().filter(|it| is_task_only(it));
                across.task_tools.extend(task_tools.map(|it| it.name.clone()));
            }
            let left_out = tools
                .iter()
                .filter_map(|tool| Some((tool.name.clone(), report.leaves_out(tool, is_http)?)));
            across.left_out.extend(left_out);
        }
        if capabilities.has("prompts") {
            across.list::<ListPromptsResult>(client).await?;
        }
        if capabilities.has("resources") {
            across.list::<ListResourcesResult>(client).await?;
            across.list::<ListResourceTemplatesResult>(client).await?;
        }
        Ok(across)
    }

    /// Reads a list page by page; a server that does not have the list has an empty one.
    async fn list<L: Listing>(&mut self, client: &Client) -> Result<Vec<L::Item>, ClientError>
    where
        L::Item: Clone,
    {
        let mut listed = Vec::new();
        let mut cursor: Option<String> = None;
        let mut seen = BTreeSet::new();
        for _ in 0..PAGES_MAX {
            let params = cursor.map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
            let mut page: L = match client.request(L::METHOD.as_str(), params).await {
                Err(ClientError::Rpc(error)) if error.code == METHOD_NOT_FOUND => break,
                answer => decode(&answer?)?,
            };
            self.note_oddities(page.oddities_mut());
            let (items, next) = page.take();
            self.note(&self.report.losses(page), L::METHOD.as_str());
            for item in &items {
                let losses = self.report.losses(item.clone());
                self.note(&losses, &format!("{} {}", L::KIND, L::name(item)));
            }
            listed.extend(items);
            // A cursor that was given before leads to nothing new.
            cursor = next.filter(|it| seen.insert(it.clone()));
            if cursor.is_none() {
                break;
            }
        }
        Ok(listed)
    }

    /// Says what of a list is odd, and in which of its elements.
    fn note_oddities(&mut self, oddities: &Oddities) {
        for oddity in oddities.iter() {
            let feature = match oddity.effect {
                OddityEffect::Mended => Feature::MalformedMended,
                OddityEffect::LeftOut => Feature::MalformedDropped,
            };
            let element = oddity.element.as_ref().map(|it| format!(" of {it}"));
            let place = format!("{}{}", oddity.place, element.unwrap_or_default());
            self.lost.entry(feature).or_default().push(place);
        }
    }

    fn note(&mut self, losses: &Losses, place: &str) {
        for loss in losses.iter() {
            let places = self.lost.entry(loss.feature).or_default();
            if places.last().is_none_or(|it| it != place) {
                places.push(place.to_owned());
            }
        }
    }

    pub(super) fn document(&self) -> Value {
        let (told, declared) = &self.declared;
        let lost = self.lost.iter().map(|(feature, places)| entry(*feature, places));
        let in_calls = self.in_calls.iter().map(|(feature, place)| entry(*feature, &[*place]));
        let left_out = self.left_out.iter();
        let left_out = left_out.map(|(tool, reason)| json!({ "tool": tool, "reason": reason }));
        json!({
            "revision": self.report.client(),
            "bridged": true,
            "capabilities": self.told,
            "declared": declared,
            "declaredToServer": told,
            "tasks": self.tasks.as_str(),
            "taskTools": self.task_tools,
            "lost": lost.collect::<Vec<_>>(),
            "inCalls": in_calls.collect::<Vec<_>>(),
            "leftOut": left_out.collect::<Vec<_>>(),
        })
    }
}

/// Only 2025-11-25 has such tools: in the extension the server decides.
fn is_task_only(tool: &Tool) -> bool {
    let support = tool.execution.as_ref().and_then(|it| it.task_support.as_ref());
    support == Some(&TaskSupport::Required)
}

fn entry(feature: Feature, places: &[impl Serialize]) -> Value {
    let row = feature.row();
    json!({
        "feature": row.name,
        "what": row.what,
        "effect": row.effect.as_str(),
        "instead": row.instead,
        "where": places,
    })
}

fn decode<L: Listing>(answer: &eyot::Message) -> Result<L, ClientError> {
    read(answer.result().unwrap_or("null")).map_err(|error| ClientError::Unreadable {
        reason: format!("result of {}: {error}", L::METHOD),
    })
}

/// How many pages of one list are read.
const PAGES_MAX: usize = 256;
