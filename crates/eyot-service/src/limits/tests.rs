//! The table of bounds in `docs/SECURITY.md`, held against the bounds.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use eyot_session::LogLimits;

use super::Limits;
use crate::SharedTotal;

/// A row of the table.
#[derive(Debug)]
struct Row {
    default: String,
    is_shared: bool,
    beyond: String,
}

/// The rows of the table whose first cell names a bound.
fn rows() -> BTreeMap<String, Row> {
    let crates = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let page = Path::new(&crates).join("../../docs/SECURITY.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|it| it.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [bound, default, share, beyond] = cells[..] else { panic!("four cells: {line}") };
        let row = Row {
            default: default.to_owned(),
            is_shared: match share {
                "a part" => true,
                "" => false,
                other => panic!("{other:?} in the column of shares: {line}"),
            },
            beyond: beyond.to_owned(),
        };
        let known = rows.insert(bound.trim_matches('`').to_owned(), row);
        assert!(known.is_none(), "two rows of {bound}");
    }
    rows
}

/// Every bound with its default, as its debug form shows them: `calls.timeout` and `60s`.
fn fields(group: &str, limits: &impl Debug) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut path: Vec<&str> = if group.is_empty() { Vec::new() } else { vec![group] };
    let shown = format!("{limits:#?}");
    for line in shown.lines().skip(1).map(str::trim) {
        match line.split_once(": ") {
            Some((name, value)) if value.ends_with('{') => path.push(name),
            Some((name, value)) => {
                let name = path.iter().copied().chain([name]).collect::<Vec<_>>().join(".");
                fields.insert(name, value.trim_end_matches(',').to_owned());
            }
            None => drop(path.pop()),
        }
    }
    fields
}

/// A default as the table says it: `16 MiB`, `30 s`, `1,024`.
fn for_people(field: &str, value: &str) -> String {
    let Ok(number) = value.parse::<u64>() else {
        if value == "0ns" {
            return "0 s".to_owned();
        }
        return value.replace("ms", " ms").replace('s', " s").replace(" m s", " ms");
    };
    let (is_bytes, kib, mib) = (field.contains("bytes"), 1 << 10, 1 << 20);
    match number {
        _ if is_bytes && number % mib == 0 => format!("{} MiB", number / mib),
        _ if is_bytes && number % kib == 0 => format!("{} KiB", number / kib),
        _ if is_bytes => format!("{number} B"),
        1_000.. => format!("{},{:03}", number / 1_000, number % 1_000),
        _ => number.to_string(),
    }
}

/// The fields that make a shared total.
fn fields_of(total: SharedTotal) -> &'static [&'static str] {
    match total {
        SharedTotal::Connections => &["http.connections_max"],
        SharedTotal::Sessions => &["sessions.in_all_max", "sessions.state_bytes_max"],
        SharedTotal::ParkedCalls => &["memory.parked_calls_max"],
        SharedTotal::LastWords => &["memory.parked_calls_max", "memory.last_words_bytes_max"],
        SharedTotal::Tasks => &["memory.tasks_max", "memory.task_results_bytes_max"],
        SharedTotal::KnownTools => &["memory.known_tools_max", "memory.known_tools_bytes_max"],
        SharedTotal::KnownLists => &["memory.known_lists_max", "memory.known_lists_bytes_max"],
        SharedTotal::UpstreamSessions => &["upstream.sessions_max"],
        SharedTotal::Children => &["upstream.children_max", "upstream.children_waiting_max"],
        SharedTotal::Targets => &["upstream.targets_max"],
    }
}

#[test]
fn the_table_has_every_bound_with_its_default_and_its_share() {
    let mut rows = rows();
    let mut fields_left = fields("", &Limits::default());
    fields_left.append(&mut fields("log", &LogLimits::default()));
    let shared = SharedTotal::ALL.map(fields_of).concat();
    let mut wrong = Vec::new();
    for (field, value) in fields_left {
        let default = for_people(&field, &value);
        let Some(row) = rows.remove(&field) else {
            wrong.push(format!("no row: | `{field}` | {default} | | |"));
            continue;
        };
        if row.default != default {
            wrong.push(format!("{field}: the default is {default}, not {}", row.default));
        }
        if row.is_shared != shared.contains(&field.as_str()) {
            wrong.push(format!("{field}: the column of shares is wrong"));
        }
        if row.beyond.is_empty() {
            wrong.push(format!("{field}: what happens beyond it?"));
        }
    }
    wrong.extend(rows.into_keys().map(|it| format!("no such bound: {it}")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
