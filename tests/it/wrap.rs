//! The files of clients, wrapped by a shell, and the servers that clients start then.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use eyot::{Client, Command, Target};
use serde_json::{Value, json};

use crate::support::program::{Program, program};
use crate::support::{Folder, within};

/// A file with comments, in which `a` and `b` stand.
const TEXT: &str = "{\n  // mine\n  \"mcpServers\": {\n    \"a\": { \"command\": \"x\", \"env\": { \"K\": \"top-secret\" } },\n    \
                    \"b\": {\n      \"command\": \"y\",\n      \"args\": [\"1\"],\n    },\n  },\n}\n";

impl Folder {
    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.folder.path().join(name).exists()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The server of this name in `.mcp.json`, as a client starts it.
    fn command(&self, name: &str) -> Command {
        let file: Value = serde_json::from_str(&self.text(".mcp.json")).unwrap();
        let server = &file["mcpServers"][name];
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let env = server["env"].as_object().into_iter().flatten();
        let env = env.map(|(name, value)| (name.clone(), Some(text(value))));
        Command {
            program: text(&server["command"]),
            args: server["args"].as_array().unwrap().iter().map(text).collect(),
            env: env.collect(),
            cwd: Some(self.folder.path().to_owned()),
        }
    }
}

/// The names of the tools of a server.
async fn tools(server: Command) -> Vec<String> {
    let connecting = Client::builder("wrapped", "1.0").connect(Target::Command(server));
    let client = within("the connection", Box::pin(connecting)).await.unwrap();
    let tools = within("the tools", client.all_tools()).await.unwrap();
    client.close().await;
    tools.into_iter().map(|it| it.name).collect()
}

