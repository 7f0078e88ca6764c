//! The names of tools that metrics may have as labels: those that servers list.

use eyot_jsonrpc::{Items, Members};
use eyot_types::Method;

use crate::subject::Subject;

/// Learns the names in a list of tools, as it came. Costs a comparison for any other result, and nothing
/// more once there is no room for further names.
pub(crate) fn learn(event: &str, result: &Subject) {
    if event != Method::ToolsList.as_str() || eyot_metrics::knows_enough_tools() {
        return;
    }
    let lists = result.members().into_iter().flatten().filter(|(name, _)| name == "tools");
    for tool in lists.filter_map(|(_, list)| Items::of(list)).flatten() {
        let mut members = Members::of(tool).into_iter().flatten();
        let Some((_, name)) = members.find(|(name, _)| name == "name") else { continue };
        if let Ok(name) = serde_json::from_str::<String>(name) {
            eyot_metrics::tool_exists(&name);
        }
    }
}
