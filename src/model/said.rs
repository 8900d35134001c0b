//! Texts that must say something: scopes, kinds of agents.

/// `text`, unless it is empty.
pub fn not_empty(text: &str) -> Result<String, &'static str> {
    match text.is_empty() {
        true => Err("it is empty"),
        false => Ok(text.to_owned()),
    }
}
