//! The verbs: one folder a group, one file a verb or a few that belong together. Each turns its
//! arguments into the library's request, and its result into a view.

mod arguments;
mod backup;
mod capture;
mod ctx;
mod db;
mod deferred;
mod doctor;
#[cfg(feature = "otlp")]
mod export;
mod install;
#[cfg(feature = "mcp")]
mod mcp;
mod outputs;
mod setup;
mod track;

use super::ui::Ui;
use super::{Cli, Global};
use clap::{CommandFactory, Subcommand};
use deferred::{Deferred, Later};
use sortie::error::IoContext;
use sortie::render::{Paged, View, counted};
use sortie::store::Named;
use sortie::{Result, Workspace};
use std::process::ExitCode;

/// Groups that links may be named after.
pub const GROUPS: [&str; 3] = ["ctx", "track", "outputs"];

// There is one value of it in a process.
#[allow(clippy::large_enum_variant)]
#[derive(Subcommand)]
pub enum Command {
    /// Before: select, count, budget, deduplicate, brief
    #[command(
        subcommand,
        after_help = "Example:\n  sortie ctx check-bounds --files src --budget 40k"
    )]
    Ctx(Deferred<ctx::Ctx>),
    /// The record: sessions, deployments, completions
    #[command(
        subcommand,
        after_help = "Example:\n  sortie track query --status deployed --older-than 2h"
    )]
    Track(Deferred<track::Track>),
    /// After: collect, query, verify, synthesize
    #[command(subcommand, after_help = "Example:\n  sortie outputs synthesize --session-id latest")]
    Outputs(Deferred<outputs::Outputs>),
    Init(setup::Init),
    Links(setup::Links),
    Completions(setup::Completions),
    Man(setup::Man),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Doctor(doctor::Doctor),
    /// The database as a file: path, info, migrate
    #[command(subcommand, after_help = "Example:\n  sortie db info")]
    Db(Deferred<db::Db>),
    /// Take in one event of a harness from stdin: what its hooks call
    #[command(
        after_help = "It never fails, says nothing and takes a quarter of a second at most: exit code 0 and empty\n\
stdout, whatever happens. What cannot be recorded in time waits in a file for the next command;\n\
`sortie status` tells what was lost. Only with `inject = true` under [capture] in sortie.toml, and\n\
after a compaction, is there an answer on stdout, as the harness wants it.\n\n\
Example:\n  sortie hook claude-code < event.json"
    )]
    Hook(Later<capture::Hook>),
    /// Take in transcripts of Claude Code, Codex and Gemini CLI: what no hook told
    #[command(
        after_help = "Without PATH, the transcripts of sessions that ran in this project. The same again changes\n\
nothing; only transcripts that have grown are read, and what hooks told of a deployment is joined\n\
with what its transcript tells. Harnesses delete transcripts, after 30 days mostly.\n\n\
Example:\n  sortie import --since 7d"
    )]
    Import(Later<capture::Import>),
    /// What is recorded of a harness's agents, and what is missing
    #[command(
        after_help = "Coverage holds the deployments that transcripts tell of against those on record, and names each\n\
that is missing; `sortie import` takes them in. Verified is what was seen to be recorded of the real\n\
program, of that version.\n\n\
Example:\n  sortie status\n  sortie status codex"
    )]
    Status(Later<capture::Status>),
    /// Have a harness tell sortie of every deployment, by hooks in its settings
    #[command(
        after_help = "Harnesses: claude-code, codex, gemini. Only what is sortie's is added or replaced; all \
else stays as it is, and the file as it was is kept beside it. What changed is shown as a diff. A second \
time there is nothing to do.\n\
Codex and Gemini CLI call hooks only where their user trusts them, which is for you to say there: \
`sortie status` tells what they wait for.\n\n\
Example:\n  sortie install claude-code --dry-run\n  sortie install claude-code --mcp --skill"
    )]
    Install(Later<install::Install>),
    /// Take sortie's hooks, server and skill out of a harness's settings
    #[command(
        after_help = "A file that is as sortie left it becomes what it was before, to the byte.\n\n\
Example:\n  sortie uninstall claude-code"
    )]
    Uninstall(Later<install::Uninstall>),
    #[cfg(feature = "mcp")]
    Mcp(mcp::Mcp),
    #[cfg(feature = "otlp")]
    Export(export::Export),
}

/// The command line with every verb described: a completion looks through all of them.
fn described() -> clap::Command {
    Cli::command().mut_subcommands(|group| match group.get_name() {
        "ctx" => deferred::described::<ctx::Ctx>(group),
        "track" => deferred::described::<track::Track>(group),
        "outputs" => deferred::described::<outputs::Outputs>(group),
        "db" => deferred::described::<db::Db>(group),
        "hook" => deferred::described_verb::<capture::Hook>(group),
        "import" => deferred::described_verb::<capture::Import>(group),
        "status" => deferred::described_verb::<capture::Status>(group),
        "install" => deferred::described_verb::<install::Install>(group),
        "uninstall" => deferred::described_verb::<install::Uninstall>(group),
        _ => group,
    })
}

