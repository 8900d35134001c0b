//! Who makes a model, by its name: receivers look prices up by it.

/// Beginnings of model names, and the provider's name in the conventions.
const PROVIDERS: &[(&str, &str)] = &[
    ("claude", "anthropic"),
    ("opus", "anthropic"),
    ("sonnet", "anthropic"),
    ("haiku", "anthropic"),
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("codex-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("gemini-", "gcp.gemini"),
    ("grok-", "x_ai"),
    ("deepseek-", "deepseek"),
    ("mistral-", "mistral_ai"),
    ("codestral-", "mistral_ai"),
    ("devstral-", "mistral_ai"),
    ("kimi-", "moonshot_ai"),
    ("command-", "cohere"),
];

/// The provider of a model; nothing for a name that does not tell.
pub fn of(model: &str) -> Option<&'static str> {
    let model = model.to_ascii_lowercase();
    PROVIDERS.iter().find(|(beginning, _)| model.starts_with(beginning)).map(|(_, name)| *name)
}
