//! Ends of certificates.

use std::time::{Duration, UNIX_EPOCH};

use eyot_testkit::Authority;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::{expiry, time_of};

#[track_caller]
fn check(text: &str, seconds: Option<u64>) {
    let expected = seconds.map(|it| UNIX_EPOCH + Duration::from_secs(it));
    assert_eq!(time_of(text.as_bytes()), expected, "{text}");
}

#[test]
fn both_notations_of_a_time_are_read() {
    check("700101000000Z", Some(0));
    check("19700102000001Z", Some(86_401));
    check("000229120000Z", Some(951_825_600));
    check("20001231235959Z", Some(978_307_199));
    check("491231235959Z", Some(2_524_607_999));
    check("21000301000000Z", Some(4_107_542_400));
}

#[test]
fn what_is_no_time_is_none() {
    for text in ["", "Z", "260101000000", "26010100Z", "261301000000Z", "2601010000+1Z"] {
        check(text, None);
    }
    check("600101000000Z", None);
}

#[test]
fn the_end_of_a_certificate_is_found() {
    let pem = Authority::new().expired_server(&["old.test"]).certificate;
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let end = UNIX_EPOCH + Duration::from_secs(915_148_800);
    assert_eq!(expiry(&certificate), Some(end), "1999-01-01");
    assert_eq!(expiry(&CertificateDer::from(vec![0x30, 3, 1, 2, 3])), None);
}
