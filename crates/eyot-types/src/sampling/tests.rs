//! What a model said.

use super::*;

#[test]
fn the_text_of_an_answer_is_every_text_of_it() {
    let one = CreateMessageResult::new("m", SamplingContent::text("one"));
    assert_eq!(one.text(), "one");
    let several = OneOrMany::Many(vec![
        SamplingContent::text("one"),
        SamplingContent::image(b"", "image/png"),
        SamplingContent::text("two"),
    ]);
    assert_eq!(CreateMessageResult::new("m", several).text(), "one\ntwo");
}
