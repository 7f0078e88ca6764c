//! The usual places of files, on every system.

use crate::tests::World;
use crate::{Client, System};

#[track_caller]
fn check(client: Client, system: System, expected: &[&str]) {
    assert_eq!(client.paths(system, &World::new()), expected);
}

#[test]
fn files_are_where_each_system_has_them() {
    let file = "claude_desktop_config.json";
    check(Client::ClaudeDesktop, System::Linux, &[&format!("/h/.config/Claude/{file}")]);
    let mac = format!("/h/Library/Application Support/Claude/{file}");
    check(Client::ClaudeDesktop, System::Mac, &[&mac]);
    // Without the variable of Windows there is no such folder.
    check(Client::ClaudeDesktop, System::Windows, &[]);
    let world = World::new().with_variable("APPDATA", "C:\\Users\\a\\AppData\\Roaming");
    let windows = format!("C:\\Users\\a\\AppData\\Roaming\\Claude\\{file}");
    assert_eq!(Client::ClaudeDesktop.paths(System::Windows, &world), [windows]);
}

#[test]
fn file_of_the_folder_stands_before_that_of_the_user() {
    check(Client::ClaudeCode, System::Linux, &[".mcp.json", "/h/.claude.json"]);
    check(Client::Cursor, System::Windows, &[".cursor\\mcp.json", "/h\\.cursor\\mcp.json"]);
    let expected = [".vscode/mcp.json", "/h/.config/Code/User/mcp.json"];
    check(Client::VsCode, System::Linux, &expected);
}

#[test]
fn variable_of_a_program_names_its_folder() {
    let world = World::new().with_variable("CODEX_HOME", "/srv/codex");
    let expected = [".codex/config.toml", "/srv/codex/config.toml"];
    assert_eq!(Client::Codex.paths(System::Linux, &world), expected);
    check(Client::Codex, System::Linux, &[".codex/config.toml", "/h/.codex/config.toml"]);
}

#[test]
fn every_word_names_its_client() {
    for client in Client::ALL {
        assert_eq!(client.as_str().parse(), Ok(client));
        assert!(!client.paths(System::Linux, &World::new()).is_empty());
    }
    assert!("emacs".parse::<Client>().unwrap_err().contains("claude-desktop, cline, codex"));
}
