//! Which files become what; then it is done, or only told.

use super::command::{Called, called};
use super::fault::InstallFault;
use super::harness::Harness;
use super::hooks::{OtherShape, with_ours, without_ours};
use super::installed::{installed, notes};
use super::ours::{find, hooks};
use super::server::{Refused, server_of, with_server, without_server};
use super::skill::SKILL;
use super::spans::root;
use super::surroundings::Surroundings;
use super::target::{Place, Scope, Target, Text};
use super::write::{backups, remove, replace};
use crate::error::Result;
use crate::model::Timestamp;
use serde::Serialize;
use serde::de::IgnoredAny;
use similar::TextDiff;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long to look for the shortest difference of large settings; after that any will do.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is to be installed, and where.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub harness: Harness,
    pub scope: Scope,
    /// Register the MCP server too. Only for an installation.
    pub mcp: bool,
    /// Put the skill in place too. Only for an installation.
    pub skill: bool,
    /// Tell what would be done, and do nothing.
    pub dry_run: bool,
    /// The time that backups are named after.
    pub now: Timestamp,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It was not there.
    Created,
    /// Something of it is different now.
    Changed,
    /// It was as it should be.
    Unchanged,
    /// Nothing but ours was in it.
    Removed,
}

impl Action {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Removed => "removed",
        }
    }
}

/// One file, and what was done to it.
#[derive(Debug, Clone, Serialize)]
pub struct FileChange {
    /// From the project's root, if it lies in there.
    pub path: PathBuf,
    pub action: Action,
    /// Where the file as it was is kept.
    pub backup: Option<PathBuf>,
    /// What changed, as a unified diff; empty if nothing did.
    pub diff: String,
}

/// What was installed or removed, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct Installation {
    pub harness: Harness,
    pub scope: Scope,
    /// Whether it was taken out.
    pub uninstalled: bool,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// What the settings call sortie by; none if it was taken out.
    pub command: Option<String>,
    /// The file that this leads to.
    pub program: Option<PathBuf>,
    pub files: Vec<FileChange>,
    /// What is worth knowing besides.
    pub notes: Vec<String>,
    /// What is to be done next.
    pub next: Option<String>,
}

impl Installation {
    /// Whether any file is different for it.
    pub fn changes(&self) -> bool {
        self.files.iter().any(|it| it.action != Action::Unchanged)
    }
}

/// A file and what it is to become.
struct Draft {
    target: Target,
    /// None: it is to go.
    after: Option<Vec<u8>>,
    /// The backup that it is to be again, which is then of no more use.
    spent: Option<PathBuf>,
    /// How many directories above it may go with it, if they are empty.
    dirs: usize,
}

/// Has the harness tell sortie, by hooks in its settings. A second time changes nothing.
pub fn install(
    request: &Request,
    root: &Path,
    surroundings: &Surroundings,
) -> Result<Installation> {
    let Request { harness, scope, .. } = *request;
    let place = Place { harness, scope, root, surroundings };
    let called = called(surroundings);
    let mut drafts = vec![place.with_hooks(&called)?];
    if request.mcp {
        place.add_server(&mut drafts, &called)?;
    }
    if request.skill {
        let target = place.target(place.skill()?)?;
        drafts.push(Draft { target, after: Some(SKILL.into()), spent: None, dirs: 0 });
    }
    Ok(Installation {
        notes: notes(place, &called),
        files: carry_out(drafts, request, root)?,
        harness,
        scope,
        uninstalled: false,
        dry_run: request.dry_run,
        command: Some(called.command),
        program: Some(called.path),
        next: Some(harness.next().to_owned()),
    })
}

