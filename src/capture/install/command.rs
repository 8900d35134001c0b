//! How sortie is called: the name or the path that goes into the settings, and reading it back.

use super::fault::InstallFault;
use super::surroundings::Surroundings;
use std::path::{Path, PathBuf};

/// What the settings call sortie by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// `sortie`, or a path.
    pub command: String,
    /// The file that is called.
    pub path: PathBuf,
    /// Whether PATH led to it.
    pub by_path: bool,
}

/// By its name where that leads to it, for that is the same on every machine; else by its path.
pub fn called(surroundings: &Surroundings) -> Result<Called, InstallFault> {
    if let Some(path) = on_path("sortie", surroundings) {
        return Ok(Called { command: "sortie".to_owned(), path, by_path: true });
    }
    let path = surroundings.program.clone();
    match path.to_str() {
        Some(command) => Ok(Called { command: command.to_owned(), path, by_path: false }),
        // Settings are text.
        None => Err(InstallFault::NoName { path }),
    }
}

/// The file that a command leads to.
pub fn found(command: &str, surroundings: &Surroundings) -> Option<PathBuf> {
    match command.contains(['/', '\\']) {
        true => Some(PathBuf::from(command)).filter(|it| it.is_absolute() && is_program(it)),
        false => on_path(command, surroundings),
    }
}

/// Directories that are not absolute lead somewhere else from each place.
fn on_path(name: &str, surroundings: &Surroundings) -> Option<PathBuf> {
    let path = surroundings.path.as_ref()?;
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let dirs = std::env::split_paths(path).filter(|dir| dir.is_absolute());
    dirs.map(|dir| dir.join(&name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    let Ok(found) = file.metadata() else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        found.is_file() && found.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    found.is_file()
}

/// A word as a shell takes it for one.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./+:@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// The words of a shell line that calls one command; `None` if it does more than that.
pub fn shell_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(c),
            (_, '\\') => word.get_or_insert_default().push(chars.next()?),
            (Some(_), _) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            (None, '|' | '&' | ';' | '<' | '>' | '`' | '(' | ')' | '\n') => return None,
            (None, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// Whether a command is sortie by its name, wherever it lies; a version may stand behind the name.
pub fn is_sortie(command: &str) -> bool {
    let name = command.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.strip_suffix(".exe").unwrap_or(name);
    name == "sortie" || name.starts_with("sortie-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_a_shells() {
        let words = |line: &str| shell_words(line).unwrap_or_default().join("|");
        assert_eq!(words("sortie hook  codex"), "sortie|hook|codex");
        assert_eq!(words(r#""/a b/sortie" hook 'x y' \$z"#), "/a b/sortie|hook|x y|$z");
        for more in ["sortie hook codex | tee x", "a && b", "a; b", "a > b", "'a", "a $(b)"] {
            assert_eq!(shell_words(more), None, "{more}");
        }
        for word in ["plain", "/opt/my tools/sortie", "it's", ""] {
            assert_eq!(shell_words(&shell_word(word)), Some(vec![word.to_owned()]));
        }
        assert!(is_sortie("sortie") && is_sortie("/x/sortie") && is_sortie(r"C:\bin\sortie.exe"));
        assert!(is_sortie("/x/sortie-0.2"), "as a user may keep several");
        assert!(!is_sortie("/sortie/other") && !is_sortie("sortie2"));
    }
}
