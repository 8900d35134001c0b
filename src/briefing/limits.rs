//! Bounds on a template, and the reading that enforces them before the engine parses it.
//!
//! The engine's parser recurses without a bound and takes quadratic time over many tags, so a
//! hostile template must be refused before it: [`check`] reads the source once, from tag to tag.
//! Where it cannot tell where a tag ends it refuses, so it never takes for text what the engine
//! takes for a tag.

use super::fault::Limit;

/// The engine's parser reads a run of backslashes again from each of them.
const MAX_BACKSLASHES: usize = 64;

/// Why a source is refused, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Breach {
    pub at: usize,
    pub why: Why,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Why {
    Limit(Limit),
    Syntax(&'static str),
}

type Checked<T> = Result<T, Breach>;

/// Refuses a source that exceeds a limit or uses syntax that templates here do without.
pub(super) fn check(source: &str) -> Checked<()> {
    if source.len() > Limit::Source.max() {
        return Err(Breach { at: 0, why: Why::Limit(Limit::Source) });
    }
    if let Some(at) = source.find(&"\\".repeat(MAX_BACKSLASHES + 1)) {
        return syntax(at, "a run of backslashes is too long");
    }
    let mut scan = Scan { source, at: 0, tags: 0, blocks: Vec::new() };
    while let Some(found) = source[scan.at..].find("{{") {
        let start = scan.at + found;
        scan.count_tag(start)?;
        if scan.is_escaped(start) {
            // The engine takes `\{{{{` as one, too.
            let doubled = source[start + 2..].starts_with("{{");
            scan.at = start + if doubled { 4 } else { 2 };
        } else {
            scan.at = scan.tag(start)?;
        }
    }
    match scan.blocks.last() {
        Some((start, _)) => syntax(*start, "this block is never closed"),
        None => Ok(()),
    }
}

struct Scan<'a> {
    source: &'a str,
    at: usize,
    tags: usize,
    /// For each open block where it begins, and its levels: itself and one for each `else if`,
    /// which the engine nests.
    blocks: Vec<(usize, usize)>,
}

impl Scan<'_> {
    fn count_tag(&mut self, start: usize) -> Checked<()> {
        self.tags += 1;
        if self.tags > Limit::Tags.max() { limit(start, Limit::Tags) } else { Ok(()) }
    }

    /// One backslash makes `{{` text; two or more are text themselves before a tag.
    fn is_escaped(&self, start: usize) -> bool {
        let before = &self.source.as_bytes()[self.at..start];
        before.iter().rev().take_while(|b| **b == b'\\').count() == 1
    }

    /// Reads the tag at `start`; returns where it ends.
    fn tag(&mut self, start: usize) -> Checked<usize> {
        let rest = &self.source[start..];
        if rest.starts_with("{{{{") {
            return syntax(start, "raw blocks {{{{ are not allowed");
        }
        if let Some(comment) = rest.strip_prefix("{{!") {
            return self.comment(start, comment);
        }
        let end = tag_end(self.source, start)?;
        if end - start > Limit::Tag.max() {
            return limit(start, Limit::Tag);
        }
        self.sigil(start, &self.source[start + 2..end - 2])?;
        Ok(end)
    }

    fn comment(&self, start: usize, text: &str) -> Checked<usize> {
        let long = trim(text).starts_with("--");
        let (close, why) = if long {
            ("--}}", "a comment {{!-- is never closed by --}}")
        } else {
            ("}}", "a comment {{! is never closed")
        };
        let from = if long { text.len() - trim(text).len() + 2 } else { 0 };
        match text[from..].find(close) {
            Some(length) => Ok(start + "{{!".len() + from + length + close.len()),
            None => syntax(start, why),
        }
    }

    /// Follows blocks; refuses what would define or fill a partial, or choose one at run time.
    fn sigil(&mut self, start: usize, inner: &str) -> Checked<()> {
        let inner = trim(inner).trim_start_matches('~');
        let inner = trim(inner).trim_end_matches([' ', '\t', '\n', '\r', '~']);
        match inner.as_bytes().first() {
            Some(b'#') => match trim(&inner[1..]).as_bytes().first() {
                Some(b'*') => syntax(start, "inline partials and decorators are not allowed"),
                Some(b'>') => syntax(start, "blocks passed to partials are not allowed"),
                _ => self.open(start),
            },
            Some(b'*') => syntax(start, "decorators are not allowed"),
            Some(b'>') if !is_partial_name(trim(&inner[1..])) => {
                syntax(start, "a partial is included by its name alone: {{> name}}")
            }
            Some(b'/') => match self.blocks.pop() {
                Some(_) => Ok(()),
                None => syntax(start, "no block is open that this could close"),
            },
            _ => match inner.strip_prefix("else").or_else(|| inner.strip_prefix('^')) {
                Some(chain) if !chain.is_empty() => self.chain(start),
                _ => Ok(()),
            },
        }
    }

    fn open(&mut self, start: usize) -> Checked<()> {
        self.blocks.push((start, 1));
        self.check_nesting(start)
    }

    fn chain(&mut self, start: usize) -> Checked<()> {
        if let Some((_, levels)) = self.blocks.last_mut() {
            *levels += 1;
        }
        self.check_nesting(start)
    }

    fn check_nesting(&self, start: usize) -> Checked<()> {
        let levels: usize = self.blocks.iter().map(|(_, levels)| levels).sum();
        if levels > Limit::Nesting.max() { limit(start, Limit::Nesting) } else { Ok(()) }
    }
}