#[tokio::test]
async fn wrapped_command_gives_the_client_the_same_tools() {
    // The server says which variables it sees.
    let script = "echo \"$TOKEN\" > seen; exec \"$0\" everything --stdio";
    let server = json!({ "command": "sh", "args": ["-c", script, program()], "env": { "TOKEN": "top-secret" } });
    let folder = Folder::with(&json!({ "a": server }));
    let before = folder.text(".mcp.json");
    let expected = tools(folder.command("a")).await;
    assert!(expected.contains(&"test_simple_text".to_owned()));
    let ran = folder.eyot(&["wrap", ".mcp.json", "--flag", "--call-timeout=5m"], &[], "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(!format!("{}{}", ran.out, ran.err).contains("top-secret"), "{}", ran.out);
    std::fs::remove_file(folder.folder.path().join("seen")).unwrap();
    let wrapped = folder.command("a");
    assert_eq!(wrapped.program, program().display().to_string());
    assert_eq!(wrapped.args[..4], ["run", "--inherit-env", "--call-timeout=5m", "--"]);
    assert_eq!(tools(wrapped).await, expected);
    assert_eq!(folder.text("seen"), "top-secret\n");
    let ran = folder.eyot(&["unwrap", "claude-code", "a"], &[], "").await;
    assert_eq!((ran.code, folder.text(".mcp.json")), (Some(0), before), "{}", ran.err);
    assert!(!folder.has(".mcp.json.eyot-backup"));
}

#[tokio::test]
async fn wrapped_url_is_reached_with_its_headers_and_without_secrets_in_arguments() {
    let folder = Folder::with(&json!({}));
    let words = [
        "--api-key",
        "a=top-secret",
        "--",
        &*program().display().to_string(),
        "everything",
        "--stdio",
    ];
    let words: Vec<_> = words.iter().map(|it| (*it).to_owned()).collect();
    let upstream = Program::serve("127.0.0.1:0", &folder.folder.path().join("store"), &words).await;
    let url = format!("{}?key=top-secret", upstream.url());
    let headers = json!({ "Authorization": "Bearer top-secret" });
    let server = json!({ "type": "http", "url": url, "headers": headers });
    folder.write(".mcp.json", &json!({ "mcpServers": { "a": server } }).to_string());
    let ran = folder.eyot(&["wrap", ".mcp.json"], &[], "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(!format!("{}{}", ran.out, ran.err).contains("top-secret"), "{}", ran.out);
    let wrapped = folder.command("a");
    assert!(!format!("{:?}", wrapped.args).contains("top-secret"), "{:?}", wrapped.args);
    assert!(tools(wrapped).await.contains(&"test_simple_text".to_owned()));
}

#[tokio::test]
async fn dry_run_writes_nothing() {
    let folder = Folder::new(".mcp.json", TEXT);
    let ran =
        folder.eyot(&["wrap", ".mcp.json", "a", "--dry-run", "--program", "eyot"], &[], "").await;
    assert_eq!((ran.code, folder.text(".mcp.json").as_str()), (Some(0), TEXT));
    assert!(!folder.has(".mcp.json.eyot-backup"));
    let changed = "+    \"a\": { \"command\": \"eyot\", \"args\": [\"run\", \"--inherit-env\", \"--\", \"x\"], \
                   \"env\": { \"K\": \"[redacted]\" } },\n";
    assert!(
        ran.out.starts_with("--- .mcp.json\n+++ .mcp.json\n") && ran.out.contains(changed),
        "{}",
        ran.out
    );
    assert!(ran.err.ends_with("nothing is written, because of --dry-run\n"), "{}", ran.err);
}

#[tokio::test]
async fn file_that_is_wrapped_is_left_as_it_is() {
    let folder = Folder::new(".mcp.json", TEXT);
    folder.eyot(&["wrap", ".mcp.json"], &[], "").await;
    let wrapped = folder.text(".mcp.json");
    let ran = folder.eyot(&["wrap", ".mcp.json"], &[], "").await;
    assert_eq!((ran.code, ran.out.as_str(), folder.text(".mcp.json")), (Some(0), "", wrapped));
    assert!(
        ran.err.contains("`a` is wrapped already\n") && ran.err.ends_with("nothing has changed\n")
    );
    assert!(!folder.has(".mcp.json.eyot-backup.2"));
}

#[tokio::test]
async fn backups_are_numbered_and_never_written_over() {
    let folder = Folder::new(".mcp.json", TEXT);
    folder.write(".mcp.json.eyot-backup", "mine");
    for name in ["a", "b"] {
        let ran = folder.eyot(&["wrap", ".mcp.json", name], &[], "").await;
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
    assert_eq!(folder.text(".mcp.json.eyot-backup"), "mine");
    assert_eq!(folder.text(".mcp.json.eyot-backup.2"), TEXT);
    assert!(folder.has(".mcp.json.eyot-backup.3"));
    for name in ["a", "b"] {
        let ran = folder.eyot(&["--json", "unwrap", ".mcp.json", name], &[], "").await;
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(document["servers"][0]["message"], "is what it was", "{document}");
        assert_eq!(document["written"], true);
    }
    assert_eq!(folder.text(".mcp.json"), TEXT);
    assert!(!folder.has(".mcp.json.eyot-backup.2"));
}

#[tokio::test]
async fn entry_without_its_backup_is_made_of_its_arguments() {
    let folder = Folder::new(".mcp.json", TEXT);
    folder.eyot(&["wrap", ".mcp.json"], &[], "").await;
    std::fs::remove_file(folder.folder.path().join(".mcp.json.eyot-backup")).unwrap();
    let ran = folder.eyot(&["unwrap", ".mcp.json", "b"], &[], "").await;
    assert!(
        ran.code == Some(0)
            && ran.err.contains("`b` was edited since it was wrapped, or its backup is gone")
    );
    assert!(folder.text(".mcp.json").contains("\"command\": \"y\",\n      \"args\": [\"1\"],"));
    // What was there is kept, since nothing else could make it again.
    assert!(folder.has(".mcp.json.eyot-backup"));
}

#[tokio::test]
async fn link_is_followed_and_modes_stay() {
    let folder = Folder::new("real.json", TEXT);
    let (real, link) =
        (folder.folder.path().join("real.json"), folder.folder.path().join(".mcp.json"));
    symlink("real.json", &link).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    let ran = folder.eyot(&["wrap", ".mcp.json"], &[], "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    for name in ["real.json", "real.json.eyot-backup"] {
        let mode = folder.folder.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{name}");
    }
    assert!(folder.text("real.json").contains("--inherit-env"));
    let names = std::fs::read_dir(folder.folder.path()).unwrap();
    assert_eq!(names.count(), 3, "nothing else is left");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_nothing_is_touched() {
    for (text, args, expected) in [
        (
            TEXT,
            &["wrap", ".mcp.json", "c"][..],
            "there is no server `c` in .mcp.json, but `a`, `b`\n",
        ),
        (TEXT, &["unwrap", ".mcp.json", "c"], "but `a`, `b`\n"),
        (
            "{\n \"mcpServers\": {,}}",
            &["wrap", ".mcp.json"],
            "eyot: .mcp.json:2:17: error: this is no JSON",
        ),
        (
            TEXT,
            &["wrap", "emacs"],
            "claude-code, claude-desktop, cline, codex, copilot, cursor, gemini",
        ),
        (TEXT, &["wrap", "cursor"], "cursor has no file: there is no .cursor/mcp.json, and no "),
        (
            TEXT,
            &["wrap", ".mcp.json", "--flag", "--odd"],
            "`a` becomes `eyot run`, which takes no such flags",
        ),
        (TEXT, &["wrap", ".mcp.json", "--dialect", "eyot"], "eyot reads its own form itself"),
    ] {
        let folder = Folder::new(".mcp.json", text);
        let ran = folder.eyot(args, &[("HOME", "/nowhere")], "").await;
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{args:?} {}", ran.err);
        assert!(ran.err.contains(expected), "{}", ran.err);
        assert_eq!(folder.text(".mcp.json"), text);
        assert!(!folder.has(".mcp.json.eyot-backup"));
    }
}

#[tokio::test]
async fn file_of_the_user_is_found_by_the_name_of_its_client() {
    let folder = Folder::new("x", "");
    let home = folder.folder.path().to_str().unwrap();
    folder.write(
        ".codex/config.toml",
        "model = \"m\" # mine\r\n[mcp_servers.a]\r\ncommand = 'x'\r\n",
    );
    let below = folder.folder.path().join("below");
    std::fs::create_dir(&below).unwrap();
    let variables = [("HOME", home), ("CODEX_HOME", &*format!("{home}/.codex"))];
    let ran = folder.eyot(&["wrap", "codex", "--program", "eyot"], &variables, "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let expected = "model = \"m\" # mine\r\n[mcp_servers.a]\r\ncommand = \"eyot\"\r\n\
                    args = [\"run\", \"--inherit-env\", \"--\", 'x']\r\n";
    assert_eq!(folder.text(".codex/config.toml"), expected);
}

#[tokio::test]
async fn imported_servers_are_served_by_their_file() {
    let server = json!({ "command": program(), "args": ["everything", "--stdio"], "env": { "KEY": "top-secret" } });
    let folder = Folder::with(&json!({ "a": server }));
    folder.write(
        ".vscode/mcp.json",
        r#"{"servers":{"b":{"type":"http","url":"https://h","headers":{"A":"${input:k}"}}},
        "inputs":[{"id":"k","type":"promptString"}]}"#,
    );
    let args = ["import", ".mcp.json", "vscode", "--to", "eyot.yaml"];
    let ran = folder.eyot(&args, &[], "").await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    assert!(ran.err.starts_with("set KEY to what is at .mcp.json:1:"), "{}", ran.err);
    let yaml = folder.text("eyot.yaml");
    assert!(!yaml.contains("top-secret") && yaml.contains("A: \"${input:k}\""), "{yaml}");
    let list = ["list", "--config", "eyot.yaml", "--server", "a"];
    let ran = folder.eyot(&list, &[], "").await;
    assert!(ran.code == Some(2) && ran.err.contains("set the variable KEY"), "{}", ran.err);
    let ran = folder.eyot(&list, &[("KEY", "top-secret")], "").await;
    assert!(ran.code == Some(0) && ran.out.contains("test_simple_text"), "{}", ran.err);
    let ran = folder.eyot(&["--json", "import", "vscode"], &[], "").await;
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["servers"]["b"]["headers"]["A"], "${input:k}");
    // The file is not written over, and a name in two files is an error.
    let ran = folder.eyot(&args, &[], "").await;
    assert!(ran.code == Some(2) && ran.err.contains("--force writes over it"), "{}", ran.err);
    let ran = folder.eyot(&["import", "eyot.yaml", ".mcp.json"], &[], "").await;
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains(".mcp.json:1:16: error: `a` is a server of eyot.yaml:2:3 too"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn imported_secrets_are_for_the_user_alone() {
    let folder = Folder::new(".mcp.json", TEXT);
    let args = ["import", "claude-code", "--with-secrets", "--to", "eyot.yaml"];
    let ran = folder.eyot(&args, &[], "").await;
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(folder.text("eyot.yaml").contains("K: \"top-secret\"\n"));
    let path: &Path = &folder.folder.path().join("eyot.yaml");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