/// What every verb works with.
pub struct Verb<'u> {
    pub workspace: Workspace,
    pub ui: &'u Ui,
}

impl Verb<'_> {
    /// What a name that may be left out stands for: an id, the beginning of one, or `latest`.
    fn find<T: Named>(&self, name: &Option<String>) -> Result<Option<T>> {
        name.as_ref().map(|name| self.workspace.history().find(name)).transpose()
    }

    /// Writes a result to stdout.
    fn show(&self, view: &dyn View) -> Result<()> {
        self.ui.show(view, self.workspace.now()).or_cannot("write", "stdout")
    }

    /// Writes a page of a list, and says how to get the next.
    fn show_page(&self, list: &dyn View, next: Option<impl ToString>) -> Result<()> {
        let next = next.map(|id| id.to_string());
        self.show(&Paged { list, next: next.clone() })?;
        if let Some(id) = next {
            self.ui.note(&format!("there are more: --after {id}"));
        }
        Ok(())
    }

    /// Takes in what hooks could not record.
    pub fn catch_up(&self) {
        let done = sortie::capture::catch_up(&self.workspace);
        if done.recorded > 0 {
            let events = counted(done.recorded as usize, "event", "events");
            self.ui
                .note(&format!("recorded now: {events} that could not be when a hook told them"));
        }
    }

    /// Says what there is to say of the history itself, whatever was asked for.
    pub fn concerns(&self) {
        let store = self.workspace.store();
        if let Some(it) = store.migrated() {
            let kept = it
                .backup
                .as_ref()
                .map(|kept| format!("; as it was it is kept in {}", kept.display()));
            let kept = kept.unwrap_or_default();
            self.ui
                .note(&format!("the history has schema {} now, it had {}{kept}", it.to, it.from));
        }
        for concern in store.concerns() {
            self.ui.warn(&concern.to_string());
        }
    }

    /// Writes bytes to stdout as they are.
    fn write(&self, bytes: &[u8]) -> Result<()> {
        self.ui.write(bytes).or_cannot("write", "stdout")
    }
}

impl Command {
    /// Runs what needs no project, if this is such a verb.
    pub fn without_workspace(&self, ui: &Ui, global: &Global) -> Option<Result<ExitCode>> {
        match self {
            Self::Hook(it) => Some(Ok(it.0.run(global))),
            Self::Links(it) => Some(it.run(ui)),
            Self::Completions(it) => Some(it.run(ui)),
            Self::Man(it) => Some(it.run(ui)),
            Self::Ctx(_) | Self::Track(_) | Self::Outputs(_) | Self::Init(_) => None,
            Self::Backup(_) | Self::Restore(_) | Self::Doctor(_) | Self::Db(_) => None,
            Self::Import(_) | Self::Status(_) | Self::Install(_) | Self::Uninstall(_) => None,
            #[cfg(feature = "mcp")]
            Self::Mcp(it) => Some(it.run(global)),
            #[cfg(feature = "otlp")]
            Self::Export(_) => None,
        }
    }

    /// Whether what there is to say of the database is what such a verb says anyway.
    pub fn is_about_the_database(&self) -> bool {
        matches!(self, Self::Doctor(_) | Self::Db(_))
    }

    /// Whether it asks for what agents did, which transcripts may tell by now.
    pub fn asks_the_record(&self) -> bool {
        match self {
            Self::Track(_) | Self::Outputs(_) | Self::Status(_) => true,
            #[cfg(feature = "otlp")]
            Self::Export(_) => true,
            _ => false,
        }
    }

    pub fn run(self, verb: &Verb<'_>, global: &Global) -> Result<ExitCode> {
        match self {
            Self::Ctx(it) => it.0.run(verb),
            Self::Track(it) => it.0.run(verb),
            Self::Outputs(it) => it.0.run(verb),
            Self::Init(it) => it.run(verb),
            Self::Links(it) => it.run(verb.ui),
            Self::Completions(it) => it.run(verb.ui),
            Self::Man(it) => it.run(verb.ui),
            Self::Backup(it) => it.run(verb),
            Self::Restore(it) => it.run(verb),
            Self::Doctor(it) => it.run(verb),
            Self::Db(it) => it.0.run(verb),
            Self::Hook(it) => Ok(it.0.run(global)),
            Self::Import(it) => it.0.run(verb, global),
            Self::Status(it) => it.0.run(verb),
            Self::Install(it) => it.0.run(verb),
            Self::Uninstall(it) => it.0.run(verb),
            #[cfg(feature = "mcp")]
            Self::Mcp(it) => it.run(global),
            #[cfg(feature = "otlp")]
            Self::Export(it) => it.run(verb),
        }
    }
}