/// Where the tag at `start` ends: at the first `}}` outside a quoted text.
fn tag_end(source: &str, start: usize) -> Checked<usize> {
    let bytes = source.as_bytes();
    let (mut at, mut depth) = (start + 2, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Ok(at + 2),
            quote @ (b'"' | b'\'') => at = quoted_end(bytes, at, quote)?,
            b'[' if matches!(bytes[at - 1], b'.' | b'/') => at = key_end(bytes, at)?,
            b'[' => return syntax(at, "lists cannot be written in a tag"),
            b'{' if !opens_triple(bytes, start, at) => {
                return syntax(at, "objects cannot be written in a tag");
            }
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > Limit::Nesting.max() {
            return limit(start, Limit::Nesting);
        }
        at += 1;
    }
    syntax(start, "a tag is never closed by }}")
}

/// Whether the brace at `at` is the third of `{{{` or `{{~{`.
fn opens_triple(bytes: &[u8], start: usize, at: usize) -> bool {
    bytes[start + 2..at].iter().all(|b| b" \t\r\n~".contains(b))
}

/// The position of the quote that ends the text begun at `at`.
fn quoted_end(bytes: &[u8], at: usize, quote: u8) -> Checked<usize> {
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end) {
        match *byte {
            b'\\' => end += 2,
            b if b == quote => return Ok(end),
            _ => end += 1,
        }
    }
    syntax(at, "a quoted text is never closed")
}

/// The position of the `]` that ends the key begun at `at`, as in `items.[0]`.
fn key_end(bytes: &[u8], at: usize) -> Checked<usize> {
    let length = bytes[at + 1..].iter().take_while(|b| !b"]['\"(){}".contains(b)).count();
    match bytes.get(at + 1 + length) {
        Some(b']') => Ok(at + 1 + length),
        _ => syntax(at, "a key in [ ] is never closed, or holds quotes or brackets"),
    }
}

fn is_partial_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Without the whitespace that the engine's grammar allows anywhere in a tag.
fn trim(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

fn limit<T>(at: usize, limit: Limit) -> Checked<T> {
    Err(Breach { at, why: Why::Limit(limit) })
}

fn syntax<T>(at: usize, why: &'static str) -> Checked<T> {
    Err(Breach { at, why: Why::Syntax(why) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit_of(source: &str) -> Option<Limit> {
        match check(source) {
            Err(Breach { why: Why::Limit(limit), .. }) => Some(limit),
            Err(Breach { why: Why::Syntax(_), .. }) | Ok(()) => None,
        }
    }

    #[test]
    fn plain_templates_pass() {
        for good in [
            "",
            "text",
            "{",
            "{{",
            "{{a}} {{{b}}} {{~c~}} {{& d}} {{~{e}~}}",
            "{{#if a}}{{else if b}}{{else}}{{/if}}",
            "{{> p}}{{~> p.md ~}}",
            r#"\{{#if}} {{cell "}} {{#if"}} {{a.[odd key].b}} {{eq 'a\'}}' b}}"#,
            "{{! }} {{!-- {{#each }} --}} {{! -- }} --}}",
            r"\{{{{ \\{{a}}",
        ] {
            // An unclosed `{{` is the one thing here that is not plain.
            assert_eq!(check(good).is_ok(), good != "{{", "{good}: {:?}", check(good));
        }
    }

    #[test]
    fn depth_is_counted_however_it_is_written() {
        for level in ["{{#if a}}", "{{~# if a}}", "{{ ~ # each a as |b| ~ }}"] {
            assert_eq!(limit_of(&level.repeat(32)), None, "{level}");
            assert_eq!(limit_of(&level.repeat(33)), Some(Limit::Nesting), "{level}");
        }
        for chain in ["{{else if a}}", "{{~ else if a}}", "{{^if a}}", "{{elsewhere}}"] {
            let source = format!("{{{{#if a}}}}{}{{{{/if}}}}", chain.repeat(32));
            assert_eq!(limit_of(&source), Some(Limit::Nesting), "{chain}");
        }
        assert_eq!(limit_of(&"{{#if a}}{{/if}}".repeat(450)), None);
        let parentheses = |n| format!("{{{{#if {}a}}}}", "(not ".repeat(n));
        assert_eq!(limit_of(&parentheses(32)), None);
        assert_eq!(limit_of(&parentheses(33)), Some(Limit::Nesting));
    }

    #[test]
    fn size_is_limited() {
        assert_eq!(limit_of(&"x".repeat(64 << 10)), None);
        assert_eq!(limit_of(&"x".repeat((64 << 10) + 1)), Some(Limit::Source));
        assert_eq!(limit_of(&"{{a}}".repeat(1001)), Some(Limit::Tags));
        assert_eq!(limit_of(&r"\{{".repeat(1001)), Some(Limit::Tags));
        assert_eq!(limit_of(&format!("{{{{and {}}}}}", "a ".repeat(1100))), Some(Limit::Tag));
    }

    #[test]
    fn what_partials_and_literals_could_hide_is_refused() {
        for bad in [
            "{{#*inline \"p\"}}{{/inline}}",
            "{{* inline}}",
            "{{~ # * inline}}",
            "{{#> p}}{{/p}}",
            "{{> (lookup a b)}}",
            "{{> p a=b}}",
            "{{> [p]}}",
            "{{> 'p'}}",
            "{{>}}",
            "{{{{raw}}}}",
            "{{a [1]}}",
            "{{a [[[[1]]]]}}",
            "{{a.[b'c]}}",
            "{{a {\"b\": 1}}}",
            "{{a {{b}}",
            "{{!-- a }}",
            "{{!  -- a }}",
            "{{! a",
            "{{a \"b}}",
            "{{a 'b\\'}}",
            "{{a",
        ] {
            assert!(matches!(check(bad), Err(Breach { why: Why::Syntax(_), .. })), "{bad}");
        }
    }
}
