//! What a notification always has, and whose progress it tells.

use serde_json::json;

use crate::{Id, Notification, UpstreamId};

fn progress(token: &serde_json::Value) -> Notification {
    Notification::new("notifications/progress", &json!({"progressToken": token, "progress": 1}))
}

#[test]
fn a_notification_has_its_method() {
    let notification = Notification::new("a\"b", &());
    assert_eq!(notification.method(), "a\"b");
    assert_eq!(notification.into_message().to_bytes(), r#"{"jsonrpc":"2.0","method":"a\"b"}"#);
}

#[test]
fn progress_names_a_request_of_ours() {
    assert_eq!(progress(&json!(7)).upstream_token(), Some(UpstreamId::new(7)));
    assert_eq!(progress(&json!("7")).upstream_token(), None);
    assert_eq!(Notification::new("m", &json!({})).upstream_token(), None);
}

#[test]
fn progress_is_told_under_the_token_of_the_client() {
    let token = Id::from_text("p");
    let told = progress(&json!(7)).with_client_token(token.clone());
    assert_eq!(told.to_bytes(), progress(&json!("p")).to_bytes());
    assert_eq!(told.progress_token(), Some(token.clone()));
    let other = Notification::new("m", &json!({}));
    assert_eq!(other.clone().with_client_token(token).to_bytes(), other.to_bytes());
}
