//! What stands where a secret will be: examples, templates, crosses and dots.

/// Words that no secret has, and that documentation is full of.
const WORDS: [&[u8]; 34] = [
    b"example",
    b"placeholder",
    b"changeme",
    b"change_me",
    b"change-me",
    b"change_this",
    b"xxxxx",
    b"your_",
    b"your-",
    b"yourapi",
    b"yoursecret",
    b"yourtoken",
    b"yourpass",
    b"yourkey",
    b"your.",
    b"redacted",
    b"dummy",
    b"insert",
    b"replace",
    b"sample",
    b"secret_here",
    b"token_here",
    b"key_here",
    b"keyhere",
    b"tokenhere",
    b"goes_here",
    b"notreal",
    b"not_real",
    b"not-a-real",
    b"notarealkey",
    b"censored",
    b"removed",
    b"randomstring",
    b"undefined",
];

/// Marks of templates and of what was left out.
const MARKS: [&[u8]; 12] = [
    b"${",
    b"{{",
    b"$(",
    b"<%",
    b"...",
    b"***",
    b"%s",
    b"%(",
    b"[[",
    b"\xe2\x80\xa6",
    b"####",
    b"{%",
];

/// Whether it is no secret, but shows where one goes.
pub fn is(value: &[u8]) -> bool {
    let small = value.to_ascii_lowercase();
    WORDS.iter().chain(&MARKS).any(|word| memchr::memmem::find(&small, word).is_some())
        || (value.starts_with(b"<") && value.ends_with(b">"))
        || (value.starts_with(b"{")
            && value.ends_with(b"}")
            && value[1..].iter().all(|it| *it != b'"'))
        || (value.starts_with(b"%") && value.ends_with(b"%"))
        || (value.starts_with(b"[") && value.ends_with(b"]"))
        || longest_run(&small, |before, after| after == before.wrapping_add(1)) >= 8
        || longest_run(&small, |before, after| after == before && after != b'a') >= 7
        || repeats(&small)
}

/// The longest stretch in which each byte follows from the one before it.
fn longest_run(value: &[u8], follows: impl Fn(u8, u8) -> bool) -> usize {
    let (mut longest, mut now) = (0, 1);
    for pair in value.windows(2) {
        now = if follows(pair[0], pair[1]) { now + 1 } else { 1 };
        longest = longest.max(now);
    }
    longest
}

/// Whether it is one short text several times over.
fn repeats(value: &[u8]) -> bool {
    let times = |len: usize| value.len() >= len * 3 && value[len..] == value[..value.len() - len];
    (1..=10).any(times)
}
