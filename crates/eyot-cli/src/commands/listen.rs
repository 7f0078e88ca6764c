//! `eyot listen`.

use eyot::SubscriptionEvent;
use eyot::types::SubscriptionFilter;

use super::answers::Source;
use super::connection::{Connection, Home, Words};
use crate::args::ListenTo;
use crate::failure::{Code, Failure};
use crate::writer;

/// Runs the command, until the server ends or a signal does.
pub(super) async fn run(listen: ListenTo, home: &Home) -> anyhow::Result<()> {
    let ListenTo { words, resource, server } = listen;
    let mut words = Words::new(&server, words)?;
    words.end()?;
    let connection = Connection::open(home, &server, words, Source::new(Vec::new())).await?;
    let mut filter = SubscriptionFilter::new();
    filter.tools_list_changed = Some(true);
    filter.prompts_list_changed = Some(true);
    filter.resources_list_changed = Some(true);
    filter.resource_subscriptions = Some(resource).filter(|it| !it.is_empty());
    let listening = connection.client.listen(filter).await;
    let mut subscription = listening.map_err(|it| connection.failure(it))?;
    while let Some(event) = subscription.next().await {
        match event.map_err(|it| connection.failure(it))? {
            SubscriptionEvent::Acknowledged(filter) if filter == SubscriptionFilter::new() => {
                let message = "the server does not report changes";
                return Err(Failure::new(Code::Failure, message).into());
            }
            SubscriptionEvent::Acknowledged(filter) => {
                writer::say(&format!("listening: {}", serde_json::to_string(&filter)?));
            }
            SubscriptionEvent::Notification(message) => {
                writer::print_json_text(&String::from_utf8_lossy(&message.to_bytes()))?;
            }
            SubscriptionEvent::Interrupted => {
                writer::say("interrupted; changes in the meantime are lost")
            }
            _ => {}
        }
    }
    Err(Failure::new(Code::Failure, "the server has ended the connection").into())
}
