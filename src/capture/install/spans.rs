//! Where the parts of a JSON text stand, so that it can be changed without being written anew.
//!
//! The text must have been found valid before; so nothing here fails but by what kind a value is.

use std::ops::Range;

/// Where a value stands.
pub type Span = Range<usize>;

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, escapes undone.
    pub name: String,
    /// From its name's first quote to its value's end.
    pub whole: Span,
    pub value: Span,
}

/// The value that makes up the text: all but the blanks around it.
pub fn root(text: &str) -> Span {
    let blank = |c: char| c.is_ascii_whitespace();
    let start = text.len() - text.trim_start_matches(blank).len();
    start..text.trim_end_matches(blank).len()
}

/// The members of the object at `span`; `None` if it is none.
pub fn members(text: &str, span: &Span) -> Option<Vec<Member>> {
    let mut at = Cursor { bytes: &text.as_bytes()[..span.end], at: span.start };
    at.open(b'{')?;
    let mut found = Vec::new();
    while at.goes_on(b'}') {
        let name = at.value();
        at.blank();
        at.at += 1;
        at.blank();
        let value = at.value();
        found.push(Member {
            name: serde_json::from_str(&text[name.clone()]).unwrap_or_default(),
            whole: name.start..value.end,
            value,
        });
    }
    Some(found)
}

/// The elements of the array at `span`; `None` if it is none.
pub fn elements(text: &str, span: &Span) -> Option<Vec<Span>> {
    let mut at = Cursor { bytes: &text.as_bytes()[..span.end], at: span.start };
    at.open(b'[')?;
    let mut found = Vec::new();
    while at.goes_on(b']') {
        found.push(at.value());
    }
    Some(found)
}

/// The elements of an array, or the members of an object.
pub fn children(text: &str, span: &Span) -> Vec<Span> {
    let whole = |members: Vec<Member>| members.into_iter().map(|it| it.whole).collect();
    members(text, span).map(whole).or_else(|| elements(text, span)).unwrap_or_default()
}

/// The member called `name`: the last one, as every reader of JSON takes it.
pub fn member(text: &str, object: &Span, name: &str) -> Option<Member> {
    members(text, object)?.into_iter().rfind(|it| it.name == name)
}

struct Cursor<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Cursor<'_> {
    fn next(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        while self.next().is_some_and(|it| it.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn open(&mut self, bracket: u8) -> Option<()> {
        (self.next()? == bracket).then(|| self.at += 1)
    }

    /// Whether something stands before the closing bracket; goes there.
    fn goes_on(&mut self, bracket: u8) -> bool {
        while self.next().is_some_and(|it| it.is_ascii_whitespace() || it == b',') {
            self.at += 1;
        }
        self.next().is_some_and(|it| it != bracket)
    }

    /// Passes over a value, whatever is in it. Depth is counted, not called: a text may be deep.
    fn value(&mut self) -> Span {
        let start = self.at;
        let mut depth = 0;
        loop {
            match self.next() {
                None => break,
                Some(b'"') => self.string(),
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(_) if depth > 0 => self.at += 1,
                Some(_) => self.word(),
            }
            if depth == 0 {
                break;
            }
        }
        start..self.at
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.next() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
    }

    /// A number, or `true`, `false`, `null`.
    fn word(&mut self) {
        let ends = |it: u8| it.is_ascii_whitespace() || b",:]}".contains(&it);
        while self.next().is_some_and(|it| !ends(it)) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_found_where_it_stands() {
        let text = r#" {"a" : [1, {"x":"]}\""}, "b"] , "h\u006foks": {} , "n":-1.5e3} "#;
        let found = members(text, &root(text)).unwrap();
        let shown: Vec<_> =
            found.iter().map(|it| (it.name.as_str(), &text[it.value.clone()])).collect();
        let a = r#"[1, {"x":"]}\""}, "b"]"#;
        assert_eq!(shown, [("a", a), ("hooks", "{}"), ("n", "-1.5e3")]);
        assert_eq!(&text[found[2].whole.clone()], r#""n":-1.5e3"#);
        let elements = elements(text, &found[0].value).unwrap();
        let shown: Vec<_> = elements.iter().map(|it| &text[it.clone()]).collect();
        assert_eq!(shown, ["1", r#"{"x":"]}\""}"#, "\"b\""]);
        assert_eq!(members(text, &found[0].value), None);
        assert!(children(text, &found[1].value).is_empty());
        assert_eq!(&text[root(text)], text.trim());
    }
}