/// Takes out what [`install`] put in place, in one scope; all else stays.
pub fn uninstall(
    request: &Request,
    root: &Path,
    surroundings: &Surroundings,
) -> Result<Installation> {
    let Request { harness, scope, .. } = *request;
    let place = Place { harness, scope, root, surroundings };
    let mut drafts = vec![place.without_ours(place.settings()?)?];
    match place.servers()? {
        Some(path) if path != drafts[0].target.path => drafts.push(place.without_ours(path)?),
        _ => {}
    }
    let mut notes = Vec::new();
    let skill = place.target(place.skill()?)?;
    match skill.before.as_deref() {
        Some(text) if text == SKILL.as_bytes() => {
            drafts.push(Draft { target: skill, after: None, spent: None, dirs: 3 });
        }
        Some(_) => {
            let word = skill.word();
            notes.push(format!("the skill is not as this sortie writes it and stays: rm {word}"));
        }
        None => {}
    }
    let files = carry_out(drafts, request, root)?;
    notes.extend(elsewhere(place));
    Ok(Installation {
        harness,
        scope,
        uninstalled: true,
        dry_run: request.dry_run,
        command: None,
        program: None,
        files,
        notes,
        next: None,
    })
}

/// Where else the harness is told to call sortie.
fn elsewhere(place: Place<'_>) -> Vec<String> {
    let found = installed(place.harness, place.root, place.surroundings);
    let others = found.into_iter().filter(|it| it.scope != Some(place.scope));
    let told = others.filter_map(|it| it.removal().map(|how| (it.path, how)));
    told.map(|(path, how)| format!("sortie is still called by {}: {how}", path.display())).collect()
}

impl Place<'_> {
    fn with_hooks(&self, called: &Called) -> Result<Draft> {
        let target = self.target(self.settings()?)?;
        let text = target.json(*self)?;
        let after = with_ours(&text.text, self.harness, &called.command)
            .map_err(|it| other_shape(&target, it))?;
        Ok(Draft { after: Some(after_of(&target, &text, after)), target, spent: None, dirs: 0 })
    }

    /// Into the draft of the settings themselves, where servers stand there.
    fn add_server(&self, drafts: &mut Vec<Draft>, called: &Called) -> Result<()> {
        let Some(path) = self.servers()? else {
            let command = super::command::shell_word(&called.command);
            return Err(InstallFault::ByHand { harness: self.harness, command }.into());
        };
        let add = |target: &Target, text: &Text| -> Result<Vec<u8>> {
            let after = with_server(&text.text, &called.command).map_err(|it| match it {
                Refused::Shape(shape) => other_shape(target, shape),
                Refused::Taken => InstallFault::Taken { path: target.path.clone() },
            })?;
            Ok(after_of(target, text, after))
        };
        match drafts.iter_mut().find(|it| it.target.path == path) {
            Some(draft) => {
                let so_far = draft.after.take().unwrap_or_default();
                let text = Text::of(&so_far).expect("it was made of text");
                draft.after = Some(text.bytes_with(&{
                    let target = Target { before: Some(so_far), ..draft.target.clone() };
                    let after = add(&target, &text)?;
                    Text::of(&after).expect("it was made of text").text
                }));
            }
            None => {
                let target = self.target(path)?;
                let text = target.json(*self)?;
                let after = Some(add(&target, &text)?);
                drafts.push(Draft { target, after, spent: None, dirs: 0 });
            }
        }
        Ok(())
    }

    /// A file without our hooks and our server. Where it is what installing made of a backup, it
    /// becomes the backup again, to the byte; where it is what installing made of nothing, it goes.
    fn without_ours(&self, path: PathBuf) -> Result<Draft> {
        let target = self.target(path)?;
        let Some(before) = target.before.clone() else {
            return Ok(Draft { target, after: None, spent: None, dirs: 0 });
        };
        let text = target.json(*self)?;
        if !has_ours(&text.text, self.harness) {
            return Ok(Draft { target, after: Some(before), spent: None, dirs: 0 });
        }
        for backup in backups(&target.path) {
            let Ok(bytes) = std::fs::read(&backup) else { continue };
            if self.made_of(&bytes, &text.text) {
                return Ok(Draft { target, after: Some(bytes), spent: Some(backup), dirs: 0 });
            }
        }
        if self.made_of(b"", &text.text) && !target.path.is_symlink() {
            return Ok(Draft { target, after: None, spent: None, dirs: 1 });
        }
        let after = Some(text.bytes_with(&strip(&text.text, self.harness)));
        Ok(Draft { target, after, spent: None, dirs: 0 })
    }

    /// Whether installing into `bytes`, which have nothing of ours, gives `now`.
    fn made_of(&self, bytes: &[u8], now: &str) -> bool {
        let Ok(Text { text, .. }) = Text::of(bytes) else { return false };
        let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        if !is_json || has_ours(&text, self.harness) {
            return false;
        }
        let command = hooks(now, &root(now))
            .and_then(|it| Some(find(now, &it.value, self.harness).first()?.command()));
        let hooked = command.as_ref().and_then(|it| with_ours(&text, self.harness, it).ok());
        let served = |text: &str| with_server(text, &server_of(now)?).ok();
        let either = [hooked.as_deref().and_then(served), served(&text), hooked];
        either.iter().flatten().any(|made| made == now)
    }
}

