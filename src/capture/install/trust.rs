//! What harnesses ask of their users before they call hooks, and whether they got it.
//!
//! Only where something is known to be in the way is it told. It is for the user to give, and never written here.

use super::ours::Ours;
use super::target::{Place, Scope};
use super::{Harness, target};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Files of trust are a few kilobytes.
const LARGEST: u64 = 4 << 20;

/// What the user must do before these hooks are called.
pub fn missing(place: Place<'_>, path: &Path, ours: &[Ours]) -> Option<String> {
    match place.harness {
        Harness::ClaudeCode => None,
        Harness::Codex => of_codex(place, path, ours),
        Harness::Gemini => of_gemini(place),
    }
}

/// Whether hooks are switched off: all of them, or ours by name.
pub fn is_switched_off(settings: &Value) -> bool {
    let of_gemini = &settings["hooksConfig"];
    let disabled = of_gemini["disabled"].as_array();
    settings["disableAllHooks"] == true
        || of_gemini["enabled"] == false
        || disabled.is_some_and(|names| names.iter().any(|name| name == "sortie"))
}

/// Each hook is trusted as it is, under its place in its file; a project's also need that the project is.
fn of_codex(place: Place<'_>, path: &Path, ours: &[Ours]) -> Option<String> {
    let config = place.surroundings.codex_dir()?.join("config.toml");
    let config = target::read_small(&config, LARGEST);
    let config = config.and_then(|text| text.parse::<toml::Table>().ok()).unwrap_or_default();
    let table =
        |table: &toml::Table, name: &str| table.get(name).and_then(|it| it.as_table()).cloned();
    let projects = table(&config, "projects").unwrap_or_default();
    let is_trusted = |(dir, it): (&String, &toml::Value)| {
        let level = it.get("trust_level").and_then(toml::Value::as_str);
        level == Some("trusted") && roots(place.root).iter().any(|root| root.starts_with(dir))
    };
    if place.scope == Scope::Project && !projects.iter().any(is_trusted) {
        return Some("Codex does not trust this project yet: start codex here".to_owned());
    }
    let state = table(&config, "hooks").and_then(|it| table(&it, "state")).unwrap_or_default();
    let is_trusted = |it: &Ours| {
        let keys = roots(path).into_iter().map(|path| key(&path, it));
        let hash = |key: String| state.get(&key).and_then(|it| it.get("trusted_hash")).is_some();
        keys.into_iter().any(hash)
    };
    match ours.iter().all(is_trusted) {
        true => None,
        false => Some("Codex does not trust the hooks yet: /hooks, in codex".to_owned()),
    }
}

/// What Codex calls a hook.
fn key(path: &Path, it: &Ours) -> String {
    let mut event = String::new();
    for (at, letter) in it.name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            event.push('_');
        }
        event.push(letter.to_ascii_lowercase());
    }
    format!("{}:{event}:{}:{}", path.display(), it.group, it.handler)
}

/// A project's settings are not read at all in a folder that is not trusted.
fn of_gemini(place: Place<'_>) -> Option<String> {
    if place.scope != Scope::Project {
        return None;
    }
    let dir = place.surroundings.gemini_dir()?;
    let json = |name: &str| -> Value {
        let text = target::read_small(&dir.join(name), LARGEST);
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    };
    if json("settings.json")["security"]["folderTrust"]["enabled"] == false {
        return None;
    }
    let rules = json("trustedFolders.json");
    let rules = rules.as_object().into_iter().flatten().filter_map(|(dir, level)| {
        let dir = Path::new(dir);
        match level.as_str()? {
            "TRUST_PARENT" => Some((dir.parent()?.to_path_buf(), true)),
            level => Some((dir.to_path_buf(), level == "TRUST_FOLDER")),
        }
    });
    // The nearest rule holds.
    let nearest = rules
        .filter(|(dir, _)| roots(place.root).iter().any(|root| root.starts_with(dir)))
        .max_by_key(|(dir, _)| dir.components().count());
    match nearest {
        Some((_, true)) => None,
        _ => Some("Gemini CLI does not trust this folder yet: start gemini here".to_owned()),
    }
}

/// A path as it is called, and as it really is.
fn roots(path: &Path) -> Vec<PathBuf> {
    let real = path.canonicalize().ok().filter(|real| real != path);
    std::iter::once(path.to_path_buf()).chain(real).collect()
}
