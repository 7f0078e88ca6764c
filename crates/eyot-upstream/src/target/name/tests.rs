//! What records call a target.

use std::convert::Infallible;

use eyot_service::Limits;
use eyot_stdx::Secret;

use super::TargetName;
use crate::Target;

async fn name(target: &Target, key: u8) -> String {
    let named = TargetName::new(target);
    let name = named.get(async || Ok::<_, Infallible>(Secret::new([key; 32]))).await;
    name.unwrap().into()
}

fn url(url: &str) -> Target {
    Target::url(url, Limits::default()).unwrap()
}

#[tokio::test]
async fn the_name_holds_no_secret_and_outlives_it() {
    let pairs = [
        (url("http://a/mcp?token=S3CRET"), url("http://a:80/mcp?token=new"), "http://a:80 "),
        (
            Target::command("/opt/x/server", ["--api-key", "S3CRET"]),
            Target::command("/opt/x/server", ["--api-key", "new"]),
            "server ",
        ),
    ];
    for (target, rotated, label) in pairs {
        let before = name(&target, 1).await;
        assert_eq!(before, name(&rotated, 1).await);
        assert!(before.starts_with(label) && !before.contains("S3CRET"), "{before}");
        assert_eq!(before.len(), label.len() + 32, "{before}");
    }
}

#[tokio::test]
async fn other_upstreams_and_other_stores_have_other_names() {
    let command = |arg: &str| Target::command("npx", ["-y", arg]);
    let targets =
        [url("http://a/x"), url("http://a/y"), url("http://b/x"), command("x"), command("y")];
    let mut names = Vec::new();
    for target in targets {
        names.push(name(&target, 1).await);
        names.push(name(&target, 2).await);
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[tokio::test]
async fn each_store_gets_the_name_under_its_own_key() {
    let named = TargetName::new(&url("http://a/mcp"));
    let under = async |key: u8| {
        let name = named.get(async || Ok::<_, Infallible>(Secret::new([key; 32]))).await;
        name.unwrap()
    };
    let (first, other) = (under(1).await, under(2).await);
    assert_ne!(first, other);
    assert_eq!(first, under(1).await);
}

#[tokio::test]
async fn records_of_earlier_versions_are_recognized() {
    let recognizes = async |target: &Target, stored: Option<&str>| {
        let named = TargetName::new(target);
        let key = async || Ok::<_, Infallible>(Secret::new([1; 32]));
        named.recognize(stored, key).await.unwrap().is_some()
    };
    let target = url("http://a/mcp?token=new");
    for stored in ["http://a:80/mcp?token=new", "http://a:80/mcp?token=old"] {
        assert!(recognizes(&target, Some(stored)).await, "{stored}");
    }
    for stored in ["http://a:80/other?token=new", "http://b:80/mcp?token=new", ""] {
        assert!(!recognizes(&target, Some(stored)).await, "{stored}");
    }
    assert!(!recognizes(&target, None).await);
    let command = Target::command("p", ["--token", "S3CRET"]);
    assert!(recognizes(&command, Some(r#""p" ["--token", "S3CRET"] in None"#)).await);
    assert!(!recognizes(&command, Some(r#""p" ["--token", "S3CRET", "x"] in None"#)).await);
}
