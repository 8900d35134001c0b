//! The skill that teaches a lead agent to work with sortie.

/// Its text, front matter and all.
pub const SKILL: &str = include_str!("../../../assets/skill/SKILL.md");
