//! Sizes as operators write them.

use super::*;

#[test]
fn sizes_are_bytes_or_have_a_unit() {
    for (text, bytes) in [
        ("1024", 1_024),
        ("4096B", 4_096),
        ("64KiB", 64 << 10),
        ("20MB", 20_000_000),
        ("16M", 16 << 20),
        ("3GiB", 3 << 30),
        ("4294967295", 4_294_967_295),
    ] {
        assert_eq!(parse_size(text), Ok(bytes), "{text}");
    }
    for text in ["", "MiB", "0", "1023", "4GiB", "-1", "1.5MiB", "1 MiB", "9TiB", "99999999999GiB"]
    {
        assert!(parse_size(text).is_err(), "{text}");
    }
}
