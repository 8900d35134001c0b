//! `sortie track`: the record.

mod archive;
mod completion;
mod context;
mod deployment;
mod diff;
mod prune;
mod query;
mod recall;
mod search;
mod session;
mod stats;
mod timeline;

use super::Verb;
use clap::Subcommand;
use sortie::Result;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Track {
    InitSession(session::InitSession),
    SetPhase(session::SetPhase),
    CompleteSession(session::CompleteSession),
    FailSession(session::FailSession),
    InitDeployment(deployment::InitDeployment),
    RecordCompletion(completion::RecordCompletion),
    #[command(visible_alias = "list")]
    Query(query::Query),
    Search(search::Search),
    Show(query::Show),
    Context(context::Context),
    Diff(diff::Diff),
    Sessions(query::Sessions),
    Timeline(timeline::Timeline),
    Recall(recall::Recall),
    Stats(stats::Stats),
    Export(archive::Export),
    Import(archive::Import),
    Prune(prune::Prune),
}

impl Track {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        match self {
            Self::InitSession(it) => it.run(verb),
            Self::SetPhase(it) => it.run(verb),
            Self::CompleteSession(it) => it.run(verb),
            Self::FailSession(it) => it.run(verb),
            Self::InitDeployment(it) => it.run(verb),
            Self::RecordCompletion(it) => it.run(verb),
            Self::Query(it) => it.run(verb),
            Self::Search(it) => it.run(verb),
            Self::Show(it) => it.run(verb),
            Self::Context(it) => it.run(verb),
            Self::Diff(it) => it.run(verb),
            Self::Sessions(it) => it.run(verb),
            Self::Timeline(it) => it.run(verb),
            Self::Recall(it) => it.run(verb),
            Self::Stats(it) => it.run(verb),
            Self::Export(it) => it.run(verb),
            Self::Import(it) => it.run(verb),
            Self::Prune(it) => it.run(verb),
        }
    }
}