/// Whether a text has our hooks or our server.
fn has_ours(text: &str, harness: Harness) -> bool {
    let there = hooks(text, &root(text));
    there.is_some_and(|it| !find(text, &it.value, harness).is_empty()) || server_of(text).is_some()
}

fn strip(text: &str, harness: Harness) -> String {
    without_server(&without_ours(text, harness))
}

fn other_shape(target: &Target, shape: OtherShape) -> InstallFault {
    InstallFault::OtherShape { path: target.path.clone(), at: shape.at, wanted: shape.wanted }
}

/// The bytes of a text that `after` became; where nothing changed, just those that are there.
fn after_of(target: &Target, text: &Text, after: String) -> Vec<u8> {
    match &target.before {
        Some(before) if after == text.text => before.clone(),
        _ => text.bytes_with(&after),
    }
}

impl Draft {
    fn action(&self) -> Action {
        match (&self.target.before, &self.after) {
            (None, Some(_)) => Action::Created,
            (Some(_), None) => Action::Removed,
            (before, after) if before == after => Action::Unchanged,
            _ => Action::Changed,
        }
    }

    fn diff(&self, shown: &Path) -> String {
        if self.action() == Action::Unchanged {
            return String::new();
        }
        let text = |bytes: &Option<Vec<u8>>| {
            String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
        };
        let name = |bytes: &Option<Vec<u8>>| match bytes {
            Some(_) => shown.display().to_string(),
            None => "/dev/null".to_owned(),
        };
        let (before, after) = (text(&self.target.before), text(&self.after));
        TextDiff::configure()
            .timeout(PATIENCE)
            .diff_lines(&before, &after)
            .unified_diff()
            .header(&name(&self.target.before), &name(&self.after))
            .to_string()
    }

    fn carry_out(&self, request: &Request) -> Result<Option<PathBuf>> {
        let keep = self.spent.is_none().then_some(request.now);
        let Some(bytes) = &self.after else {
            return remove(&self.target, self.dirs).map(|()| None);
        };
        let backup = replace(&self.target, bytes, request.scope, keep)?;
        if let Some(spent) = &self.spent {
            // The file is what this one was.
            let _ = std::fs::remove_file(spent);
        }
        Ok(backup)
    }
}

/// Every file is looked at before any is written.
fn carry_out(drafts: Vec<Draft>, request: &Request, root: &Path) -> Result<Vec<FileChange>> {
    let of_note = |it: &Draft| it.target.before.is_some() || it.after.is_some();
    let drafts: Vec<Draft> = drafts.into_iter().filter(of_note).collect();
    for draft in drafts.iter().filter(|it| it.action() != Action::Unchanged) {
        draft.target.writable()?;
    }
    let carry_out = |draft: &Draft| -> Result<FileChange> {
        let (path, action) = (draft.target.shown(root), draft.action());
        let backup = match request.dry_run || action == Action::Unchanged {
            true => None,
            false => draft.carry_out(request)?,
        };
        let backup = backup.map(|it| it.strip_prefix(root).unwrap_or(&it).to_path_buf());
        Ok(FileChange { diff: draft.diff(&path), path, action, backup })
    };
    drafts.iter().map(carry_out).collect()
}
