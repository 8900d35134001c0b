//! A text without its secrets.

use super::finding::Finding;
use super::scan;

/// A text of which secrets were taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    pub text: String,
    /// What stood there, in the order of the text as it was.
    pub findings: Vec<Finding>,
}

/// How often what a redaction uncovers is redacted, too.
const ROUNDS: usize = 8;

/// The text with each finding's secret replaced by what it was; it has as many lines as before.
pub fn redact(text: &str, findings: &[Finding]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for finding in findings {
        out.push_str(&text[at..finding.start]);
        out.push_str(&format!("[redacted: {} {}]", finding.rule, finding.fingerprint));
        let lines = text[finding.start..finding.end].matches('\n').count();
        out.extend(std::iter::repeat_n('\n', lines));
        at = finding.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The text without the secrets that `told` says must not stay; nothing if there are none.
pub fn redacted(text: &str, told: impl Fn(&Finding) -> bool) -> Option<Redacted> {
    let mut all = Vec::new();
    let mut clean: Option<String> = None;
    for _ in 0..ROUNDS {
        let now = clean.as_deref().unwrap_or(text);
        let findings: Vec<Finding> = scan(now).into_iter().filter(|it| told(it)).collect();
        if findings.is_empty() {
            break;
        }
        clean = Some(redact(now, &findings));
        all.extend(findings);
    }
    clean.map(|text| Redacted { text, findings: all })
}
