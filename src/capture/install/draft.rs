//! Files and what they are to become; then they do, or it is only told.

use super::fault::InstallFault;
use super::hooks::OtherShape;
use super::installation::{Action, FileChange};
use super::plan::Request;
use super::target::{Place, Target, Text, shown};
use super::write::{remove, replace};
use crate::error::Result;
use similar::TextDiff;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long to look for the shortest difference of large settings; after that any will do.
const PATIENCE: Duration = Duration::from_secs(2);

/// A file and what it is to become.
pub struct Draft {
    pub target: Target,
    /// None: it is to go.
    pub after: Option<Vec<u8>>,
    /// The backup that it is to be again, which is then of no more use.
    pub spent: Option<PathBuf>,
    /// How many directories above it may go with it, if they are empty.
    pub dirs: usize,
}

/// A JSON file that is being worked on.
pub struct Sheet {
    pub target: Target,
    /// As it stands there.
    pub text: Text,
    /// As it is to be.
    pub now: String,
}

impl Sheet {
    /// The file at `path`.
    pub fn of(place: Place<'_>, path: PathBuf) -> Result<Sheet> {
        let target = place.target(path)?;
        let text = target.json(place)?;
        Ok(Sheet { target, now: text.text.clone(), text })
    }

    /// Something in it that is not what the harness takes there.
    pub fn other_shape(&self, shape: OtherShape) -> InstallFault {
        let OtherShape { at, wanted } = shape;
        InstallFault::OtherShape { path: self.target.path.clone(), at, wanted }
    }
}

impl From<Sheet> for Draft {
    fn from(sheet: Sheet) -> Draft {
        // Where nothing changed, just the bytes that are there.
        let after = match sheet.now == sheet.text.text {
            true => sheet.target.before.clone(),
            false => Some(sheet.text.bytes_with(&sheet.now)),
        };
        Draft::to(sheet.target, after)
    }
}

impl Draft {
    /// A file that is to become these bytes, or to go.
    pub fn to(target: Target, after: Option<Vec<u8>>) -> Draft {
        Draft { target, after, spent: None, dirs: 0 }
    }

    fn action(&self) -> Action {
        match (&self.target.before, &self.after) {
            (None, Some(_)) => Action::Created,
            (Some(_), None) => Action::Removed,
            (before, after) if before == after => Action::Unchanged,
            _ => Action::Changed,
        }
    }

    fn diff(&self, shown: &str) -> String {
        if self.action() == Action::Unchanged {
            return String::new();
        }
        let text = |bytes: &Option<Vec<u8>>| {
            String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
        };
        let name = |bytes: &Option<Vec<u8>>| match bytes {
            Some(_) => shown.to_owned(),
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
pub fn carry_out(drafts: Vec<Draft>, request: &Request, root: &Path) -> Result<Vec<FileChange>> {
    let of_note = |it: &Draft| it.target.before.is_some() || it.after.is_some();
    let drafts: Vec<Draft> = drafts.into_iter().filter(of_note).collect();
    for draft in drafts.iter().filter(|it| it.action() != Action::Unchanged) {
        draft.target.writable()?;
    }
    let carry_out = |draft: &Draft| -> Result<FileChange> {
        let (path, action) = (shown(&draft.target.path, root), draft.action());
        let backup = match request.dry_run || action == Action::Unchanged {
            true => None,
            false => draft.carry_out(request)?,
        };
        let backup = backup.map(|it| shown(&it, root));
        Ok(FileChange { diff: draft.diff(&path), path, action, backup })
    };
    drafts.iter().map(carry_out).collect()
}
