//! What is assigned to a name, in code and in files of most kinds.

use super::{entropy, placeholder};
use std::ops::Range;

/// What is assigned to a name.
pub struct Value {
    pub place: Range<usize>,
    pub quoted: bool,
}

/// The longest value that is looked at.
const LONGEST: usize = 1024;

/// The value assigned to a name that ends at `at`. `flag`: the name is an option of a command.
pub fn after(text: &[u8], at: usize, flag: bool) -> Option<Value> {
    let mut cursor = Cursor { text, at };
    let closed = cursor.skip(b"\"'`])}\\", 4);
    let spaces = cursor.skip(b" \t", 8);
    let operator = cursor.operator(closed > 0, flag && spaces > 0)?;
    cursor.skip(b" \t", 16);
    if matches!(operator, b'>' | b'(') {
        cursor.skip(b" \t\r\n", 40);
    }
    if matches!(operator, b':') {
        cursor.kind();
    }
    cursor.value(operator == b',')
}

struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn skip(&mut self, set: &[u8], most: usize) -> usize {
        let rest = self.text[self.at..].iter().take(most);
        let count = rest.take_while(|byte| set.contains(byte)).count();
        self.at += count;
        count
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        let there = self.text[self.at..].starts_with(text);
        if there {
            self.at += text.len();
        }
        there
    }

    /// What stands between a name and its value; its last byte.
    fn operator(&mut self, closed: bool, flag: bool) -> Option<u8> {
        if self.eat(b"===") || self.eat(b"==") || self.eat(b"!=") {
            return None;
        }
        for long in
            [&b":::="[..], b"::=", b"||=", b"??=", b":=", b"?=", b".=", b"+=", b"=>", b"->", b"<-"]
        {
            if self.eat(long) {
                return Some(b'=');
            }
        }
        match self.peek() {
            b':' if self.text[self.at..].starts_with(b"::") => None,
            byte @ (b'=' | b':' | b'>') => {
                self.at += 1;
                Some(byte)
            }
            // `"TOKEN", "…"`, and `name="token" value="…"`.
            b',' if closed => {
                self.at += 1;
                self.skip(b" \t\r\n", 24);
                self.skip(b"\"'", 1);
                if self.eat(b"value") || self.eat(b"Value") {
                    return self.assigned();
                }
                self.at -= usize::from(matches!(self.text[self.at - 1], b'"' | b'\''));
                Some(b',')
            }
            b'v' if closed && self.eat(b"value") => self.assigned(),
            b'\r' | b'\n' if closed || self.at > 0 => self.next_line(),
            b'a'..=b'z' if !closed => self.typed(),
            _ if flag => Some(b' '),
            _ => None,
        }
    }

    /// Behind the word `value`.
    fn assigned(&mut self) -> Option<u8> {
        self.skip(b"\"'", 1);
        self.skip(b" \t", 4);
        let byte = self.peek();
        self.at += 1;
        matches!(byte, b'=' | b':').then_some(b'=')
    }

    /// `- name: TOKEN`, and on the next line its value.
    fn next_line(&mut self) -> Option<u8> {
        self.skip(b" \t\r\n", 40);
        if self.eat(b"value") || self.eat(b"\"value") { self.assigned() } else { None }
    }

    /// `token string = "…"`.
    fn typed(&mut self) -> Option<u8> {
        self.at += self.text[self.at..]
            .iter()
            .take(12)
            .take_while(|it| it.is_ascii_alphanumeric())
            .count();
        self.skip(b" \t", 2);
        let assigned = self.peek() == b'=' && self.text.get(self.at + 1) != Some(&b'=');
        self.at += 1;
        assigned.then_some(b'=')
    }

    /// The type between a colon and what is assigned: `token: &str = "…"`.
    fn kind(&mut self) {
        let rest = &self.text[self.at..];
        let name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"&'<>_[]? ".contains(byte);
        let length = rest.iter().take(32).take_while(name).count();
        if length > 0 && rest.get(length) == Some(&b'=') && rest.get(length + 1) != Some(&b'=') {
            self.at += length + 1;
            self.skip(b" \t", 4);
        }
    }

    fn value(&mut self, must_be_quoted: bool) -> Option<Value> {
        self.skip(b"\\", 2);
        if self.text.get(self.at + 1).is_some_and(|it| matches!(it, b'"' | b'\'' | b'`')) {
            self.skip(b"brufL@$", 1);
        }
        let quote = Some(self.peek()).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        if quote.is_none() && must_be_quoted {
            return None;
        }
        self.at += usize::from(quote.is_some());
        // `"""…"""`.
        self.skip(b"\"", if quote == Some(b'"') { 2 } else { 0 });
        let rest = &self.text[self.at..];
        let goes_on = |byte: &&u8| match quote {
            Some(quote) => **byte != quote && !matches!(byte, b'\n' | b'\r' | b'\\'),
            None => byte.is_ascii_graphic() && !b"\"'`,;)}]<>\\".contains(byte),
        };
        let length = rest.iter().take(LONGEST).take_while(goes_on).count();
        let whole = &rest[..length];
        let code = quote.is_none() && whole.iter().any(|it| matches!(it, b'(' | b'[' | b'{'));
        (length >= 6 && !code)
            .then(|| Value { place: self.at..self.at + length, quoted: quote.is_some() })
    }
}

/// Passwords that everybody tries first, and words that stand for one.
const STAND_INS: &str = " password passwd passw0rd pass word mypassword mypass yourpassword secret mysecret \
    root admin administrator user username test testing tester tests guest demo default postgres mysql \
    mongo mongodb redis rabbitmq oracle sa hunter2 letmein qwerty foobar foo bar baz foobarbaz changeit \
    change_it token pwd pw none null nil true false empty xxx yyy zzz abc abcd abc123 123 1234 12345 \
    123456 1234567 12345678 123456789 p p4ssw0rd pass123 pass1234 password1 password123 \
    test123 test1234 testpass testpassword test_password secret123 supersecret topsecret s3cr3t s3cret \
    hello helloworld local localhost dev development db database dbpassword my-secret-pw secretpassword \
    correcthorsebatterystaple opensesame sesame medium ";

/// Whether a password may be one that somebody uses.
pub fn padded(user: &str, password: &str) -> bool {
    let small = password.to_ascii_lowercase();
    let bare = small.trim_matches(|it: char| !it.is_ascii_alphanumeric());
    password.len() >= 6
        && !password.eq_ignore_ascii_case(user)
        && !STAND_INS.contains(&format!(" {bare} "))
        && !placeholder::is(password.as_bytes())
        && !variable(password.as_bytes())
        && entropy::bits(password.as_bytes()) >= 2.0
}

/// Whether it is the name of a variable rather than its value: `$PASS`, `%PASS%`, `PASSWORD`, `{pass}`.
pub fn variable(value: &[u8]) -> bool {
    let loud = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let shouted = value.iter().all(loud) && value.contains(&b'_');
    shouted
        || value.iter().all(u8::is_ascii_uppercase)
        || matches!(value.first(), Some(b'$' | b'{' | b'<' | b'[' | b'@' | b'#'))
        || (value.first() == Some(&b'%') && value.last() == Some(&b'%'))
}

/// Whether a value is mostly escapes, as the tests of whoever parses URLs have them.
pub fn escaped(value: &[u8]) -> bool {
    value.iter().filter(|byte| **byte == b'%').count() * 6 >= value.len()
}
