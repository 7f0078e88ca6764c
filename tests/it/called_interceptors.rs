//! The program with rules that call the interceptors of servers: a child, and one over HTTP.

use std::path::Path;

use eyot::sidecar::interceptor_server;
use eyot::{
    Client, ClientError, EraMode, Interceptor, Interceptors, Phase, Plan, PlanOptions, Target,
    Validation, View,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::commands::eyot;
use crate::support::offering::{Gateway, Offering, at_urls, write_servers};
use crate::support::program::program;
use crate::support::{Program, Proxy, patient_limits};

const RULES: &str = r"
version: 1
default: allow
rules:
  - {name: careful, match: {tool: echo}, call: guards/careful}
  - {name: keys, match: {tool: echo}, call: {interceptor: child/guard/secrets, timeout: 5s}}
";

/// A server of one validator.
async fn guards() -> Proxy {
    let careful = Interceptor::validator("careful", |view: &View<'_>| {
        Ok(match view.payload().contains("drop") {
            true => Validation::deny("nothing is dropped here"),
            false => Validation::PASS,
        })
    });
    let plan = Plan::compile([careful.on(Phase::Request, ["tools/call"])], PlanOptions::default());
    let server = interceptor_server(&Interceptors::new(plan.unwrap()), "careful", "1.0").unwrap();
    Proxy::start(Target::in_process(server), patient_limits(), |_| {}).await
}

fn write(folder: &Path, rules: &str, guards: &Proxy) {
    let child = [program().to_str().unwrap(), "interceptors", "serve"];
    let settings = json!({
        "rules": ["rules.yaml"],
        "servers": {
            "guards": { "url": format!("http://{}/mcp", guards.address), "on_call": true },
            "child": { "command": child, "on_call": true },
        },
    });
    std::fs::write(folder.join("rules.yaml"), rules).unwrap();
    std::fs::write(folder.join("i.json"), settings.to_string()).unwrap();
}

async fn said(client: &Client, tool: &str, arguments: Value) -> String {
    match client.call_tool(tool, arguments).await {
        Ok(answer) => answer.text(),
        Err(ClientError::Rpc(error)) => error.message,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn what_a_called_interceptor_says_is_what_becomes_of_a_call_in_both_eras() {
    let (folder, guards) = (TempDir::new().unwrap(), guards().await);
    write(folder.path(), RULES, &guards);
    let mut command = Command::new(program());
    command.current_dir(folder.path());
    command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--store", "memory:"]);
    command.args(["--interceptors", "i.json", "--"]).arg(program()).arg("demo-server");
    let program = Program::start(&mut command).await;
    let key = ["AKIA", "5MZXN8QRF3WBY6OE"].concat();
    for era in [EraMode::Legacy, EraMode::Modern] {
        let client =
            Client::builder("tester", "1.0").era(era).connect(program.url()).await.unwrap();
        let echo = async |text: &str| said(&client, "echo", json!({ "text": text })).await;
        assert_eq!(echo("drop it").await, "nothing is dropped here", "{era:?}");
        assert_eq!(echo(&key).await, "[redacted:aws_access_key]", "{era:?}");
        assert_eq!(echo("plain").await, "plain", "{era:?}");
        assert_eq!(said(&client, "add", json!({ "a": 1, "b": 2 })).await, "3", "{era:?}");
    }
}

#[tokio::test]
async fn a_name_that_no_interceptor_has_is_refused_at_the_start_with_its_place() {
    let (folder, guards) = (TempDir::new().unwrap(), guards().await);
    write(folder.path(), &RULES.replace("guards/careful", "guards/carefull"), &guards);
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let rules = file("rules.yaml");
    let settings = std::fs::read_to_string(file("i.json")).unwrap();
    std::fs::write(file("i.json"), settings.replace("rules.yaml", &rules)).unwrap();
    let ran = eyot(&["interceptors", "plan", "--interceptors", &file("i.json")]).await;
    let place = "rules.yaml:5:48: error: there is no interceptor `guards/carefull`: did you mean \
                 `guards/careful`?";
    assert!(ran.code != 0 && ran.err.contains(place), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_a_gateway_does_not_have_is_refused_at_the_start_with_its_place() {
    let server = Offering::new("a", &["of-a"]);
    let at = server.open().await;
    let (folder, servers) = (TempDir::new().unwrap(), at_urls(&[("staging", at.url())]));
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let rules = "version: 1\ndefault: allow\nrules:\n  - {name: r, match: {tool: of-a}, route: ";
    std::fs::write(file("rules.yaml"), format!("{rules}stagign}}")).unwrap();
    let settings = json!({ "boundary": "downstream", "rules": [file("rules.yaml")] });
    std::fs::write(file("i.json"), settings.to_string()).unwrap();
    write_servers(&folder.path().join("servers.json"), &servers);
    let flags = ["--interceptors", &file("i.json")];
    let from = ["serve", "--listen", "127.0.0.1:0", "--store", "memory:", "--config"];
    let ran = eyot(&[&from[..], &[&*file("servers.json")], &flags].concat()).await;
    let place = "rules.yaml:4:43: error: there is no server `stagign`: did you mean `staging`?";
    assert!(ran.code != 0 && ran.err.contains(place), "{}", ran.err);
    std::fs::write(file("rules.yaml"), format!("{rules}staging}}")).unwrap();
    Gateway::with(&servers, &flags).await;
}

/// Those of one server are called through what its section names, and through what there is for all.
#[tokio::test(flavor = "multi_thread")]
async fn rules_of_one_server_call_interceptors_of_its_section_and_of_all() {
    let (folder, guards) = (TempDir::new().unwrap(), guards().await);
    let offering = Offering::new("a", &["echo"]);
    let at = offering.open().await;
    let on_call = json!({ "url": format!("http://{}/mcp", guards.address), "on_call": true });
    let rule = |name: &str| json!({ "name": name, "match": { "tool": "*" }, "call": format!("{name}/careful") });
    let rules = json!({ "version": 1, "default": "allow", "rules": [rule("guards"), rule("own")] });
    let write = |of_a: &Value| {
        let document = json!({
            "interceptors": { "servers": { "guards": on_call } },
            "servers": { "a": of_a, "b": { "url": at.url() } },
        });
        std::fs::write(folder.path().join("eyot.yaml"), document.to_string()).unwrap();
    };
    let flags = ["serve", "--json", "--listen", "127.0.0.1:0", "--store", "memory:"];
    let config = folder.path().join("eyot.yaml").to_str().unwrap().to_owned();
    let flags = [&flags[..], &["--config", &*config]].concat();
    let mut of_a = json!({ "url": at.url(), "rules": rules });
    write(&of_a);
    let ran = eyot(&flags).await;
    let missing = "error: there is no interceptor `own/careful`: there are `guards/careful`";
    assert!(ran.code == 2 && ran.err.contains(missing), "{}", ran.err);
    of_a["interceptors"] = json!({ "servers": { "own": on_call } });
    write(&of_a);
    let program = Program::start(Command::new(program()).args(flags)).await;
    for era in [EraMode::Legacy, EraMode::Modern] {
        let client =
            Client::builder("tester", "1.0").era(era).connect(program.url()).await.unwrap();
        let echo =
            async |tool: &str, mark: &str| said(&client, tool, json!({ "mark": mark })).await;
        assert_eq!(echo("a_echo", "drop").await, "nothing is dropped here", "{era:?}");
        assert_eq!(echo("a_echo", "x").await, "a echo x", "{era:?}");
        assert_eq!(echo("b_echo", "drop").await, "a echo drop", "{era:?}");
    }
}
