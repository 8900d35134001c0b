//! How imports and the state of capture look.

use super::install::Installed;
use super::{Coverage, Imported, ImportedAll, MissingDeployment, Status};
use crate::render::{Cell, Column, Document, Table, Tone, View, bytes, counted, grouped, to_json};
use serde_json::Value;

/// How many rows a table names.
const SHOWN: usize = 20;

impl View for Imported {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let read = match self.read {
            0 => "nothing new in them".to_owned(),
            read => format!("{} read, {}", grouped(read), bytes(self.bytes)),
        };
        let transcripts =
            format!("{} ({read})", counted(self.transcripts as usize, "transcript", "transcripts"));
        let fields = vec![
            ("found", transcripts.into()),
            ("new", counted(self.new as usize, "deployment", "deployments").into()),
            ("merged", counted(self.merged as usize, "deployment", "deployments").into()),
            ("skipped", counted(self.skipped.len(), "transcript", "transcripts").into()),
        ];
        let mut document = Document::new().fields(fields);
        if self.forgotten > 0 {
            let told = "deployments of sessions that were pruned stay away: `sortie track import ARCHIVE` \
                        brings them back";
            document = document.text(told.to_owned());
        }
        if self.skipped.is_empty() {
            return document;
        }
        let columns = vec![Column::wide("skipped"), Column::left("why")];
        let rows = self.skipped.iter().take(SHOWN).map(|it| {
            let name = it.path.file_name().unwrap_or(it.path.as_os_str());
            vec![name.to_string_lossy().into_owned().into(), it.why.clone().into()]
        });
        more(document.table(Table::new(columns, "none").rows(rows)), self.skipped.len())
    }
}

impl View for ImportedAll {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn records(&self) -> Vec<Value> {
        self.projects.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::wide("project"),
            Column::right("transcripts"),
            Column::right("new"),
            Column::right("merged"),
            Column::left(""),
        ];
        let rows = self.projects.iter().map(|it| {
            let gone = if it.root.is_none() { "its directory is gone" } else { "" };
            vec![
                it.cwd.display().to_string().into(),
                grouped(it.imported.transcripts).into(),
                grouped(it.imported.new).into(),
                grouped(it.imported.merged).into(),
                Cell::toned(gone, Tone::Faint),
            ]
        });
        Document::new().table(Table::new(columns, "no transcripts").rows(rows))
    }
}

fn more(document: Document, count: usize) -> Document {
    match count.saturating_sub(SHOWN) {
        0 => document,
        more => document.text(format!("and {} more: --format json has all", grouped(more as u64))),
    }
}

impl View for Status {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let last = match self.last_event {
            Some(at) => Cell::when(at),
            None => Cell::toned("nothing was told yet", Tone::Faint),
        };
        let verified = match &self.verified {
            Some(program) => format!("verified with {program}"),
            None => "not verified".to_owned(),
        };
        let mut fields = vec![("harness", format!("{}, {verified}", self.harness).into())];
        match self.installed.is_empty() {
            true => {
                let told = format!("no: sortie install {}", self.harness);
                fields.push(("hooks", Cell::toned(told, Tone::Warning)));
            }
            false => fields.extend(self.installed.iter().map(|it| ("hooks", hooks(it)))),
        }
        fields.extend([
            ("last event", last),
            ("recorded", counted(self.recorded as usize, "deployment", "deployments").into()),
        ]);
        let waiting = self.losses.waiting;
        if waiting > 0 {
            let told =
                format!("{} for the next command", counted(waiting as usize, "event", "events"));
            fields.push(("waiting", told.into()));
        }
        if self.losses.events > 0 {
            let lost = counted(self.losses.events as usize, "event", "events");
            let last = self.losses.last.as_ref().map(|it| format!("; the last: {it}"));
            fields.push(("lost", Cell::toned(lost + &last.unwrap_or_default(), Tone::Bad)));
        }
        let document = Document::new();
        match &self.coverage {
            None => document.fields(fields),
            Some(it) => {
                fields.push(("coverage", share(it)));
                let document = document.fields(fields);
                match it.missing.is_empty() {
                    true => document,
                    false => missing(document, &it.missing),
                }
            }
        }
    }
}

/// Where sortie is called, by what, and what is wrong with that.
fn hooks(it: &Installed) -> Cell {
    let mut wrong = Vec::new();
    wrong.extend(it.trouble.clone());
    if it.switched_off {
        wrong.push("hooks are switched off there".to_owned());
    }
    wrong.extend(it.waits_for.clone());
    if !it.missing.is_empty() {
        wrong.push(format!("not called at {}", it.missing.join(", ")));
    }
    let lost = it.programs.iter().filter(|program| program.path.is_none());
    wrong.extend(lost.map(|program| format!("there is no program {}", program.command)));
    let place = match &it.plugin {
        Some(plugin) => format!("plugin {plugin} in {}", it.path),
        None => it.path.clone(),
    };
    match wrong.is_empty() {
        true => Cell::toned(place, Tone::Good),
        false => Cell::toned(format!("{place}: {}", wrong.join("; ")), Tone::Bad),
    }
}

fn share(it: &Coverage) -> Cell {
    let of = counted(it.deployments as usize, "deployment", "deployments");
    let text = format!(
        "{} of {of} in {}",
        grouped(it.recorded),
        counted(it.transcripts as usize, "transcript", "transcripts")
    );
    let tone = if it.missing.is_empty() { Tone::Good } else { Tone::Warning };
    Cell::toned(text, tone)
}

fn missing(document: Document, all: &[MissingDeployment]) -> Document {
    let columns = vec![
        Column::left("deployed"),
        Column::left("call or agent"),
        Column::wide("scope"),
        Column::wide("why it is missing"),
    ];
    let rows = all.iter().take(SHOWN).map(|it| {
        vec![
            Cell::when(it.deployed_at),
            it.tool_use_id.clone().or(it.agent_id.clone()).unwrap_or_default().into(),
            it.scope.clone().into(),
            it.why.clone().into(),
        ]
    });
    let document = document.heading("Missing").table(Table::new(columns, "none").rows(rows));
    more(document, all.len())
}
