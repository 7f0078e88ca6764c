//! Texts with and without what is not shown.

use super::*;

#[test]
fn what_is_not_shown_is_found_and_plain_text_of_all_scripts_is_not() {
    for odd in ["a\u{200B}b", "\u{E0041}", "x\u{202E}y", "\u{7}", "a\u{200D}b", "\u{FEFF}"] {
        assert_eq!(oddities_of_text(odd).count(), 1, "{odd:?}");
    }
    for plain in ["tab\tline\r\n", "é ß 漢字 Привет", "👩\u{200D}💻", "می\u{200C}خواهم"]
    {
        assert_eq!(oddities_of_text(plain).count(), 0, "{plain:?}");
    }
}

#[test]
fn a_name_of_two_scripts_is_odd_and_one_of_one_script_is_not() {
    assert_eq!(
        oddities_of_name("se\u{430}rch").collect::<Vec<_>>(),
        [Oddity::LookAlike('\u{430}')]
    );
    assert_eq!(oddities_of_name("поиск").count(), 0);
    assert_eq!(oddities_of_name("read_file").count(), 0);
    assert_eq!(Oddity::Hidden('\u{200B}').to_string(), "hidden character U+200B");
}
