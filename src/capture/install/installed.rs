//! What is in place: which settings have sortie called, at which events, and by what.

use super::command::{Called, found};
use super::harness::Harness;
use super::ours::{Ours, find, hooks};
use super::spans::root;
use super::surroundings::Surroundings;
use super::target::{Place, Scope};
use super::trust;
use crate::error::Result;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(2);

/// A settings file that has sortie called.
#[derive(Debug, Clone, Serialize)]
pub struct Installed {
    pub harness: Harness,
    /// Whose settings these are; none for a plugin's hooks.
    pub scope: Option<Scope>,
    /// The plugin that is enabled there, as `name@marketplace`.
    pub plugin: Option<String>,
    /// The settings file.
    pub path: String,
    /// The events at which sortie is called; of a plugin, those that sortie's own has.
    pub events: Vec<String>,
    /// The events at which it should be, too.
    pub missing: Vec<String>,
    /// What is called, once for each command that differs.
    pub programs: Vec<Program>,
    /// Whether all hooks are switched off there.
    pub switched_off: bool,
    /// What the user must do before the harness calls them, where something is known to be in the way.
    pub waits_for: Option<String>,
    /// Why the file could not be read; then nothing else is known of it.
    pub trouble: Option<String>,
}

/// A program that settings call.
#[derive(Debug, Clone, Serialize)]
pub struct Program {
    /// As the settings have it.
    pub command: String,
    /// The file it leads to; none if there is none.
    pub path: Option<String>,
    /// Its version, where it is the sortie that runs or is found by `PATH`: what else stands in a
    /// project's settings is not run.
    pub version: Option<String>,
}

impl Installed {
    /// The command that takes it out.
    pub fn removal(&self) -> Option<String> {
        let name = self.harness.name();
        match (&self.plugin, self.scope) {
            (Some(plugin), _) => Some(format!("claude plugin disable {plugin}")),
            (None, Some(scope)) if !self.events.is_empty() => {
                Some(format!("sortie uninstall {name}{}", scope.option()))
            }
            _ => None,
        }
    }
}

/// Every settings file of `harness` that has something to do with sortie, for the project at `root`:
/// the user's, the project's, the user's own for the project, and plugins that they enable. A file
/// that cannot be read is listed with its trouble.
pub fn installed(harness: Harness, root: &Path, surroundings: &Surroundings) -> Vec<Installed> {
    let scopes = [Scope::User, Scope::Project, Scope::Local];
    let place = |scope| Place { harness, scope, root, surroundings };
    scopes.into_iter().flat_map(|scope| in_scope(place(scope))).collect()
}

fn in_scope(place: Place<'_>) -> Vec<Installed> {
    // Without a home, or without such a scope, there is no such file.
    let Ok(path) = place.settings() else { return Vec::new() };
    let text = match read(place, &path) {
        Ok(None) => return Vec::new(),
        Ok(Some(text)) => text,
        Err(error) => {
            let trouble = Some(error.to_string());
            return vec![Installed { trouble, ..nothing(place, &path) }];
        }
    };
    let settings: Value = serde_json::from_str(&text).unwrap_or_default();
    let switched_off = trust::is_switched_off(&settings);
    let there = hooks(&text, &root(&text)).map(|it| find(&text, &it.value, place.harness));
    let ours = there.unwrap_or_default();
    let own = (!ours.is_empty()).then(|| of_entries(place, &path, &ours));
    let plugin = plugin_in(&settings).filter(|_| place.harness == Harness::ClaudeCode);
    let plugin = plugin.map(|name| of_plugin(place, &path, name));
    let both = own.into_iter().chain(plugin);
    both.map(|it| Installed { switched_off, ..it }).collect()
}

fn read(place: Place<'_>, path: &Path) -> Result<Option<String>> {
    let target = place.target(path.to_path_buf())?;
    match target.before {
        None => Ok(None),
        Some(_) => Ok(Some(target.json(place)?.text)),
    }
}

