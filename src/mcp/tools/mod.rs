//! The tools, one file each or a few that belong together.

mod briefing;
mod budget;
mod bundle;
mod collect;
mod completion;
mod deduplicate;
mod deployment;
mod query;
mod recall;
mod search;
mod show;
mod stats;
mod synthesize;

pub use recall::text as recall_text;
pub use show::{deployment as deployment_text, session as session_text};

use super::tool::Entry;

/// All of them, in the order of the phases.
pub const ALL: &[Entry] = &[
    Entry::of::<bundle::PrepareBundle>(),
    Entry::of::<bundle::GetBundle>(),
    Entry::of::<budget::CheckBudget>(),
    Entry::of::<deduplicate::Deduplicate>(),
    Entry::of::<briefing::GenerateBriefing>(),
    Entry::of::<deployment::InitDeployment>(),
    Entry::of::<completion::RecordCompletion>(),
    Entry::of::<collect::CollectOutputs>(),
    Entry::of::<query::Query>(),
    Entry::of::<search::Search>(),
    Entry::of::<show::Show>(),
    Entry::of::<stats::Stats>(),
    Entry::of::<recall::Recall>(),
    Entry::of::<synthesize::Synthesize>(),
];

/// The tool of that name.
pub fn named(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|tool| tool.name == name)
}
