//! JSON whose texts are inert: what a terminal would do something about stands as `\\u009b`, which is
//! the same text to every reader of JSON.

use crate::model::is_hidden;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write;

/// One value on as many lines as it takes.
pub fn document(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("text keys only");
    inert(&text).into_owned() + "\n"
}

/// One value on a line.
pub fn line(value: &Value) -> String {
    inert(&value.to_string()).into_owned() + "\n"
}

/// Outside of texts JSON has nothing beyond ASCII, and in them no control below the blank; so what is
/// left stands in a text.
fn inert(json: &str) -> Cow<'_, str> {
    let may_be = |byte: &u8| *byte >= 0x7f;
    if !json.as_bytes().iter().any(may_be) || !json.chars().any(is_left) {
        return json.into();
    }
    let mut text = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        match is_left(c) {
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                write!(text, "\\u{unit:04x}").expect("a text takes all");
            }),
            false => text.push(c),
        }
    }
    text.into()
}

fn is_left(c: char) -> bool {
    c >= '\x7f' && is_hidden(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hidden_characters_are_escaped() {
        assert_eq!(
            line(&"a\u{9b}b\u{202e}\u{e0041}é\u{7f}".into()),
            "\"a\\u009bb\\u202e\\udb40\\udc41é\\u007f\"\n"
        );
        assert_eq!(document(&["\x1b\n"]), "[\n  \"\\u001b\\n\"\n]\n");
    }

    proptest! {
        #[test]
        fn it_is_the_same_value(key in any::<String>(), text in any::<String>()) {
            let value = serde_json::json!({ key: [text] });
            for json in [line(&value), document(&value)] {
                prop_assert!(!json.chars().any(|c| is_hidden(c) && c != '\n'));
                prop_assert_eq!(&serde_json::from_str::<Value>(&json).unwrap(), &value);
            }
        }
    }
}
