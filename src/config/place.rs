//! Where in a TOML text something stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Line and column, both from 1, the column in characters.
pub(super) type Position = (usize, usize);

/// What a path of keys leads to: the key itself, and its value.
pub(super) struct Found {
    pub key: Position,
    pub value: Position,
}

/// Where the last of `keys` stands; a number counts the elements of an array. None if it is not there.
pub(super) fn find(text: &str, keys: &[&str]) -> Option<Found> {
    let document = DeTable::parse(text).ok()?;
    let (first, rest) = keys.split_first()?;
    let (key, value) = document.get_ref().get_key_value(*first)?;
    let (mut at, mut value) = (key.span().start, value);
    for key in rest {
        (at, value) = step(value, key)?;
    }
    let place = |offset| line_and_column(text, offset);
    Some(Found { key: place(at), value: place(value.span().start) })
}

/// One key deeper.
fn step<'v, 'i>(
    value: &'v Spanned<DeValue<'i>>,
    key: &str,
) -> Option<(usize, &'v Spanned<DeValue<'i>>)> {
    match value.get_ref() {
        DeValue::Table(table) => {
            let (key, value) = table.get_key_value(key)?;
            Some((key.span().start, value))
        }
        DeValue::Array(array) => {
            let value = array.get(key.parse::<usize>().ok()?)?;
            Some((value.span().start, value))
        }
        _ => None,
    }
}

/// The position of a byte of a text.
pub(super) fn line_and_column(text: &str, offset: usize) -> Position {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_wherever_they_stand() {
        let text = "'é' = 1\na.'b c' = [1, 2]\n[[t]]\nx = 1\n[[t]]\n  y = { z = 3 }\n";
        let value = |keys: &[&str]| find(text, keys).map(|it| it.value);
        assert_eq!(value(&["é"]), Some((1, 7)));
        assert_eq!(value(&["a", "b c", "1"]), Some((2, 15)));
        assert_eq!(value(&["t", "1", "y", "z"]), Some((6, 13)));
        assert_eq!(find(text, &["t", "1", "y", "z"]).unwrap().key, (6, 9));
        assert_eq!(value(&["t", "2"]), None);
        assert_eq!(value(&["é", "x"]), None);
        assert!(find("x =", &["x"]).is_none());
    }
}