fn nothing(place: Place<'_>, path: &Path) -> Installed {
    Installed {
        harness: place.harness,
        scope: Some(place.scope),
        plugin: None,
        path: path.display().to_string(),
        events: Vec::new(),
        missing: Vec::new(),
        programs: Vec::new(),
        switched_off: false,
        waits_for: None,
        trouble: None,
    }
}

fn of_entries(place: Place<'_>, path: &Path, ours: &[Ours]) -> Installed {
    let mut events: Vec<String> = ours.iter().map(|it| it.name.clone()).collect();
    events.dedup();
    let mut commands: Vec<String> = ours.iter().map(Ours::command).collect();
    commands.sort();
    commands.dedup();
    let is_missing = |name: &&str| !events.iter().any(|it| it == name);
    let missing = place.harness.events().iter().map(|it| it.name).filter(is_missing);
    Installed {
        missing: missing.map(str::to_owned).collect(),
        waits_for: trust::missing(place, path, ours),
        programs: commands.into_iter().map(|it| program(it, place.surroundings)).collect(),
        events,
        ..nothing(place, path)
    }
}

fn of_plugin(place: Place<'_>, path: &Path, plugin: String) -> Installed {
    let events = place.harness.events().iter().map(|it| it.name.to_owned());
    Installed {
        scope: None,
        plugin: Some(plugin),
        events: events.collect(),
        programs: vec![program("sortie".to_owned(), place.surroundings)],
        ..nothing(place, path)
    }
}

/// The plugin of ours that settings enable.
fn plugin_in(settings: &Value) -> Option<String> {
    let plugins = settings["enabledPlugins"].as_object()?;
    let is_ours = |name: &str| name == "sortie" || name.starts_with("sortie@");
    plugins.iter().find(|(name, on)| is_ours(name) && **on == true).map(|it| it.0.clone())
}

fn program(command: String, surroundings: &Surroundings) -> Program {
    let path = found(&command, surroundings);
    let is_this = |path: &Path| {
        let real = |path: &Path| path.canonicalize().ok();
        real(path).is_some() && real(path) == real(&surroundings.program)
    };
    let version = path.as_deref().and_then(|path| match is_this(path) {
        true => Some(env!("CARGO_PKG_VERSION").to_owned()),
        false if command == "sortie" => version_of(path),
        false => None,
    });
    Program { command, path: path.map(|it| it.display().to_string()), version }
}

/// What a program says its version is.
fn version_of(program: &Path) -> Option<String> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let begun = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().strip_prefix("sortie ").map(str::to_owned)
}

/// What is worth knowing when hooks are installed.
pub(super) fn notes(place: Place<'_>, called: &Called) -> Vec<String> {
    let mut notes = Vec::new();
    for it in installed(place.harness, place.root, place.surroundings) {
        let path = &it.path;
        if it.switched_off {
            notes.push(format!("{path} switches all hooks off: disableAllHooks"));
        }
        if let Some(plugin) = &it.plugin {
            notes.push(format!(
                "the plugin {plugin} is enabled in {path}, too: what is told twice is recorded once"
            ));
        } else if it.scope != Some(place.scope) && !it.events.is_empty() {
            notes.push(format!(
                "sortie is called by {path}, too: what is told twice is recorded once"
            ));
        }
    }
    notes.extend(of_program(place, called));
    notes
}

fn of_program(place: Place<'_>, called: &Called) -> Option<String> {
    let real = |path: &Path| path.canonicalize().ok();
    let command = &called.command;
    match called.by_path {
        false if place.scope == Scope::Project => Some(format!(
            "sortie is not on PATH, so the settings name it by its path on this machine, {command}; \
             who shares them needs it on PATH"
        )),
        false => {
            Some(format!("sortie is not on PATH, so the settings name it by its path, {command}"))
        }
        true if real(&called.path) != real(&place.surroundings.program) => Some(format!(
            "PATH leads to {}, which is not the sortie that runs now",
            called.path.display()
        )),
        true => None,
    }
}
