//! Why a tool did not do what it was asked: what failed, why, and what to call instead.

use crate::error::Error;
use rmcp::model::{CallToolResult, ContentBlock};

/// A call that came to nothing.
pub struct Refusal {
    message: String,
    hint: Option<String>,
    /// What there is to see besides.
    text: Option<String>,
}

impl Refusal {
    /// With what helps.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), hint: Some(hint.into()), text: None }
    }

    /// That says all in itself.
    pub fn plain(message: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), hint: None, text: None }
    }

    /// The same with a text to look at.
    pub fn showing(self, text: String) -> Refusal {
        Refusal { text: Some(text), ..self }
    }

    /// The same with something more that helps.
    pub fn adding(mut self, hint: String) -> Refusal {
        self.hint = Some(self.hint.map(|it| format!("{it}; {hint}")).unwrap_or(hint));
        self
    }

    /// In one text.
    pub fn in_words(&self) -> String {
        let hint = self.hint.iter().map(|hint| format!("\nhint: {hint}"));
        let text = self.text.iter().map(|text| format!("\n\n{text}"));
        format!("error: {}{}", self.message, hint.chain(text).collect::<String>())
    }

    /// As the protocol has it: an error that the model sees and can mend.
    pub fn into_result(self) -> CallToolResult {
        CallToolResult::error(vec![ContentBlock::text(self.in_words())])
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let hint = error.hint().map(|hint| for_tools(&hint));
        Refusal { message: error.to_string(), hint, text: None }
    }
}

/// Commands, and what does the same here.
const INSTEAD: &[(&str, &str)] = &[
    ("sortie track search HNSW recall", "`HNSW recall`"),
    ("sortie ctx prepare-bundle", "the tool `prepare_bundle`"),
    ("sortie ctx show", "the tool `get_bundle`"),
    ("sortie ctx check-bounds", "the tool `check_budget`"),
    ("sortie ctx track-budget", "the tool `check_budget`"),
    ("sortie ctx deduplicate", "the tool `deduplicate`"),
    ("sortie ctx generate-briefing", "the tool `generate_briefing`"),
    ("sortie ctx list", "`resources/list`"),
    ("sortie track init-deployment", "the tool `init_deployment`"),
    ("sortie track init-session", "the tool `init_deployment` with `new_session`"),
    ("sortie track record-completion", "the tool `record_completion`"),
    ("sortie track query", "the tool `query`"),
    ("sortie track search", "the tool `search`"),
    ("sortie track sessions", "`resources/list`"),
    ("sortie track show", "the tool `show`"),
    ("sortie track stats", "the tool `stats`"),
    ("sortie track recall", "the tool `recall`"),
    ("sortie outputs collect", "the tool `collect_outputs`"),
    ("sortie outputs reports", "`resources/list`"),
    ("sortie outputs synthesize", "the tool `synthesize`"),
];

/// Options that are arguments here, and what these are called.
const ARGUMENTS: &[(&str, &str)] = &[
    ("agent-type", "agent_type"),
    ("amend", "amend"),
    ("budget", "budget"),
    ("bundles", "bundles"),
    ("constraint", "constraints"),
    ("context-bundle", "bundle"),
    ("execution-id", "execution_id"),
    ("expect", "expected_output"),
    ("files", "files"),
    ("force", "force"),
    ("hidden", "hidden"),
    ("limit", "limit"),
    ("model", "model"),
    ("no-ignore", "no_ignore"),
    ("on-over-budget", "on_over_budget"),
    ("optional", "optional"),
    ("redact", "redact"),
    ("references", "references"),
    ("scope", "scope"),
    ("session-id", "session_id"),
    ("template", "template"),
];

/// With these, a command does what no tool does.
const NOT_HERE: &[&str] = &["--outside"];

/// A hint for who types commands, for who calls tools: a command that a tool stands for becomes its
/// name, an option an argument.
pub fn for_tools(hint: &str) -> String {
    let mut told = String::new();
    for (at, part) in hint.split('`').enumerate() {
        let is_command = at % 2 == 1;
        let here = is_command && !NOT_HERE.iter().any(|option| part.contains(option));
        let instead = INSTEAD.iter().find(|(name, _)| here && part.starts_with(name));
        match instead {
            Some((_, instead)) => told += instead,
            None if is_command => told += &format!("`{part}`"),
            None => told += &with_arguments(part),
        }
    }
    told
}

/// `--on-over-budget trim` as `on_over_budget trim`.
fn with_arguments(text: &str) -> String {
    let mut parts = text.split("--");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(part.len());
        let (option, rest) = part.split_at(end);
        match ARGUMENTS.iter().find(|(name, _)| *name == option) {
            Some((_, argument)) => told += &format!("`{argument}`{rest}"),
            None => told += &format!("--{part}"),
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_name_tools_and_arguments() {
        assert_eq!(
            for_tools("`sortie doctor` helps; or raise --limit, `sortie track query --status x`"),
            "`sortie doctor` helps; or raise `limit`, the tool `query`"
        );
        assert_eq!(
            for_tools("let --on-over-budget trim choose"),
            "let `on_over_budget` trim choose"
        );
        assert_eq!(for_tools("send it without (--redact)"), "send it without (`redact`)");
        assert_eq!(
            for_tools("a -- b; --project-root, --files-from"),
            "a -- b; --project-root, --files-from"
        );
        let outside = "`sortie outputs collect --outside` takes such files";
        assert_eq!(for_tools(outside), outside);
    }
}
