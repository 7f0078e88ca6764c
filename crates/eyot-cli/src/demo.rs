//! `eyot demo`: a proxy in front of the built-in server.

use anyhow::Context as _;
use eyot::service::ServiceLayer;
use eyot::{Affinity, EraMode, Target};
use eyot_interception::SettingsFiles;

use crate::args::{Demo, ServerFiles};
use crate::serve::{Place, Upstream};
use crate::{places, serve, writer};
use eyot::StoreUrl;

/// Runs the command.
pub(crate) fn run(demo: Demo) -> anyhow::Result<()> {
    let mut listen = demo.listen;
    if listen.store.is_none() {
        listen.store = Some(StoreUrl::Sqlite(places::state_folder()?.join("demo.db")));
    }
    let program = std::env::current_exe().context("cannot find this program")?;
    let program = program.to_str().context("the path of this program is not UTF-8")?.to_owned();
    let target = Target::command(program, ["demo-server"]);
    let limits = serve::limits(&listen);
    let upstream = Upstream {
        place: Place::Target(target),
        era: EraMode::default(),
        affinity: Affinity::default(),
        limits,
        layers: ServiceLayer::default(),
        settings: SettingsFiles {
            interceptors: listen.interceptors.clone(),
            ..SettingsFiles::default()
        },
    };
    serve::start(&listen, upstream, |url| {
        writer::say(&format!("listening on {url}"));
        let curl = curl(url, &listen.tls);
        Ok(things_to_try(&curl).lines().try_for_each(writer::print)?)
    })
}

/// What calls curl with the endpoint at a URL.
fn curl(url: &str, files: &ServerFiles) -> String {
    if let Some((socket, path)) = url.strip_prefix("unix:").and_then(|it| it.split_once('#')) {
        return format!("curl --unix-socket {} http://localhost{path}", quoted(socket));
    }
    let ServerFiles { tls_cert, client_ca, .. } = files;
    let mut curl = "curl".to_owned();
    if let Some(certificate) = tls_cert {
        // A certificate that was made for a trial has signed itself; for any other, it is the file
        // of its authority.
        curl = format!("{curl} --cacert {}", quoted(&certificate.display().to_string()));
    }
    if client_ca.is_some() {
        curl.push_str(" --cert CLIENT.pem --key CLIENT.key");
    }
    format!("{curl} {url}")
}

/// The text as one word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "/._-".contains(it);
    match text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

fn things_to_try(curl: &str) -> String {
    let accept = "application/json, text/event-stream";
    let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"me","version":"1"}}}"#;
    let call = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"add","arguments":{"a":2,"b":40}}}"#;
    format!(
        "\nThree things to try, each from another terminal:

1. Open a session and call a tool:

   sid=$({curl} -si -H 'Content-Type: application/json' -H 'Accept: {accept}' \\
     -d '{initialize}' \\
     | tr -d '\\r' | sed -n 's/^mcp-session-id: //p')
   {curl} -s -H \"Mcp-Session-Id: $sid\" -H 'Content-Type: application/json' -H 'Accept: {accept}' \\
     -d '{call}'

2. Kill this program (kill -9 {pid}), start it again, and call the tool once more:
   the session is still there.

3. Put it in front of a server of your own:

   cargo run --release -- serve -- npx -y @modelcontextprotocol/server-everything stdio
",
        pid = std::process::id()
    )
}

#[cfg(test)]
mod tests;
