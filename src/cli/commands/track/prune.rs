use crate::cli::commands::Verb;
use clap::Args;
use sortie::Result;
use sortie::history::Retention;
use std::path::PathBuf;
use std::process::ExitCode;

/// Archive old sessions and what only they need, then delete them
#[derive(Args)]
#[command(
    after_help = "A session that either rule keeps is kept. Sessions that have not ended, or have \
deployments that\nhave not come back, are always kept; so is what was \
prepared since the oldest of them\nbegan. With --keep-days, older bundles that were given to nobody go, too. `sortie track import ARCHIVE` brings everything \
back.\n\n\
Example:\n  sortie track prune --keep-days 90 --keep-sessions 50 --dry-run"
)]
pub struct Prune {
    /// Keep sessions that ended within so many days
    #[arg(long, value_name = "N")]
    keep_days: Option<u32>,
    /// Keep the so many newest sessions
    #[arg(long, value_name = "N")]
    keep_sessions: Option<u32>,
    /// Show what would go, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Archive in this new file [default: .sortie/archive/TIME.jsonl.zst]
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    archive: Option<PathBuf>,
}

impl Prune {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let history = verb.workspace.history();
        let rules = Retention::new(self.keep_days, self.keep_sessions)?;
        if self.dry_run {
            let plan = history.plan_retention(rules)?;
            verb.show(&plan)?;
            if !plan.is_empty() {
                verb.ui.note("nothing was deleted; leave --dry-run out to do it");
            }
            return Ok(ExitCode::SUCCESS);
        }
        let dir = verb.workspace.home().join("archive");
        let pruned = history.prune(rules, &dir, self.archive.as_deref())?;
        verb.show(&pruned)?;
        if let Some(archive) = &pruned.archive {
            let archive = archive.display();
            verb.ui.note(&format!("to bring it back: sortie track import {archive}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
