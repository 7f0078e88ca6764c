//! The fixtures of the interceptor extension (SEP-2624), step by step: on a plan of this process, and on
//! a plan whose steps are those of a server behind MCP, in both eras.

mod adapter;
mod behaviours;

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eyot::interceptors::{Decision, Outcome, Phase};
use eyot::jsonrpc::canonical;
use eyot_testkit::{read_json, shared};
use serde_json::{Value, json};

use self::adapter::{Adapter, Way};

#[tokio::test]
async fn every_fixture_of_the_extension_passes_in_this_process_and_over_mcp() {
    let Some(manifest) = shared("ext-interceptors/conformance/manifest.json") else { return };
    let folder = manifest.parent().unwrap().to_owned();
    let mut table = Table::default();
    let mut problems = Vec::new();
    for entry in read_json(&manifest)["fixtures"].as_array().unwrap() {
        let fixture = read_fixture(&folder, entry["file"].as_str().unwrap());
        for way in Way::ALL {
            let found = replay(&fixture, way).await;
            table.count(fixture["requirement"].as_str().unwrap(), way, found.is_ok());
            if let Err(problem) = found {
                problems.push(format!("{} {}: {problem}", fixture["id"], way.name()));
            }
        }
    }
    table.print();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(!table.0.is_empty(), "the manifest names no fixture");
}

/// A fixture; some are kept in Base64, because they hold what secret scanners stop at.
fn read_fixture(folder: &Path, file: &str) -> Value {
    let plain = folder.join(file);
    if plain.exists() {
        return read_json(&plain);
    }
    let text = std::fs::read_to_string(folder.join(format!("{file}.b64"))).unwrap();
    let text: String = text.split_whitespace().collect();
    serde_json::from_slice(&STANDARD.decode(text).unwrap()).unwrap()
}

/// Plays the steps of a fixture in their order; what they leave behind is carried over.
async fn replay(fixture: &Value, way: Way) -> Result<(), String> {
    let mut adapter = Adapter::new(&fixture["interceptors"], way).await;
    let volatile: Vec<&str> = strings(&fixture["volatile"]);
    for (number, step) in fixture["steps"].as_array().unwrap().iter().enumerate() {
        let expected = &step["expect"];
        let judged = match step["op"].as_str().unwrap() {
            "list" => check_result(adapter.list(step["event"].as_str()).await, expected, &volatile),
            "invoke" => {
                check_result(adapter.invoke(step["params"].clone()).await, expected, &volatile)
            }
            // Older texts call it a chain.
            "apply" | "chain" => check_outcome(&adapter.apply(step).await, expected),
            other => Err(format!("unknown step `{other}`")),
        };
        judged.map_err(|problem| format!("step {number}: {problem}"))?;
    }
    Ok(())
}

fn check_result(
    result: Result<Value, i64>,
    expected: &Value,
    volatile: &[&str],
) -> Result<(), String> {
    match (result, expected["errorCode"].as_i64()) {
        (Err(code), Some(expected)) if code == expected => Ok(()),
        (Ok(mut result), None) => {
            scrub(&mut result, volatile);
            same(&canonical(&result.to_string()), &expected["canonical"])
        }
        (result, _) => Err(format!("{result:?} is not {expected}")),
    }
}

fn check_outcome(outcome: &Outcome, expected: &Value) -> Result<(), String> {
    let decision = match outcome.decision {
        Decision::Allow => "allow",
        Decision::Deny => "deny",
    };
    same(decision, &expected["decision"])?;
    let payload = outcome.final_payload.as_ref().map_or("", |it| it.get());
    let payload = if payload.is_empty() { String::new() } else { canonical(payload) };
    if !expected["finalPayloadCanonical"].is_null() {
        same(&payload, &expected["finalPayloadCanonical"])?;
    }
    let forbidden = strings(&expected["forbids"]).into_iter().find(|it| payload.contains(it));
    let missing = strings(&expected["requires"]).into_iter().find(|it| !payload.contains(it));
    match forbidden.or(missing) {
        Some(text) => Err(format!("`{text}` in {payload}")),
        None => Ok(()),
    }
}

fn same(found: &str, expected: &Value) -> Result<(), String> {
    match expected.as_str() {
        Some(expected) if expected == found => Ok(()),
        _ => Err(format!("{found} is not {expected}")),
    }
}

/// Takes members of these names out, however deep they are.
fn scrub(value: &mut Value, volatile: &[&str]) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !volatile.contains(&name.as_str()));
            members.values_mut().for_each(|it| scrub(it, volatile));
        }
        Value::Array(items) => items.iter_mut().for_each(|it| scrub(it, volatile)),
        _ => {}
    }
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn phase(word: &Value) -> Phase {
    serde_json::from_value(word.clone()).unwrap()
}

/// Fixtures that passed and fixtures in all, by requirement and way.
#[derive(Default)]
struct Table(BTreeMap<String, [(usize, usize); Way::ALL.len()]>);

impl Table {
    fn count(&mut self, requirement: &str, way: Way, is_passed: bool) {
        let row = self.0.entry(requirement.to_owned()).or_default();
        let (passed, total) = &mut row[way as usize];
        *passed += usize::from(is_passed);
        *total += 1;
    }

    #[expect(clippy::print_stdout, reason = "the table is what a run is for")]
    fn print(&self) {
        let ways = Way::ALL.map(|it| format!("{:>14}", it.name())).concat();
        // The runner may be in the middle of a line.
        println!("\n{:<52}{ways}", "requirement");
        for (requirement, row) in &self.0 {
            println!("{requirement:<52}{}", shown(row));
        }
        let all = Way::ALL.map(|way| {
            let of_way = self.0.values().map(|row| row[way as usize]);
            of_way.fold((0, 0), |(passed, total), it| (passed + it.0, total + it.1))
        });
        println!("{:<52}{}", "all", shown(&all));
    }
}

fn shown(row: &[(usize, usize); Way::ALL.len()]) -> String {
    row.iter().map(|(passed, total)| format!("{:>14}", format!("{passed}/{total}"))).collect()
}

#[test]
fn what_a_fixture_forbids_or_misses_is_found() {
    let outcome = json!({ "interceptors": [{ "durationMs": 5, "name": "a" }], "info": {} });
    let expected = json!({ "canonical": r#"{"interceptors":[{"name":"a"}]}"# });
    let volatile = ["durationMs", "info"];
    assert_eq!(check_result(Ok(outcome.clone()), &expected, &volatile), Ok(()));
    assert!(check_result(Ok(outcome), &expected, &[]).is_err());
    assert!(check_result(Err(-32603), &json!({ "errorCode": -32602 }), &[]).is_err());
}
