//! `sortie ctx`: before a deployment.

mod allocation;
mod bounds;
mod briefing;
mod budget;
mod deduplicate;
mod diff;
mod lists;
mod plan;
mod prepare;
mod show;
mod validate;
mod verify;

use super::Verb;
use clap::Subcommand;
use sortie::Result;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Ctx {
    Validate(validate::Validate),
    PrepareBundle(prepare::PrepareBundle),
    Plan(plan::Plan),
    CheckBounds(bounds::CheckBounds),
    TrackBudget(budget::TrackBudget),
    Deduplicate(deduplicate::Deduplicate),
    GenerateBriefing(briefing::GenerateBriefing),
    RecordAllocation(allocation::RecordAllocation),
    List(lists::List),
    Show(show::Show),
    Replay(show::Replay),
    Verify(verify::Verify),
    Diff(diff::Diff),
    Templates(lists::Templates),
    Models(lists::Models),
}

impl Ctx {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        match self {
            Self::Validate(it) => it.run(verb),
            Self::PrepareBundle(it) => it.run(verb),
            Self::Plan(it) => it.run(verb),
            Self::CheckBounds(it) => it.run(verb),
            Self::TrackBudget(it) => it.run(verb),
            Self::Deduplicate(it) => it.run(verb),
            Self::GenerateBriefing(it) => it.run(verb),
            Self::RecordAllocation(it) => it.run(verb),
            Self::List(it) => it.run(verb),
            Self::Show(it) => it.run(verb),
            Self::Replay(it) => it.run(verb),
            Self::Verify(it) => it.run(verb),
            Self::Diff(it) => it.run(verb),
            Self::Templates(it) => it.run(verb),
            Self::Models(it) => it.run(verb),
        }
    }
}
