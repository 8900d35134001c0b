//! A text without its secrets: what they were stands in their place.

use super::finding::Finding;
use super::rules::RULES;
use super::scan_bytes;

/// A text of which secrets were taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    pub text: String,
    /// What stood there.
    pub findings: Vec<Finding>,
}

/// How often what a redaction uncovers is redacted, too.
const ROUNDS: usize = 8;

/// What stands before the rule and the fingerprint in the place of a secret.
const MARK: &str = "[redacted: ";

/// The text with each finding's secret replaced by what it was; it has as many lines as before.
pub fn redact(text: &str, findings: &[Finding]) -> String {
    String::from_utf8_lossy(&without(text.as_bytes(), findings)).into_owned()
}

/// The text without the secrets that `told` says must not stay; nothing if there are none.
pub fn redacted(text: &str, told: impl Fn(&Finding) -> bool) -> Option<Redacted> {
    let (bytes, findings) = redacted_bytes(text.as_bytes(), told)?;
    Some(Redacted { text: String::from_utf8_lossy(&bytes).into_owned(), findings })
}

/// The same of what may be no UTF-8.
pub fn redacted_bytes(
    bytes: &[u8],
    told: impl Fn(&Finding) -> bool,
) -> Option<(Vec<u8>, Vec<Finding>)> {
    let mut all = Vec::new();
    let mut clean: Option<Vec<u8>> = None;
    for _ in 0..ROUNDS {
        let now = clean.as_deref().unwrap_or(bytes);
        let findings: Vec<Finding> = scan_bytes(now).into_iter().filter(|it| told(it)).collect();
        if findings.is_empty() {
            break;
        }
        clean = Some(without(now, &findings));
        all.extend(findings);
    }
    clean.map(|bytes| (bytes, all))
}

fn without(bytes: &[u8], findings: &[Finding]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for finding in findings {
        out.extend_from_slice(&bytes[at..finding.start]);
        out.extend(format!("{MARK}{} {}]", finding.rule, finding.fingerprint).bytes());
        let lines = memchr::memchr_iter(b'\n', &bytes[finding.start..finding.end]).count();
        out.extend(std::iter::repeat_n(b'\n', lines));
        at = finding.end;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

/// The rules by which something was taken out of a text, once for each place.
pub fn marks(text: &[u8]) -> Vec<&'static str> {
    let places = memchr::memmem::find_iter(text, MARK);
    let rule = |at: usize| {
        let rest = &text[at + MARK.len()..];
        let end = rest.iter().position(|byte| *byte == b' ')?;
        let closed = rest.get(end + 17) == Some(&b']');
        let id = std::str::from_utf8(&rest[..end]).ok().filter(|_| closed)?;
        RULES.iter().map(|rule| rule.id).find(|it| *it == id)
    };
    places.filter_map(rule).collect()
}
