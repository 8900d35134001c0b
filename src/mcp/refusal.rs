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
    ("sortie ctx prepare-bundle", "the tool `prepare_bundle`"),
    ("sortie ctx show", "the tool `get_bundle`"),
    ("sortie ctx check-bounds", "the tool `check_budget`"),
    ("sortie ctx track-budget", "the tool `check_budget`"),
    ("sortie ctx deduplicate", "the tool `deduplicate`"),
    ("sortie ctx generate-briefing", "the tool `generate_briefing`"),
    ("sortie ctx list", "the list of resources"),
    ("sortie track init-deployment", "the tool `init_deployment`"),
    ("sortie track init-session", "the tool `init_deployment` with `new_session`"),
    ("sortie track record-completion", "the tool `record_completion`"),
    ("sortie track query", "the tool `query`"),
    ("sortie track search", "the tool `search`"),
    ("sortie track sessions", "the list of resources"),
    ("sortie track show", "the tool `show`"),
    ("sortie track stats", "the tool `stats`"),
    ("sortie track recall", "the tool `recall`"),
    ("sortie outputs collect", "the tool `collect_outputs`"),
    ("sortie outputs reports", "the list of resources"),
    ("sortie outputs synthesize", "the tool `synthesize`"),
];

/// A hint for who types commands, for who calls tools: a command that a tool stands for becomes its
/// name, an option an argument.
pub fn for_tools(hint: &str) -> String {
    let mut told = String::new();
    for (at, part) in hint.split('`').enumerate() {
        let command = at % 2 == 1;
        let instead = INSTEAD.iter().find(|(name, _)| command && part.starts_with(name));
        match instead {
            Some((_, instead)) => told += instead,
            None if command => told += &format!("`{part}`"),
            None => told += &with_arguments(part),
        }
    }
    told
}

/// `--on-over-budget trim` as `on_over_budget trim`.
fn with_arguments(text: &str) -> String {
    let word = |word: &str| match word.strip_prefix("--") {
        Some(option) if option.starts_with(|c: char| c.is_ascii_lowercase()) => {
            let end = option.find(|c: char| !c.is_ascii_lowercase() && c != '-');
            let (name, rest) = option.split_at(end.unwrap_or(option.len()));
            format!("`{}`{rest}", name.replace('-', "_"))
        }
        _ => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
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
        assert_eq!(for_tools("a -- b"), "a -- b");
    }
}
