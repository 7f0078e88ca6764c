//! What a secret shows, and what it compares.

use super::{Secret, ct_eq};

#[derive(Debug)]
struct Login {
    #[expect(dead_code, reason = "read by Debug only")]
    password: Secret<String>,
}

#[track_caller]
fn check(left: &[u8], right: &[u8]) {
    assert_eq!(ct_eq(left, right), left == right);
    assert_eq!(Secret::new(left.to_vec()).ct_eq(right), left == right);
}

#[test]
fn a_secret_never_shows_its_value() {
    let secret = Secret::new(String::from("hunter2"));
    assert_eq!(secret.to_string(), "[redacted]");
    assert_eq!(format!("{:?}", Login { password: secret }), "Login { password: [redacted] }");
}

#[test]
fn an_exposed_secret_is_the_value() {
    assert_eq!(Secret::from("hunter2").expose(), &"hunter2");
}

#[test]
fn comparison_agrees_with_plain_equality() {
    check(b"", b"");
    check(b"token", b"token");
    check(b"token", b"tokem");
    check(b"token", b"Token");
    check(b"token", b"token2");
    check(b"token", b"");
    check(b"\x00", b"");
    check(b"\xff\x00", b"\x00\xff");
}
