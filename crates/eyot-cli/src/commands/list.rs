//! `eyot list`.

use eyot::types::{JsonObject, Oddities, Prompt, PromptArgument, Resource, ResourceTemplate, Tool};
use eyot::{Client, ClientError, Pages};
use serde_json::json;

use super::answers::Source;
use super::connection::{Connection, Home, Words};
use super::show;
use crate::args::List;
use crate::writer;

/// The lists that a server offers.
struct Offer {
    tools: Vec<Tool>,
    prompts: Vec<Prompt>,
    resources: Vec<Resource>,
    templates: Vec<ResourceTemplate>,
    /// What of the lists is not as the protocol says.
    oddities: Oddities,
}

/// Runs the command.
pub(super) async fn run(list: List, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let List { words, server } = list;
    let mut words = Words::new(&server, words)?;
    words.end()?;
    let connection = Connection::open(home, &server, words, Source::new(Vec::new())).await?;
    let offer = Offer::of(&connection.client).await.map_err(|it| connection.failure(it))?;
    match is_json {
        true => offer.print_json(&connection.client),
        false => offer.print(&connection.client),
    }
}

impl Offer {
    /// Asks for what the server declares, one list after the other.
    async fn of(client: &Client) -> Result<Self, ClientError> {
        let declared = client.capabilities();
        let mut offer = Self {
            tools: Vec::new(),
            prompts: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            oddities: Oddities::default(),
        };
        let oddities = &mut offer.oddities;
        if declared.has("tools") {
            offer.tools = all(client.tools(), oddities).await?;
        }
        if declared.has("prompts") {
            offer.prompts = all(client.prompts(), oddities).await?;
        }
        if declared.has("resources") {
            offer.resources = all(client.resources(), oddities).await?;
            offer.templates = match all(client.resource_templates(), oddities).await {
                // Many servers have resources but no templates.
                Err(ClientError::Rpc(error)) if error.code == eyot::jsonrpc::METHOD_NOT_FOUND => {
                    Vec::new()
                }
                templates => templates?,
            };
        }
        Ok(offer)
    }

    fn print_json(&self, client: &Client) -> anyhow::Result<()> {
        writer::print_json(&json!({
            "server": client.server_info(),
            "era": client.era().as_str(),
            "revision": client.revision().as_str(),
            "capabilities": client.capabilities(),
            "instructions": client.instructions(),
            "tools": self.tools,
            "prompts": self.prompts,
            "resources": self.resources,
            "resourceTemplates": self.templates,
        }))
    }

    fn print(&self, client: &Client) -> anyhow::Result<()> {
        let server = client.server_info();
        let server = server.map_or_else(
            || "a server".to_owned(),
            |it| format!("{} {}", it.title.unwrap_or(it.name), it.version),
        );
        writer::print(&format!("{server}, {}", client.revision()))?;
        let tools = self.tools.iter().map(|it| {
            [it.name.clone(), arguments_of(&it.input_schema), described(it.description.as_deref())]
        });
        section("Tools", tools)?;
        let prompts = self.prompts.iter().map(|it| {
            let arguments = it.arguments.iter().flatten().map(argument);
            let arguments = arguments.collect::<Vec<_>>().join(" ");
            [it.name.clone(), arguments, described(it.description.as_deref())]
        });
        section("Prompts", prompts)?;
        let resources = self.resources.iter().map(|it| {
            let mime_type = it.mime_type.clone().unwrap_or_default();
            [it.uri.clone(), mime_type, described(it.description.as_deref())]
        });
        section("Resources", resources)?;
        let templates = self.templates.iter().map(|it| {
            let mime_type = it.mime_type.clone().unwrap_or_default();
            [it.uri_template.clone(), mime_type, described(it.description.as_deref())]
        });
        section("Resource templates", templates)?;
        for oddity in self.oddities.iter() {
            writer::say_of_others("eyot: odd in the server's lists", &oddity.to_string());
        }
        Ok(())
    }
}

/// The items of a list; of a longer one, the first. What is odd in it goes to the others.
async fn all<T: Send + 'static>(
    mut pages: Pages<T>,
    oddities: &mut Oddities,
) -> Result<Vec<T>, ClientError> {
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        if items.len() == ITEMS_MAX {
            tracing::warn!("only the first {ITEMS_MAX} items of a list are shown");
            break;
        }
        items.push(item?);
    }
    oddities.extend(pages.oddities());
    Ok(items)
}

fn section(title: &str, rows: impl Iterator<Item = [String; 3]>) -> anyhow::Result<()> {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    writer::print("")?;
    writer::print(&format!("{title} ({})", rows.len()))?;
    Ok(eyot_terminal::print_table(2, &rows)?)
}

fn described(description: Option<&str>) -> String {
    show::first_line(description).to_owned()
}

/// The names of a tool's arguments: optional ones come last, with a question mark.
fn arguments_of(schema: &JsonObject) -> String {
    let required = schema.get("required").and_then(|it| it.as_array()).into_iter().flatten();
    let required: Vec<_> = required.filter_map(|it| it.as_str()).collect();
    let properties = schema.get("properties").and_then(|it| it.as_object());
    let names = properties.into_iter().flat_map(|it| it.keys());
    let optional = names.filter(|it| !required.contains(&it.as_str())).map(|it| format!("{it}?"));
    let shown = required.iter().map(|it| (*it).to_owned()).chain(optional);
    shown.collect::<Vec<_>>().join(" ")
}

fn argument(argument: &PromptArgument) -> String {
    match argument.required {
        Some(true) => argument.name.clone(),
        _ => format!("{}?", argument.name),
    }
}

/// How many items of one list are shown.
const ITEMS_MAX: usize = 10_000;
