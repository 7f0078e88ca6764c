//! The files of Unix sockets.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn place() -> (tempfile::TempDir, ListenAt, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.sock");
    (folder, ListenAt::Unix(path.clone()), path)
}

#[tokio::test]
async fn socket_is_its_owners_alone_and_goes_with_the_program() {
    let (_folder, at, path) = place();
    let bound = listen(&at, "http").await.unwrap();
    assert_eq!(bound.url("/mcp"), format!("unix:{}#/mcp", path.display()));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(bound);
    assert!(!path.exists());
}

#[tokio::test]
async fn file_that_a_dead_process_has_left_is_replaced() {
    let (_folder, at, path) = place();
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    listen(&at, "http").await.unwrap();
}

#[tokio::test]
async fn socket_of_a_running_process_stays_its_own() {
    let (_folder, at, path) = place();
    let first = listen(&at, "http").await.unwrap();
    let error = listen(&at, "http").await.unwrap_err();
    assert!(format!("{error:#}").contains("another process answers there"), "{error:#}");
    drop(first);
    assert!(!path.exists());
}

#[tokio::test]
async fn file_of_another_kind_stays() {
    let (_folder, at, path) = place();
    std::fs::write(&path, "notes").unwrap();
    let error = listen(&at, "http").await.unwrap_err();
    assert!(format!("{error:#}").contains("no socket"), "{error:#}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "notes");
}

#[tokio::test]
async fn socket_of_a_later_process_is_not_removed() {
    let (_folder, at, path) = place();
    let first = listen(&at, "http").await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let second = listen(&at, "http").await.unwrap();
    drop(first);
    assert!(path.exists());
    drop(second);
}
