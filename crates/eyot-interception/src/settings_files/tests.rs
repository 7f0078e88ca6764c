//! Settings of files, and what is wrong with them.

use super::*;

const FILE: &str = "\
servers:
  files:
    command: files
    guard: {taint: true}
  other:
    command: other
    guard: {injection: true}
  off:
    command: off
    enabled: false
    guard: {arguments: true}
guard:
  secrets: {}
rules:
  version: 1
  default: allow
  rules:
    - name: no
      match: {tool: x}
      dney: no
";

fn in_folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let paths = files.iter().map(|(name, text)| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    });
    let paths = paths.collect();
    (folder, paths)
}

#[track_caller]
fn refused(files: &SettingsFiles) -> String {
    let folder = files.paths().next().unwrap().parent().unwrap().display().to_string();
    files.read().unwrap_err().to_string().replace(&format!("{folder}/"), "")
}

#[test]
fn a_proxy_has_the_settings_for_all_and_those_of_its_servers() {
    let (_folder, servers) = in_folder(&[("eyot.yaml", FILE)]);
    let all = SettingsFiles { servers, ..SettingsFiles::default() };
    let settings = all.read().unwrap().1;
    assert!(settings.all.guard.secrets.is_some());
    assert_eq!(settings.own.keys().collect::<Vec<_>>(), ["files", "other"]);
    let one = SettingsFiles { only: Some("files".to_owned()), ..all.clone() };
    let own = one.read().unwrap().1.own;
    assert!(own.len() == 1 && own[""].guard.taint);
    let off = SettingsFiles { only: Some("off".to_owned()), ..all };
    assert!(off.read().unwrap().1.own[""].guard.arguments);
}

#[test]
fn a_file_of_interceptors_stands_in_the_place_of_what_is_for_all_alone() {
    let files = [("eyot.yaml", FILE), ("i.yaml", "guard: {taint: true}")];
    let (_folder, paths) = in_folder(&files);
    let interceptors = Some(paths[1].clone());
    let servers = vec![paths[0].clone()];
    let both = SettingsFiles { interceptors, servers, ..SettingsFiles::default() };
    let settings = both.read().unwrap().1;
    assert!(settings.all.guard.taint && settings.all.guard.secrets.is_none());
    assert_eq!(settings.own.len(), 2);
    let named = SettingsFiles { interceptors: Some(paths[0].clone()), ..SettingsFiles::default() };
    // A file of servers without the section `interceptors` is taken for one of interceptors.
    assert!(refused(&named).starts_with("eyot.yaml:3:5: error: `servers.files.command`"));
}

#[test]
fn two_files_that_speak_of_all_servers_are_told_with_both_places() {
    let other = "servers:\n  more:\n    command: more\ninterceptors:\n  boundary: downstream\n";
    let (folder, servers) = in_folder(&[("eyot.yaml", FILE), ("more.yaml", other)]);
    let files = SettingsFiles { servers, ..SettingsFiles::default() };
    let expected = "more.yaml:5:3: error: what holds for all servers stands at eyot.yaml:12:1 as \
                    well: say it in one file";
    assert_eq!(refused(&files), expected);
    drop(folder);
}

#[test]
fn rules_in_place_have_the_lines_and_columns_of_their_file() {
    let (_folder, servers) = in_folder(&[("eyot.yaml", FILE)]);
    let files = SettingsFiles { servers, ..SettingsFiles::default() };
    let (said, settings) = files.read().unwrap();
    let problems = settings.check(&|_| Err("no such file".to_owned())).unwrap_err();
    let placed = said.placed(&problems);
    let told: Vec<_> = placed.iter().map(ToString::to_string).collect();
    let is_place = |it: &String| it.contains("eyot.yaml:20:7: error: ") && it.contains("`dney`");
    assert!(told.iter().any(is_place), "{told:?}");
}

#[test]
fn what_is_wrong_with_the_settings_of_a_server_is_told_with_its_name() {
    let text = "servers:\n  a:\n    command: a\n    rules: [none.yaml]\n  b:\n    command: b\n    guard: {taint: 1}\n";
    let problems = problems_of_servers("eyot.yaml", text.as_bytes(), None);
    assert_eq!(problems[0].server.as_deref(), Some("b"));
    assert_eq!(problems[0].to_string(), "eyot.yaml:7:13: error: `guard.taint`: expected a boolean");
    let text = text.replace("taint: 1", "taint: true");
    let problems = problems_of_servers("eyot.yaml", text.as_bytes(), None);
    assert_eq!(problems[0].server.as_deref(), Some("a"));
    assert!(problems[0].to_string().starts_with("eyot.yaml:4:13: error: cannot read none.yaml"));
}

#[test]
fn the_rules_of_a_file_are_found_with_the_servers_that_they_are_for() {
    let set = "{version: 1, default: allow, rules: [{name: r, match: {tool: x}, deny: no}]}";
    let names = |text: &str| {
        let found = rule_sets_of("eyot.yaml", text.as_bytes())?;
        let servers = found.unwrap().into_iter().map(|it| it.0);
        Some(servers.collect::<Vec<_>>())
    };
    let both = format!("servers:\n  a:\n    command: a\n    rules: {set}\nrules: [{set}, {set}]");
    assert_eq!(names(&both), Some(vec![None, None, Some("a".to_owned())]));
    assert_eq!(names(&format!("guard: {{}}\nrules: {set}")), Some(vec![None]));
    assert_eq!(names(set), None, "it is a file of rules");
    let wrong = both.replace("deny: no", "dney: no");
    let told = rule_sets_of("eyot.yaml", wrong.as_bytes()).unwrap().unwrap_err().to_string();
    assert!(told.contains("eyot.yaml:4:"), "{told}");
}
