//! What was installed or removed, shown.

use super::installation::{Action, FileChange, Installation};
use crate::render::{Cell, Document, Tone, View, to_json};
use serde_json::Value;

impl View for Installation {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn records(&self) -> Vec<Value> {
        self.files.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let changed = || self.files.iter().filter(|it| it.action != Action::Unchanged);
        let document = changed().fold(Document::new(), |document, it| {
            document.code("diff", it.diff.lines().map(line).collect())
        });
        let mut fields =
            vec![("harness", self.harness().into()), ("scope", Cell::from(self.scope.name()))];
        if let (Some(command), Some(program)) = (&self.command, &self.program) {
            let call = format!("{command} hook {}", self.harness.name());
            fields.push(("calls", call.into()));
            if command != program {
                fields.push(("which is", program.into()));
            }
        }
        fields.extend(self.files.iter().map(|it| ("file", self.file(it))));
        let backups = self.files.iter().filter_map(|it| it.backup.as_ref());
        fields.extend(backups.map(|it| ("as it was", Cell::from(it))));
        if !self.changes() {
            fields.push(("nothing to do", self.nothing().into()));
        }
        if let Some(next) = self.next.as_ref().filter(|_| !self.dry_run) {
            fields.push(("next", next.into()));
        }
        document.fields(fields)
    }
}

impl Installation {
    fn harness(&self) -> String {
        let title = self.harness.title();
        match self.harness.verified().filter(|_| !self.uninstalled) {
            Some(program) => format!("{title}, verified with {program}"),
            None => title.to_owned(),
        }
    }

    fn file(&self, file: &FileChange) -> Cell {
        let path = &file.path;
        let done = match (file.action, self.dry_run) {
            (Action::Unchanged, _) => "unchanged",
            (Action::Created, true) => "would be created",
            (Action::Changed, true) => "would be changed",
            (Action::Removed, true) => "would be removed",
            (action, false) => action.as_str(),
        };
        let tone = match file.action {
            Action::Unchanged => Tone::Plain,
            _ if self.dry_run => Tone::Warning,
            _ => Tone::Good,
        };
        Cell::toned(format!("{path}: {done}"), tone)
    }

    fn nothing(&self) -> &'static str {
        match self.uninstalled {
            true => "nothing of sortie is there",
            false => "all is in place",
        }
    }
}

fn line(line: &str) -> Cell {
    let tone = match line.as_bytes().first() {
        Some(b'+') => Tone::Good,
        Some(b'-') => Tone::Bad,
        Some(b'@') => Tone::Faint,
        _ => Tone::Plain,
    };
    Cell::toned(line, tone)
}
